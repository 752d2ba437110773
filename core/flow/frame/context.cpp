#include "core/flow/frame/context.h"

#include <cstdlib>

#include "core/base/text.h"

namespace postern {

void Parameters::set(std::string_view name, std::string_view value) {
  values_.emplace_back(name, value);
}

bool Parameters::has(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) {
      return true;
    }
  }
  return false;
}

std::string_view Parameters::text(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::int64_t Parameters::integer(std::string_view name) const {
  return parse_decimal(text(name)).value_or(0);
}

bool Parameters::flag(std::string_view name) const {
  const auto value = text(name);
  return value == "1" || value == "true";
}

bool Caller::may(std::string_view permission) const {
  for (const auto granted : split(permissions, ' ')) {
    if (granted == permission || granted == "*") {
      return true;
    }
  }
  return false;
}

std::string_view FlowContext::take_entropy(std::size_t count) {
  if (input.entropy.size() - entropy_used < count) {
    std::abort();
  }
  const auto bytes = std::string_view(input.entropy).substr(entropy_used, count);
  entropy_used += count;
  return bytes;
}

}  // namespace postern
