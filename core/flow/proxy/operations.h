// Any call of a provider's API, with the connection's token.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> proxy_flow(FlowContext* context);

namespace proxy {

using enum ParameterKind;

inline constexpr Parameter kProxy[] = {
    {.name = "integration",
     .kind = name,
     .place = ParameterPlace::path,
     .otherwise = kDefaultIntegration,
     .summary = "The integration's name; `azure.arm` names one of its APIs too"},
    {.name = "user_id",
     .kind = identifier,
     .place = ParameterPlace::path,
     .required = true,
     .summary = "Whose connection; `-`: the organization's own"},
    common::kAccount,
    common::kSubject,
    common::kResource,
    common::kGuestTenant,
    {.name = "target",
     .kind = cursor,
     .summary = "The exact path and query, where what stands in the URL may be normalised on its "
                "way"},
    {.name = "wait",
     .kind = integer,
     .otherwise = "5",
     .summary = "Seconds to wait at most, all in all, where the API says Retry-After: 0 to 30; 5 "
                "when absent"},
    {.name = "links", .kind = name, .summary = "`keep`: links in the answer stay as they are"},
};

inline constexpr Operation kOperations[] = {
    {
        .name = "proxy",
        .http = "ALL /v1/proxy/:integration/:user_id",
        .permission = "proxy",
        .permission_by_api = true,
        .parameters = kProxy,
        .reads_connection = true,
        .forwards = true,
        .summary = "Any call of the provider's API, with the connection's token",
        .result = "Response",
        .flow = proxy_flow,
    },
};

}  // namespace proxy

}  // namespace postern
