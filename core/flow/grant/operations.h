// What makes a connection, in the authority: a code that is redeemed, an application's token.
#pragma once

#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> authority_connect_flow(FlowContext* context);
Task<Outcome> authority_connect_app_flow(FlowContext* context);

namespace grant {

inline constexpr Operation kOperations[] = {
    {
        .name = "authority.connect",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_connect_flow,
    },
    {
        .name = "authority.connect_app",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_connect_app_flow,
    },
};

}  // namespace grant

}  // namespace postern
