// Seeds that are known to kill each mutation: whether they still do is soon asked.
#pragma once

#include <string>

#include "tests/sim/hunt.h"

namespace postern::sim {

// Replays every recorded seed. 0: each mutation has some, and each of them kills. `path`: lines of
// mutation, seed, invariant.
[[nodiscard]] int replay_killers(const std::string& path);
// Looks for two seeds for each mutation and writes the file. 0: all were found.
[[nodiscard]] int record_killers(const std::string& path, const Range& range);
// Prints for each mutation the seed that kills it. 0: none survives.
[[nodiscard]] int try_mutations(const Range& range);

}  // namespace postern::sim
