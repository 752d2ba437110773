// KV as it is: eventually consistent. Each location shows for a while what it has read before.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "tests/sim/plan.h"

namespace postern::sim {

class Kv {
 public:
  explicit Kv(const Plan& plan) : staleness_(plan.settings.staleness) {}

  std::optional<std::string> get(int location, const std::string& key, DurationMs now) {
    auto& copies = copies_[static_cast<std::size_t>(location)];
    const auto known = copies.find(key);
    if (known != copies.end() &&
        now - known->second.read_at < staleness_[static_cast<std::size_t>(location)]) {
      return known->second.value;
    }
    auto value = newest(key);
    copies[key] = {.value = value, .read_at = now};
    return value;
  }
  void put(const std::string& key, std::string value) { values_[key] = std::move(value); }
  // What a location has read is no longer shown there.
  void forget(int location, const std::string& key) {
    copies_[static_cast<std::size_t>(location)].erase(key);
  }
  void erase(const std::string& key) { values_.erase(key); }
  // What every location will show in the end.
  [[nodiscard]] std::optional<std::string> newest(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  struct Copy {
    std::optional<std::string> value;
    DurationMs read_at = 0;
  };
  const std::array<DurationMs, kFronts>& staleness_;
  std::map<std::string, std::string> values_;
  std::array<std::map<std::string, Copy>, kFronts> copies_;
};

}  // namespace postern::sim
