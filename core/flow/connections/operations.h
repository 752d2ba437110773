// Connections, and the operations of the only writer of each.
#pragma once

#include "core/base/shape.h"
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
        .result = "{connections: Connection[], cursor?: string}",
        .flow = list_connections_flow,
    },
    {
        .name = "get_connection",
        .http = "GET /v1/connections/:integration",
        .permission = "connections:read",
        .parameters = kConnection,
        .summary = "One connection, no token in it",
        .result = "Connection",
        .flow = get_connection_flow,
    },
    {
        .name = "refresh",
        .http = "POST /v1/connections/:integration/refresh",
        .permission = "connections:write",
        .parameters = kRefresh,
        .summary = "Refreshes now",
        .result = "Connection",
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
        .result = "{versions: (Connection | UnreadableVersion)[]}",
        .flow = list_versions_flow,
    },
    {
        .name = "rollback",
        .http = "POST /v1/connections/:integration/rollback",
        .permission = "connections:write",
        .parameters = kRollback,
        .summary = "Goes back to a version that is kept, as a new version",
        .result = "Connection",
        .flow = rollback_flow,
    },
    {
        .name = "disconnect",
        .http = "DELETE /v1/connections/:integration",
        .permission = "connections:write",
        .parameters = kConnection,
        .summary = "Ends the connection and deletes its tokens everywhere; may be repeated",
        .result = "{success: true, disconnected: boolean, propagation: \"complete\" | \"pending\", "
                  "provider_revocation: \"revoked\" | \"pending\" | \"failed\" | \"shared\" | "
                  "\"none\" | \"unsupported\"}",
        .flow = disconnect_flow,
    },
};

inline constexpr Shape kShapes[] = {
    {.name = "Connection",
     .type = "{integration: string, provider: string, user_id: string, subject: \"user\" | "
             "\"organization\", status: ConnectionStatus, acts_as?: \"application\", version: "
             "number, account: "
             "ConnectionAccount, resources: ConnectionResource[], scopes: ConnectionScopes, "
             "can_refresh: boolean, cause?: "
             "string, evidence?: string, fix?: \"user\" | \"administrator\" | \"operator\", "
             "refreshes_at?: "
             "string, expires_for_good_at?: string, created_at: string, updated_at: string}",
     .summary = "A connection; no token is in it. `cause`, `evidence` and `fix` where it needs a "
                "person"},
    {.name = "ConnectionStatus",
     .type = "\"waiting_callback\" | \"connected\" | \"needs_reauth\" | \"revoked\" | "
             "\"not_connected\" | \"testing\" | \"failed\"",
     .summary = "`connected` and `needs_reauth` are told of a connection that there is, `revoked` "
                "of one that was ended"},
    {.name = "ConnectionAccount",
     .type = "{label: string, tenant_id: string, provider_user_id: string, name: string, "
             "username: string}",
     .summary = "Whose account it is, as the provider says; `label` is the caller's name for it"},
    {.name = "ConnectionResource",
     .type = "{resource: string, scope: string, expires_at?: string}",
     .summary = "An API that there is a token for; one without `expires_at` does not end"},
    {.name = "ConnectionScopes",
     .type = "{asked: string[], granted: string[], missing: string[]}",
     .summary = "What the sign-in asked for, what the tokens say that was granted, and what of it "
                "is missing"},
    {.name = "UnreadableVersion",
     .type = "{version: number, can_refresh: false, unreadable: true}",
     .summary = "A version that is kept and cannot be read"},
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
