#include "core/flow/frame/context.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/text.h"

namespace postern {

namespace {

// What "*" means. Nothing is added: whoever holds it was never asked about what came later.
constexpr std::string_view kAll[] = {"connect",           "connect:caller", "graph:read",
                                     "arm:read",          "tokens:read",    "connections:read",
                                     "connections:write", "events:read",    "events:write"};

}  // namespace

void Parameters::set(std::string_view name, std::string_view value) {
  values_.emplace_back(name, value);
}

void Parameters::replace(std::string_view name, std::string_view value) {
  std::erase_if(values_, [name](const auto& pair) { return pair.first == name; });
  set(name, value);
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
    if (granted == permission || (granted == "*" && std::ranges::contains(kAll, permission))) {
      return true;
    }
  }
  return false;
}

bool Caller::may_for_some_api(std::string_view permission) const {
  for (const auto granted : split(permissions, ' ')) {
    if (granted.starts_with(permission) && granted.substr(permission.size()).starts_with(':')) {
      return true;
    }
  }
  return may(permission);
}

bool Caller::may_for_api(std::string_view permission, std::string_view api) const {
  return may(permission) || may(std::string(permission) + ':' + std::string(api));
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
