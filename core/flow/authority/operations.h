// Events for webhooks, in the authority.
#pragma once

#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

Task<Outcome> authority_redeliver_flow(FlowContext* context);
Task<Outcome> authority_deliver_flow(FlowContext* context);

namespace authority {

inline constexpr Operation kOperations[] = {
    {
        .name = "authority.redeliver",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_redeliver_flow,
    },
    {
        .name = "authority.deliver",
        .access = Access::authority,
        .entropy_bytes = 64,
        .aside = true,
        .flow = authority_deliver_flow,
    },
};

inline constexpr Variable kVariables[] = {
    {.name = "TOKEN_VERSIONS_KEPT",
     .summary = "How many earlier versions of a connection are kept, sealed, for rollback: 0 to "
                "10, 3 when absent"},
};

}  // namespace authority

}  // namespace postern
