// API keys, for the administrator.
#pragma once

#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

Task<Outcome> create_api_key_flow(FlowContext* context);
Task<Outcome> list_api_keys_flow(FlowContext* context);
Task<Outcome> revoke_api_key_flow(FlowContext* context);

namespace access {

using enum ParameterKind;

inline constexpr Parameter kCreateKey[] = {
    {"org_id", name, ParameterPlace::body, true, "The organization that the key belongs to"},
    {"name", identifier, ParameterPlace::body, true, "What people call it"},
    {"permissions", names, ParameterPlace::body, true, "See the list of permissions"},
    {"expires_at", timestamp, ParameterPlace::body, false, "When it ends; never when absent"}};
inline constexpr Parameter kListKeys[] = {
    {"org_id", name, ParameterPlace::query, false, "Only this organization's"}};
inline constexpr Parameter kRevokeKey[] = {
    {"id", name, ParameterPlace::path, true, "The key's id"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "create_api_key",
        .method = "POST",
        .path = "/v1/api-keys",
        .access = Access::admin,
        .parameters = kCreateKey,
        .entropy_bytes = 44,
        .summary = "A new API key; it is shown this once",
        .result = "{id, org_id, name, permissions, created_at, key}",
        .flow = create_api_key_flow,
    },
    {
        .name = "list_api_keys",
        .method = "GET",
        .path = "/v1/api-keys",
        .access = Access::admin,
        .parameters = kListKeys,
        .summary = "The API keys, without the keys themselves",
        .result = "{api_keys: […]}",
        .flow = list_api_keys_flow,
    },
    {
        .name = "revoke_api_key",
        .method = "DELETE",
        .path = "/v1/api-keys/:id",
        .access = Access::admin,
        .parameters = kRevokeKey,
        .summary = "Revokes an API key",
        .result = "the key's row",
        .flow = revoke_api_key_flow,
    },
};

inline constexpr Variable kVariables[] = {
    {.name = "ADMIN_API_KEY", .secrecy = Secrecy::secret, .summary = "The administrator's key"},
};

}  // namespace access

}  // namespace postern
