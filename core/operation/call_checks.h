// What has to hold of the calls of providers' APIs that operations declare
// (core/flow/frame/api_call.h).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/flow/frame/operation.h"
#include "core/operation/checks.h"

namespace postern {

// Of every API's call: who asks, for whom, and what the host or the flow makes of it.
inline constexpr std::string_view kNotInTemplates[] = {
    "user_id", "account", "subject", "integration", "tenant", "cursor", "wait", "if_match"};

[[nodiscard]] constexpr std::string_view without_sign(std::string_view name) {
  name.remove_prefix(name.starts_with('+') || name.starts_with('\'') ? 1 : 0);
  return name;
}

// The parameter of one field of `{?a,b=c}` or of a body.
[[nodiscard]] constexpr std::string_view parameter_of_field(std::string_view field) {
  const auto equals = field.find('=');
  if (equals != std::string_view::npos) {
    const auto parameter = field.substr(equals + 1);
    return parameter.substr(0, parameter.find('~'));
  }
  field.remove_prefix(field.starts_with('$') ? 1 : 0);
  return field;
}

// Calls `see` with each field of a list separated by commas.
template <class See>
constexpr bool each_field(std::string_view list, See see) {
  while (true) {
    const auto comma = list.find(',');
    if (!see(parameter_of_field(list.substr(0, comma)))) {
      return false;
    }
    if (comma == std::string_view::npos) {
      return true;
    }
    list.remove_prefix(comma + 1);
  }
}

// Calls `see` with every parameter that target and body name; false where it was once, or where a
// bracket has no end.
template <class See>
constexpr bool each_reference(const ApiCall& call, See see) {
  auto text = call.target;
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{')) {
    const auto end = text.find('}', at);
    if (end == std::string_view::npos) {
      return false;
    }
    const auto inside = text.substr(at + 1, end - at - 1);
    const bool seen =
        inside.starts_with('?') ? each_field(inside.substr(1), see) : see(without_sign(inside));
    if (!seen) {
      return false;
    }
    text.remove_prefix(end + 1);
  }
  if (call.body.starts_with('{')) {
    return see(call.body.substr(1, call.body.size() - 2));
  }
  return call.body.empty() || each_field(call.body, [&see](std::string_view name) {
           return name.starts_with('\'') || see(name);
         });
}

[[nodiscard]] constexpr bool is_in_call(const Operation& operation, std::string_view name) {
  for (const auto outside : kNotInTemplates) {
    if (outside == name) {
      return true;
    }
  }
  if (name == operation.call.host) {
    return true;
  }
  if (operation.call.shaped_here && (name == "select" || name == "orderby" || name == "top")) {
    return true;
  }
  return !each_reference(operation.call,
                         [name](std::string_view reference) { return reference != name; });
}

// A call names parameters that there are, each parameter has a place in it (but for what `prepare`
// reads), its target begins with a method and a path, and a GET has no body.
[[nodiscard]] consteval std::ptrdiff_t call_wrong(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    const auto& call = operation.call;
    // The flow says by itself what it calls.
    if (call.target.empty()) {
      return false;
    }
    const auto path = call.target.substr(call.target.find(' ') + 1);
    const bool reads = call.target.starts_with("GET ");
    if (!path.starts_with('/') || (reads && !call.body.empty()) ||
        (!call.host.empty() && !has_parameter(operation, call.host)) ||
        !each_reference(
            call, [&operation](std::string_view name) { return has_parameter(operation, name); })) {
      return true;
    }
    // The host sends its caller's own method.
    if (operation.streams && method_of(operation) != call.target.substr(0, call.target.find(' '))) {
      return true;
    }
    for (const auto& parameter : operation.parameters) {
      if (call.prepare == nullptr && !is_in_call(operation, parameter.name)) {
        return true;
      }
    }
    return false;
  });
}

}  // namespace postern
