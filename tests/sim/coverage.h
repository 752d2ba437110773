// What the histories met: how often each fault, each class of provider, each branch of the flows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace postern::sim {

class Coverage {
 public:
  void count(std::string_view group, std::string_view name, std::uint64_t times = 1) {
    std::string key(group);
    key += '.';
    key += name;
    counts_[key] += times;
  }
  void add(const Coverage& other) {
    for (const auto& [name, times] : other.counts_) {
      counts_[name] += times;
    }
  }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace postern::sim
