// From what a caller sent to the parameters that an operation declares.
#pragma once

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/operation.h"

namespace postern {

// Query and path over HTTP, JSON body where the operation declares body parameters, the one object
// of an RPC call. Unknown names, repeated names, missing ones and values of another form are
// refused by name (`invalid_request`). Of one that is absent stands what the declaration has for
// it.
[[nodiscard]] Result<Parameters, Problem> read_parameters(const Operation& operation,
                                                          const FlowInput& input);

// user_id -> userId
[[nodiscard]] std::string camel_case(std::string_view snake_case);

}  // namespace postern
