// Connections, and the operations of the only writer of each.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> list_connections_flow(FlowContext* context);
Task<Outcome> get_connection_flow(FlowContext* context);
Task<Outcome> refresh_flow(FlowContext* context);
Task<Outcome> list_versions_flow(FlowContext* context);
Task<Outcome> rollback_flow(FlowContext* context);
Task<Outcome> disconnect_flow(FlowContext* context);
Task<Outcome> authority_token_flow(FlowContext* context);
Task<Outcome> authority_confirm_flow(FlowContext* context);
Task<Outcome> authority_describe_flow(FlowContext* context);
Task<Outcome> authority_disconnect_flow(FlowContext* context);
Task<Outcome> authority_versions_flow(FlowContext* context);
Task<Outcome> authority_rollback_flow(FlowContext* context);
Task<Outcome> authority_alarm_flow(FlowContext* context);

namespace connections {

using enum ParameterKind;

inline constexpr Parameter kConnections[] = {
    {.name = "user_id",
     .kind = identifier,
     .summary = "Only this user's, of all accounts; `-`: the organization's own"},
    common::kSubject,
    {.name = "status",
     .kind = name,
     .summary = "Only in this status; all but revoked when absent. What waits for confirmation is "
                "never listed"},
    {.name = "cursor", .kind = text, .summary = "Where the last page ended"}};
inline constexpr Parameter kConnection[] = {common::kIntegrationInPath, common::kUserId,
                                            common::kAccount, common::kSubject};
inline constexpr Parameter kRefresh[] = {common::kIntegrationInPath, common::kUserId,
                                         common::kAccount,           common::kSubject,
                                         common::kResource,          common::kClaims};
inline constexpr Parameter kRollback[] = {
    common::kIntegrationInPath,
    common::kUserId,
    common::kAccount,
    common::kSubject,
    {.name = "version",
     .kind = integer,
     .required = true,
     .summary = "One of those that the list of versions has"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "list_connections",
        .http = "GET /v1/connections",
        .permission = "connections:read",
        .parameters = kConnections,
        .summary = "The organization's connections, 50 a page",
        .result = "{connections: […], cursor}",
        .flow = list_connections_flow,
    },
    {
        .name = "get_connection",
        .http = "GET /v1/connections/:integration",
        .permission = "connections:read",
        .parameters = kConnection,
        .summary = "One connection, no token in it",
        .result = "the connection",
        .flow = get_connection_flow,
    },
    {
        .name = "refresh",
        .http = "POST /v1/connections/:integration/refresh",
        .permission = "connections:write",
        .parameters = kRefresh,
        .summary = "Refreshes now",
        .result = "the connection",
        .flow = refresh_flow,
    },
    {
        .name = "list_versions",
        .http = "GET /v1/connections/:integration/versions",
        .permission = "connections:read",
        .parameters = kConnection,
        .rpc_result = "versions",
        .summary =
            "The connection and the versions of it that are kept, newest first; no token in them",
        .result = "{versions: […]}; over RPC the list",
        .flow = list_versions_flow,
    },
    {
        .name = "rollback",
        .http = "POST /v1/connections/:integration/rollback",
        .permission = "connections:write",
        .parameters = kRollback,
        .summary = "Goes back to a version that is kept, as a new version",
        .result = "the connection",
        .flow = rollback_flow,
    },
    {
        .name = "disconnect",
        .http = "DELETE /v1/connections/:integration",
        .permission = "connections:write",
        .parameters = kConnection,
        .summary = "Ends the connection and deletes its tokens everywhere; may be repeated",
        .result = "{success, disconnected, propagation: complete or pending, provider_revocation: "
                  "revoked, pending, failed, shared, none or unsupported}",
        .flow = disconnect_flow,
    },
};

inline constexpr Operation kTokens[] = {
    {
        .name = "authority.token",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .coalesced = true,
        .flow = authority_token_flow,
    },
    {
        .name = "authority.refresh",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .coalesced = true,
        .flow = authority_token_flow,
    },
};

inline constexpr Operation kWriter[] = {
    {
        .name = "authority.confirm",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_confirm_flow,
    },
    {
        .name = "authority.describe",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .coalesced = true,
        .flow = authority_describe_flow,
    },
    {
        .name = "authority.disconnect",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_disconnect_flow,
    },
    {
        .name = "authority.versions",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .coalesced = true,
        .flow = authority_versions_flow,
    },
    {
        .name = "authority.rollback",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_rollback_flow,
    },
};

inline constexpr Operation kAlarm[] = {
    {
        .name = "authority.alarm",
        .access = Access::authority,
        .entropy_bytes = kAuthorityEntropy,
        .flow = authority_alarm_flow,
    },
};

}  // namespace connections

}  // namespace postern
