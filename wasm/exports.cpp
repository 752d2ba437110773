// The C ABI, and the only globals of the project. docs/abi.md describes it.
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

#include "core/operation/run.h"
#include "wasm/arena.h"

namespace {

// One flow at a time in one instance. Storage without a destructor: the host wipes the memory.
alignas(postern::Run) unsigned char run_storage[sizeof(postern::Run)];
postern::Run* run = nullptr;

}  // namespace

#define POSTERN_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

POSTERN_EXPORT(postern_allocate) void* postern_allocate(std::size_t size) {
  return ::operator new(size);
}

POSTERN_EXPORT(postern_start) std::uint32_t postern_start(const char* input, std::size_t length) {
  if (run != nullptr) {
    return static_cast<std::uint32_t>(postern::Step::malformed);
  }
  run = new (run_storage) postern::Run();
  return static_cast<std::uint32_t>(run->start(std::string_view(input, length)));
}

POSTERN_EXPORT(postern_resume)
std::uint32_t postern_resume(const char* replies, std::size_t length) {
  if (run == nullptr) {
    return static_cast<std::uint32_t>(postern::Step::malformed);
  }
  return static_cast<std::uint32_t>(run->resume(std::string_view(replies, length)));
}

POSTERN_EXPORT(postern_output) const char* postern_output() {
  return run->output().data();
}
POSTERN_EXPORT(postern_output_length) std::size_t postern_output_length() {
  return run->output().size();
}

// After a trap: was it memory?
POSTERN_EXPORT(postern_out_of_memory) std::uint32_t postern_out_of_memory() {
  return postern::arena_exhausted() ? 1 : 0;
}
