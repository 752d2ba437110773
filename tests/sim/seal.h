// A sealed value names the key that sealed it, as in production: "<the world's own>@<generation>".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/text.h"

namespace postern::sim {

[[nodiscard]] inline std::string with_kid(std::string sealed, int generation) {
  return std::move(sealed) + "@" + to_decimal(generation);
}
[[nodiscard]] inline std::string_view without_kid(std::string_view sealed) {
  return sealed.substr(0, sealed.find('@'));
}
[[nodiscard]] inline int kid_of(std::string_view sealed) {
  const auto at = sealed.find('@');
  return at == std::string_view::npos
             ? 0
             : static_cast<int>(parse_decimal(sealed.substr(at + 1)).value_or(0));
}

}  // namespace postern::sim
