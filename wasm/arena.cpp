#include "wasm/arena.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

extern "C" unsigned char __heap_base;

namespace {

constexpr std::uintptr_t kAlignment = 16;
constexpr std::uintptr_t kPageBytes = 65536;

std::uintptr_t top = 0;
bool exhausted = false;
#ifdef POSTERN_FAULT_INJECTION
std::uint32_t allocations_left = 0xffffffff;
std::uint32_t allocations = 0;
#endif

[[noreturn]] void out_of_memory() {
  exhausted = true;
  __builtin_trap();
}

void* allocate(std::size_t size) {
#ifdef POSTERN_FAULT_INJECTION
  ++allocations;
  if (allocations_left-- == 0) {
    out_of_memory();
  }
#endif
  if (top == 0) {
    top = reinterpret_cast<std::uintptr_t>(&__heap_base);
  }
  const auto begin = (top + kAlignment - 1) & ~(kAlignment - 1);
  const auto end = begin + size;
  const auto have = __builtin_wasm_memory_size(0) * kPageBytes;
  if (end < begin) {
    out_of_memory();
  }
  if (end > have) {
    const auto pages = (end - have + kPageBytes - 1) / kPageBytes;
    if (__builtin_wasm_memory_grow(0, pages) == static_cast<std::size_t>(-1)) {
      out_of_memory();
    }
  }
  top = end;
  return reinterpret_cast<void*>(begin);
}

}  // namespace

namespace postern {
bool arena_exhausted() {
  return exhausted;
}
}  // namespace postern

#ifdef POSTERN_BENCH
// Only in the module that `npm run bench` uses.
void postern::arena_rewind() {
  static std::uintptr_t mark = 0;
  if (mark == 0) mark = top;
  top = mark;
}
#endif

#ifdef POSTERN_FAULT_INJECTION
// Only in the module that the tests use: the n-th allocation from now on fails.
extern "C" __attribute__((export_name("postern_fail_allocation"), used)) void
postern_fail_allocation(std::uint32_t n) {
  allocations_left = n;
}
extern "C" __attribute__((export_name("postern_allocations"), used)) std::uint32_t
postern_allocations() {
  return allocations;
}
#endif

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
// Nothing is given back.
void operator delete(void*) noexcept {}
void operator delete[](void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
void operator delete[](void*, std::size_t) noexcept {}

// The C library allocates through the same arena.
extern "C" {
void* malloc(std::size_t size) {
  return allocate(size);
}
void free(void*) {}
void* calloc(std::size_t count, std::size_t size) {
  std::size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) {
    out_of_memory();
  }
  auto* bytes = static_cast<unsigned char*>(allocate(total));
  for (std::size_t i = 0; i < total; ++i) {
    bytes[i] = 0;
  }
  return bytes;
}
// Nobody calls it: sizes are not remembered.
void* realloc(void*, std::size_t) {
  __builtin_trap();
}
void abort() {
  __builtin_trap();
}
}
