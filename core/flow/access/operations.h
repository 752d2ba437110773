// API keys, for the administrator.
#pragma once

#include "core/base/shape.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

Task<Outcome> create_api_key_flow(FlowContext* context);
Task<Outcome> list_api_keys_flow(FlowContext* context);
Task<Outcome> revoke_api_key_flow(FlowContext* context);

namespace access {

using enum ParameterKind;

inline constexpr Parameter kCreateKey[] = {{.name = "org_id",
                                            .kind = name,
                                            .place = ParameterPlace::body,
                                            .required = true,
                                            .summary = "The organization that the key belongs to"},
                                           {.name = "name",
                                            .kind = identifier,
                                            .place = ParameterPlace::body,
                                            .required = true,
                                            .summary = "What people call it"},
                                           {.name = "permissions",
                                            .kind = words,
                                            .place = ParameterPlace::body,
                                            .required = true,
                                            .summary = "See the list of permissions"},
                                           {.name = "expires_at",
                                            .kind = timestamp,
                                            .place = ParameterPlace::body,
                                            .summary = "When it ends; never when absent"}};
inline constexpr Parameter kListKeys[] = {
    {.name = "org_id", .kind = name, .summary = "Only this organization's"}};
inline constexpr Parameter kRevokeKey[] = {
    {.name = "id", .kind = name, .required = true, .summary = "The key's id"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "create_api_key",
        .http = "POST /v1/api-keys",
        .access = Access::admin,
        .parameters = kCreateKey,
        .entropy_bytes = 44,
        .summary = "A new API key; it is shown this once",
        .result = "NewApiKey",
        .flow = create_api_key_flow,
    },
    {
        .name = "list_api_keys",
        .http = "GET /v1/api-keys",
        .access = Access::admin,
        .parameters = kListKeys,
        .summary = "The API keys, without the keys themselves",
        .result = "{api_keys: ApiKey[]}",
        .flow = list_api_keys_flow,
    },
    {
        .name = "revoke_api_key",
        .http = "DELETE /v1/api-keys/:id",
        .access = Access::admin,
        .parameters = kRevokeKey,
        .summary = "Revokes an API key",
        .result = "ApiKey",
        .flow = revoke_api_key_flow,
    },
};

inline constexpr Shape kShapes[] = {
    {.name = "ApiKey",
     .type = "{id: string, org_id: string, name: string, permissions: string[], created_at: "
             "string, expires_at?: string, revoked_at?: string}",
     .summary = "An API key, without the key itself"},
    {.name = "NewApiKey",
     .type = "{id: string, org_id: string, name: string, permissions: string[], created_at: "
             "string, expires_at?: string, key: string}",
     .summary = "An API key as it is made; `key` is shown this once"},
};

inline constexpr Variable kVariables[] = {
    {.name = "ADMIN_API_KEY", .secrecy = Secrecy::secret, .summary = "The administrator's key"},
};

}  // namespace access

}  // namespace postern
