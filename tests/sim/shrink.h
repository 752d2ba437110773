// From a history that fails to the shortest that one can find which fails in the same way.
#pragma once

#include <functional>
#include <optional>

#include "tests/sim/simulation.h"

namespace postern::sim {

struct Shrunk {
  Plan plan;
  Muted muted;
  Violation violation;
  std::size_t struck = 0;  // faults that are left
  int tries = 0;
};

// Takes away actions and faults, many at first, for as long as what is left still fails.
[[nodiscard]] Shrunk shrink(const Plan& plan, const Violation& violation,
                            const std::function<Ending(const Plan&, const Muted&)>& run);

}  // namespace postern::sim
