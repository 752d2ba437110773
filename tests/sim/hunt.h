// Many histories on several threads, and what came of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "tests/sim/simulation.h"

namespace postern::sim {

struct Range {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1000;
  std::size_t jobs = 1;
};

struct Hunt {
  Coverage coverage;
  std::map<std::uint64_t, Violation> found;  // by seed
  double seconds = 0;
  std::uint64_t histories = 0;
};

// Stops after `most` violations. Under a mutation only what it is to break counts, and only where
// that is not broken without it (mutation.h).
[[nodiscard]] Hunt hunt(const Range& range, Mutation mutation, std::size_t most);

// One history with a mutation: what it breaks, if it does.
[[nodiscard]] std::optional<Violation> killed_by(testing::World& world, std::uint64_t seed,
                                                 Mutation mutation, Coverage& coverage);

}  // namespace postern::sim
