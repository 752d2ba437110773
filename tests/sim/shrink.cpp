#include "tests/sim/shrink.h"

#include <algorithm>

namespace postern::sim {

namespace {

constexpr int kMostTries = 3000;

}  // namespace

Shrunk shrink(const Plan& plan, const Violation& violation,
              const std::function<Ending(const Plan&, const Muted&)>& run) {
  Shrunk best{.plan = plan, .muted = {}, .violation = violation};
  std::vector<std::uint64_t> struck = run(plan, {}).struck;
  const auto try_it = [&](const Plan& candidate, const Muted& muted) {
    if (++best.tries > kMostTries) {
      return false;
    }
    auto ending = run(candidate, muted);
    if (!ending.violation || ending.violation->invariant != violation.invariant) {
      return false;
    }
    best.plan = candidate;
    best.muted = muted;
    best.violation = std::move(*ending.violation);
    struck = std::move(ending.struck);
    return true;
  };
  for (bool better = true; better && best.tries < kMostTries;) {
    better = false;
    for (std::size_t chunk = std::max<std::size_t>(best.plan.actions.size() / 2, 1); chunk > 0;
         chunk /= 2) {
      for (std::size_t at = 0; at < best.plan.actions.size();) {
        auto candidate = best.plan;
        auto& actions = candidate.actions;
        const auto end = std::min(at + chunk, actions.size());
        actions.erase(actions.begin() + static_cast<std::ptrdiff_t>(at),
                      actions.begin() + static_cast<std::ptrdiff_t>(end));
        if (try_it(candidate, best.muted)) {
          better = true;
        } else {
          at += chunk;
        }
      }
    }
    for (std::size_t chunk = std::max<std::size_t>(struck.size() / 2, 1); chunk > 0; chunk /= 2) {
      for (std::size_t at = 0; at < struck.size();) {
        auto muted = best.muted;
        for (auto i = at; i < std::min(at + chunk, struck.size()); ++i) {
          muted.insert(struck[i]);
        }
        if (try_it(best.plan, muted)) {
          better = true;
        } else {
          at += chunk;
        }
      }
    }
  }
  best.struck = struck.size();
  return best;
}

}  // namespace postern::sim
