// Calls of Azure Resource Manager's operations that go on for longer than a call.
#pragma once

#include "core/flow/resource/row.h"

namespace postern {

Task<Outcome> get_operation_flow(FlowContext* context);

namespace resource {

inline constexpr Operation kOperations[] = {
    {
        .name = "get_operation",
        .http = "GET /operations",
        .permission = "arm:read",
        .parameters = kArmCall<[] {
          return std::array{
              Parameter{.name = "operation",
                        .kind = cursor,
                        .required = true,
                        .summary = "The `operation` of an answer whose `state` is running"}};
        }>,
        .reads_connection = true,
        .summary = "How far Azure is with what it accepted, and what came of it",
        .result = "AzureOperation",
        .flow = get_operation_flow,
    },
};

}  // namespace resource

}  // namespace postern
