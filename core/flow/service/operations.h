// Whether Postern is up.
#pragma once

#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> health_flow(FlowContext* context);
Task<Outcome> authority_health_flow(FlowContext* context);

namespace service {

using enum ParameterKind;

inline constexpr Parameter kHealth[] = {
    {.name = "deep", .kind = flag, .summary = "Look at the stores as well"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "health",
        .http = "GET /health",
        .access = Access::open,
        .parameters = kHealth,
        .summary = "Is it up; with the administrator's key and deep, are the stores",
        .result =
            "{status: \"ok\" | \"degraded\", service: string, timestamp: string, version: string, "
            "checks?: {core: string, authority: string, kv: string, d1: string}}",
        .flow = health_flow,
    },
};

inline constexpr Operation kInAuthority[] = {
    {
        .name = "authority.health",
        .access = Access::authority,
        .flow = authority_health_flow,
    },
};

}  // namespace service

}  // namespace postern
