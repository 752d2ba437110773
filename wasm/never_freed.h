// Seen by every file of the wasm build, before anything else. The arena frees nothing, and a caller
// who sees that leaves the call out: with these bodies in arena.cpp alone, the destructor of each
// string, vector and optional stays in the module (docs/decisions/0002-wasm-size.md).
#pragma once

#ifndef POSTERN_ARENA  // arena.cpp defines them for whoever does not see this
#include <cstddef>

// The language wants replacements not to be inline, for programs in which another one might win.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winline-new-delete"
inline void operator delete(void*) noexcept {}
inline void operator delete[](void*) noexcept {}
inline void operator delete(void*, std::size_t) noexcept {}
inline void operator delete[](void*, std::size_t) noexcept {}
#pragma clang diagnostic pop
#endif
