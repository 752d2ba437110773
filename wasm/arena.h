// A bump arena behind operator new: a flow is short, and the host throws all of its memory away.
#pragma once

namespace postern {

// An allocation failed; the instance has trapped and is to be dropped.
[[nodiscard]] bool arena_exhausted();
#ifdef POSTERN_BENCH
void arena_rewind();
#endif

}  // namespace postern
