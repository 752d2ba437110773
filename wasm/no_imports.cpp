// Zero imports: what the C library would ask WASI for does not exist. Nothing in the core prints;
// these are reached only from code that aborts.
#include <cstdint>

// The names are wasi-libc's.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" {
std::int32_t __imported_wasi_snapshot_preview1_fd_close(std::int32_t) {
  __builtin_trap();
}
std::int32_t __imported_wasi_snapshot_preview1_fd_seek(std::int32_t, std::int64_t, std::int32_t,
                                                       std::int32_t) {
  __builtin_trap();
}
std::int32_t __imported_wasi_snapshot_preview1_fd_write(std::int32_t, std::int32_t, std::int32_t,
                                                        std::int32_t) {
  __builtin_trap();
}
std::int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(std::int32_t, std::int32_t) {
  __builtin_trap();
}
[[noreturn]] void __imported_wasi_snapshot_preview1_proc_exit(std::int32_t) {
  __builtin_trap();
}
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
