// From a row of the table and a caller's parameters to the request of an API
// (core/flow/frame/api_call.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/operation.h"

namespace postern {

// "GET"
[[nodiscard]] constexpr std::string_view method_of_target(std::string_view target) {
  return target.substr(0, target.find(' '));
}

// The parameters that stand in the path, in the order in which the template has them.
[[nodiscard]] std::vector<std::string_view> path_references(std::string_view target);

// Path and query. A value that would be another place (a segment of dots, an empty one) is refused
// by its parameter's name.
[[nodiscard]] Result<std::string, Problem> expand_target(const Operation& operation,
                                                         const Parameters& parameters);

// JSON; empty where the row has no body.
[[nodiscard]] std::string expand_body(const Operation& operation, const Parameters& parameters);

}  // namespace postern
