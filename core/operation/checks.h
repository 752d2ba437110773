// What has to hold of the declarations, each alone and all of them together. The compiler evaluates
// it over the joined tables (table.cpp). Each check answers the place of the first row of which it
// does not hold.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/base/shape.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

inline constexpr std::ptrdiff_t kNowhere = -1;

// The first row that `wrong(index)` is true of.
template <class Row, class Wrong>
[[nodiscard]] consteval std::ptrdiff_t first_where(std::span<const Row> rows, Wrong wrong) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (wrong(i)) {
      return static_cast<std::ptrdiff_t>(i);
    }
  }
  return kNowhere;
}

// The first row that is like an earlier one.
template <class Row, class Alike>
[[nodiscard]] consteval std::ptrdiff_t first_repeated(std::span<const Row> rows, Alike alike) {
  return first_where(rows, [&](std::size_t i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (alike(rows[earlier], rows[i])) {
        return true;
      }
    }
    return false;
  });
}

// --- names ---
[[nodiscard]] constexpr bool is_snake_case(std::string_view name) {
  for (const char c : name) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') {
      return false;
    }
  }
  return !name.empty() && name.front() != '_' && name.back() != '_';
}

// get_user and getUser are one name over RPC.
[[nodiscard]] constexpr bool is_one_rpc_name(std::string_view a, std::string_view b) {
  const auto next = [](std::string_view& name) {
    while (name.starts_with('_')) {
      name.remove_prefix(1);
    }
    const char c = name.empty() ? '\0' : name.front();
    name.remove_prefix(name.empty() ? 0 : 1);
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  while (true) {
    const char x = next(a);
    const char y = next(b);
    if (x != y) {
      return false;
    }
    if (x == '\0') {
      return true;
    }
  }
}

// snake_case; in the authority, behind "authority.".
[[nodiscard]] consteval std::ptrdiff_t misnamed(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    constexpr std::string_view inside = "authority.";
    auto name = operations[i].name;
    if (name.starts_with(inside) != (operations[i].access == Access::authority)) {
      return true;
    }
    name.remove_prefix(name.starts_with(inside) ? inside.size() : 0);
    return !is_snake_case(name);
  });
}

// Names and second names, over RPC too.
[[nodiscard]] consteval std::ptrdiff_t name_taken(std::span<const Operation> operations) {
  return first_repeated(operations, [](const Operation& a, const Operation& b) {
    const auto alike = [](std::string_view x, std::string_view y) {
      return !x.empty() && !y.empty() && is_one_rpc_name(x, y);
    };
    return alike(a.name, b.name) || alike(a.name, b.rpc_alias) || alike(a.rpc_alias, b.name) ||
           alike(a.rpc_alias, b.rpc_alias);
  });
}

[[nodiscard]] consteval std::ptrdiff_t name_taken(std::span<const Variable> variables) {
  return first_repeated(variables,
                        [](const Variable& a, const Variable& b) { return a.name == b.name; });
}

// What a service binding or its entry point has already, and `connect`, which the runtime's stubs
// have: an operation of that name needs a second one.
inline constexpr std::string_view kNamesOfStubs[] = {
    "fetch", "subscribe", "constructor", "env",   "ctx",   "then",  "dup",
    "queue", "scheduled", "tail",        "trace", "email", "alarm", "test"};

[[nodiscard]] consteval std::ptrdiff_t name_reserved(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    for (const auto reserved : kNamesOfStubs) {
      if (is_over_rpc(operation) && (is_one_rpc_name(operation.name, reserved) ||
                                     is_one_rpc_name(operation.rpc_alias, reserved))) {
        return true;
      }
    }
    return is_over_rpc(operation) && is_one_rpc_name(operation.name, "connect") &&
           operation.rpc_alias.empty();
  });
}

// --- routes ---
[[nodiscard]] constexpr std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// Has every request for `later` gone to `earlier`? /a/:b takes /a/:c, and /a/c too.
[[nodiscard]] constexpr bool takes_route(std::string_view earlier, std::string_view later) {
  if (earlier.empty() || later.empty()) {
    return false;
  }
  while (!earlier.empty() && !later.empty()) {
    const auto x = take_segment(earlier);
    const auto y = take_segment(later);
    if (x != y && !x.starts_with(':')) {
      return false;
    }
  }
  return earlier.empty() && later.empty();
}

// Segments of letters, digits, `_`, `-` and `.`; what a `:` begins is a name in snake_case.
[[nodiscard]] constexpr bool is_path(std::string_view path) {
  if (!path.starts_with('/')) {
    return false;
  }
  while (!path.empty()) {
    const auto segment = take_segment(path);
    if (segment.starts_with(':')) {
      if (!is_snake_case(segment.substr(1))) {
        return false;
      }
      continue;
    }
    for (const char c : segment) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      if (!plain) {
        return false;
      }
    }
    if (segment.empty()) {
      return false;
    }
  }
  return true;
}

// "GET /path", and only for those that are asked from outside; a second path only beside a first.
[[nodiscard]] consteval std::ptrdiff_t route_malformed(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    const auto method = method_of(operation);
    const bool known = method == "GET" || method == "POST" || method == "PUT" ||
                       method == "PATCH" || method == "DELETE" ||
                       (method == "ALL" && operation.forwards);
    if (operation.http.empty()) {
      return !operation.alias.empty() ||
             (operation.access != Access::authority && !is_over_rpc(operation));
    }
    return operation.access == Access::authority || !known || !is_path(path_of(operation)) ||
           (!operation.alias.empty() && !is_path(operation.alias));
  });
}

// Routes are matched in the order of the table.
[[nodiscard]] consteval std::ptrdiff_t route_taken(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& own = operations[i];
    if (takes_route(path_of(own), own.alias)) {
      return true;
    }
    for (const auto& other : operations.first(i)) {
      for (const auto earlier : {path_of(other), other.alias}) {
        if (method_of(own) == method_of(other) &&
            (takes_route(earlier, path_of(own)) || takes_route(earlier, own.alias))) {
          return true;
        }
      }
    }
    return false;
  });
}

// --- parameters ---
[[nodiscard]] constexpr bool has_parameter(const Operation& operation, std::string_view name) {
  for (const auto& parameter : operation.parameters) {
    if (parameter.name == name) {
      return true;
    }
  }
  return false;
}

// A segment `:x` that is neither a parameter nor said to be read by the flow.
[[nodiscard]] consteval std::ptrdiff_t segment_undeclared(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    for (auto path : {path_of(operation), operation.alias}) {
      while (!path.empty()) {
        const auto segment = take_segment(path);
        if (segment.starts_with(':') && !has_parameter(operation, segment.substr(1)) &&
            segment.substr(1) != operation.read_by_flow) {
          return true;
        }
      }
    }
    return false;
  });
}

// A parameter that is to be in the path, or a segment that the flow is to read, and is not there.
[[nodiscard]] consteval std::ptrdiff_t segment_missing(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    const auto in_route = [&](std::string_view name) {
      return has_segment(path_of(operation), name) || has_segment(operation.alias, name);
    };
    for (const auto& parameter : operation.parameters) {
      if (parameter.place == ParameterPlace::path && !in_route(parameter.name)) {
        return true;
      }
    }
    return !operation.read_by_flow.empty() && !in_route(operation.read_by_flow);
  });
}

[[nodiscard]] consteval std::ptrdiff_t parameters_wrong(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto parameters = operations[i].parameters;
    for (std::size_t at = 0; at < parameters.size(); ++at) {
      for (const auto& earlier : parameters.first(at)) {
        if (is_one_rpc_name(earlier.name, parameters[at].name)) {
          return true;
        }
      }
      if (!is_snake_case(parameters[at].name) || parameters[at].summary.empty() ||
          (parameters[at].required && !parameters[at].otherwise.empty()) ||
          (parameters[at].kind == ParameterKind::json) != !parameters[at].type.empty() ||
          (parameters[at].kind == ParameterKind::json &&
           parameters[at].place != ParameterPlace::body) ||
          (parameters[at].place == ParameterPlace::body && method_of(operations[i]) == "GET")) {
        return true;
      }
    }
    return false;
  });
}

// --- who may ---
// "connect", "connect:caller".
[[nodiscard]] constexpr bool is_permission_name(std::string_view permission) {
  const auto is_word = [](std::string_view word) {
    for (const char c : word) {
      if (c < 'a' || c > 'z') {
        return false;
      }
    }
    return !word.empty();
  };
  const auto colon = permission.find(':');
  return colon == std::string_view::npos
             ? is_word(permission)
             : is_word(permission.substr(0, colon)) && is_word(permission.substr(colon + 1));
}

// A permission for whoever has a key, and for nobody else; a flow; words for whoever reads of it.
[[nodiscard]] consteval std::ptrdiff_t incomplete(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    const bool inside = operation.access == Access::authority;
    return operation.flow == nullptr ||
           (operation.access == Access::key) != is_permission_name(operation.permission) ||
           (operation.access != Access::key && !operation.permission.empty()) ||
           (!inside && (operation.summary.empty() || operation.result.empty())) ||
           (!inside && (operation.coalesced || operation.aside));
  });
}

// --- answers ---
[[nodiscard]] consteval std::ptrdiff_t name_taken(std::span<const Shape> shapes) {
  return first_repeated(shapes, [](const Shape& a, const Shape& b) { return a.name == b.name; });
}

// An answer that callers get is an object or a named shape, and a list over RPC is a member of it.
// Whether all of it is a type tsc says of what is generated from it.
[[nodiscard]] consteval std::ptrdiff_t untyped(std::span<const Operation> operations) {
  return first_where(operations, [&](std::size_t i) {
    const auto& operation = operations[i];
    const auto result = operation.result;
    if (operation.access == Access::authority || operation.access == Access::browser) {
      return false;
    }
    const bool is_object = result.starts_with('{') && result.ends_with('}');
    const bool is_named = !result.empty() && result.front() >= 'A' && result.front() <= 'Z' &&
                          result.find(' ') == std::string_view::npos;
    const auto at = result.find(operation.rpc_result);
    const bool has_list = operation.rpc_result.empty() ||
                          (at != std::string_view::npos &&
                           result.substr(at + operation.rpc_result.size()).starts_with(": "));
    return !(is_object || is_named) || !has_list;
  });
}

}  // namespace postern
