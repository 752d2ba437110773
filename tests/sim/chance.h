// Decides what goes wrong, and remembers what did, so that a failing history can be shrunk by
// letting fewer things go wrong.
#pragma once

#include <set>
#include <vector>

#include "tests/sim/dice.h"
#include "tests/sim/plan.h"

namespace postern::sim {

// Faults that are not to happen, by their keys.
using Muted = std::set<std::uint64_t>;

// A place in a history at which something may go wrong: an effect of a run, an alarm, a call.
struct Spot {
  std::uint64_t task = 0;
  std::uint64_t ordinal = 0;
  bool calm = false;
};

class Chance {
 public:
  Chance(const Plan& plan, const Muted& muted) : plan_(plan), muted_(muted) {}

  [[nodiscard]] bool strikes(Fault fault, const Spot& spot) {
    const auto rate = plan_.settings.per_mille[static_cast<std::size_t>(fault)];
    if (rate == 0 || calm_ || spot.calm) {
      return false;
    }
    const auto key = mix(plan_.seed, spot.task, spot.ordinal, static_cast<std::uint64_t>(fault));
    if (static_cast<int>(key % 1000) >= rate || muted_.contains(key)) {
      return false;
    }
    struck_.push_back(key);
    return true;
  }
  // A number that nobody can shrink: how long something takes.
  [[nodiscard]] DurationMs between(DurationMs least, DurationMs most, const Spot& spot,
                                   std::uint64_t salt) const {
    return Dice(mix(plan_.seed, spot.task, spot.ordinal, salt + 1000)).between(least, most);
  }
  // From now on nothing goes wrong.
  void calm_down() { calm_ = true; }
  [[nodiscard]] bool is_calm() const { return calm_; }
  [[nodiscard]] const std::vector<std::uint64_t>& struck() const { return struck_; }

 private:
  const Plan& plan_;
  const Muted& muted_;
  std::vector<std::uint64_t> struck_;
  bool calm_ = false;
};

}  // namespace postern::sim
