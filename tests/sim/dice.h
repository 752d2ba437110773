// Chance without state: every question has a key, and the same key has the same answer whatever was
// asked before. So a history from which something was taken away stays the same everywhere else.
#pragma once

#include <cstdint>

namespace postern::sim {

// The finalizer of splitmix64.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}
template <class... More>
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t first, std::uint64_t second, More... more) {
  return mix(mix(first) ^ second, static_cast<std::uint64_t>(more)...);
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix(state_++); }
  // 0 to count - 1.
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(count));
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + below(most - least + 1);
  }
  bool percent(std::int64_t chance) { return below(100) < chance; }

 private:
  std::uint64_t state_;
};

}  // namespace postern::sim
