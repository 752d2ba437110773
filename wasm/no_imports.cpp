// Zero imports: what the C library would ask WASI for does not exist. Nothing in the core prints;
// these are reached only from code that aborts.
#include <cstdint>

// The names are those of wasi-libc and of Emscripten's C library.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#ifdef __EMSCRIPTEN__
#define POSTERN_WASI(name) __wasi_##name
#else
#define POSTERN_WASI(name) __imported_wasi_snapshot_preview1_##name
#endif

extern "C" {
std::int32_t POSTERN_WASI(fd_close)(std::int32_t) {
  __builtin_trap();
}
std::int32_t POSTERN_WASI(fd_seek)(std::int32_t, std::int64_t, std::int32_t, std::int32_t) {
  __builtin_trap();
}
std::int32_t POSTERN_WASI(fd_write)(std::int32_t, std::int32_t, std::int32_t, std::int32_t) {
  __builtin_trap();
}
std::int32_t POSTERN_WASI(fd_fdstat_get)(std::int32_t, std::int32_t) {
  __builtin_trap();
}
[[noreturn]] void POSTERN_WASI(proc_exit)(std::int32_t) {
  __builtin_trap();
}
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
