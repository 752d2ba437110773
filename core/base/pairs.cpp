#include "core/base/pairs.h"

namespace postern {

Pairs::Pairs(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  reserve(pairs.size());
  for (const auto& [name, value] : pairs) {
    emplace_back(name, value);
  }
}

void Pairs::emplace_back(std::string_view name, std::string_view value) {
  std::vector<std::pair<std::string, std::string>>::emplace_back(name, value);
}

}  // namespace postern
