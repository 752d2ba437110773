// What enough histories must have met: a fault that never strikes and a branch that no history
// takes prove nothing.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/coverage.h"
#include "tests/sim/plan.h"

namespace postern::sim {

// From so many histories on, each of them must have been met.
inline constexpr std::uint64_t kEnoughHistories = 20'000;
inline constexpr std::uint64_t kEnoughForRareBranches = 500'000;

// Counts what a history's world is like.
void count_world(const Plan& plan, Coverage& coverage);
[[nodiscard]] std::vector<std::string> never_met(const Coverage& coverage, std::uint64_t histories);

}  // namespace postern::sim
