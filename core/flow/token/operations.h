// Access tokens for callers.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> get_token_flow(FlowContext* context);

namespace token {

using enum ParameterKind;

inline constexpr Parameter kToken[] = {
    common::kIntegrationInPath,
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kResource,
    {.name = "min_ttl",
     .kind = integer,
     .otherwise = "0",
     .summary =
         "Seconds that the token must live at least; capped at three quarters of its lifetime"},
    common::kGuestTenant,
    common::kClaims};

inline constexpr Operation kOperations[] = {
    {
        .name = "get_token",
        .http = "GET /v1/connections/:integration/token",
        .permission = "tokens:read",
        .permission_by_api = true,
        .parameters = kToken,
        .reads_connection = true,
        .summary = "A fresh access token for one resource",
        .result =
            "{access_token: string, token_type: \"Bearer\", resource: string, expires_at: string | "
            "null, scope: string, version: number}",
        .flow = get_token_flow,
    },
};

}  // namespace token

}  // namespace postern
