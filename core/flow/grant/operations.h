// Redeeming codes, in the authority.
#pragma once

#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> authority_connect_flow(FlowContext* context);

namespace grant {

inline constexpr Operation kOperations[] = {
    {
        .name = "authority.connect",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_connect_flow,
    },
};

}  // namespace grant

}  // namespace postern
