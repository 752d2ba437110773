# CMake knows no WASI by itself (wasi-sdk ships the same few lines).
set(WASI 1)
