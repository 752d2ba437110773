// Connecting an account.
#pragma once

#include "core/flow/connect/link.h"
#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> create_connect_link_flow(FlowContext* context);
Task<Outcome> show_consent_flow(FlowContext* context);
Task<Outcome> begin_connect_flow(FlowContext* context);
Task<Outcome> callback_flow(FlowContext* context);
Task<Outcome> confirm_connection_flow(FlowContext* context);
Task<Outcome> connect_flow(FlowContext* context);

namespace connect {

using enum ParameterKind;

inline constexpr Parameter kConnectLink[] = {
    common::kUserId,
    common::kTenant,
    common::kIntegration,
    {"return_to", text, ParameterPlace::query, false,
     "Where the person goes afterwards; exactly as in ALLOWED_RETURN_URLS"},
    {"confirm", name, ParameterPlace::query, false,
     "`backend` (default with return_to): the connection waits for confirmation. "
     "`page`: it does "
     "not"},
    {"allow_other_account", flag, ParameterPlace::query, false,
     "Let another account replace the one that is connected"},
    {"mode", name, ParameterPlace::query, false,
     "`browser` (default), or `caller` for callers that run the browser part themselves"},
    {"redirect_uri", text, ParameterPlace::query, false,
     "Mode caller: where the provider sends the code"},
    {"code_challenge", text, ParameterPlace::query, false,
     "Mode caller: S256 challenge (RFC 7636)"}};
inline constexpr Parameter kConfirm[] = {
    {"attempt", name, ParameterPlace::path, true, "The attempt that arrived at return_to"},
    {"code", text, ParameterPlace::body, true, "The one-time code that arrived at return_to"},
    {"user_id", identifier, ParameterPlace::body, true, "The user of the session that confirms"}};
inline constexpr Parameter kConnect[] = {
    common::kUserId,
    common::kIntegration,
    {"code", text, ParameterPlace::body, true, "The authorization code"},
    {"code_verifier", text, ParameterPlace::body, true, "The verifier of the attempt's challenge"},
    {"tenant_id", text, ParameterPlace::body, false, "As the attempt was made with"},
    {"state", text, ParameterPlace::body, true, "The state that createConnectLink gave"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "create_connect_link",
        .rpc = "createConnectLink",
        .method = "GET",
        .path = "/connect",
        .permission = "connect",
        .parameters = kConnectLink,
        .entropy_bytes = 16 + 64,
        .summary =
            "A one-time link, good for ten minutes, that lets one browser connect one account",
        .result = "{auth_url, state, expires_at}",
        .flow = create_connect_link_flow,
    },
    {
        .name = "show_consent",
        .method = "GET",
        .path = "/connect/:link",
        .access = Access::browser,
        .summary = "The page that says who gets access to what; changes nothing",
        .result = "a page",
        .flow = show_consent_flow,
    },
    {
        .name = "begin_connect",
        .method = "POST",
        .path = "/connect/:link",
        .access = Access::browser,
        .entropy_bytes = kStateEntropy,
        .summary = "Consumes the link and sends the browser to the provider",
        .result = "302 to the provider",
        .flow = begin_connect_flow,
    },
    {
        .name = "callback",
        .method = "GET",
        .path = "/callback",
        .alias = "/callback/:integration",
        .access = Access::browser,
        .summary = "Where the provider sends the browser back",
        .result = "a page, or a redirect to return_to",
        .flow = callback_flow,
    },
    {
        .name = "confirm_connection",
        .rpc = "confirmConnection",
        .method = "POST",
        .path = "/v1/connect-links/:attempt/confirm",
        .permission = "connect",
        .parameters = kConfirm,
        .summary = "Confirms a pending connection with the code that arrived at return_to",
        .result = "the connection",
        .flow = confirm_connection_flow,
    },
    {
        .name = "connect",
        .rpc = "connect",
        .rpc_alias = "connectAccount",
        .permission = "connect:caller",
        .parameters = kConnect,
        .summary = "Redeems a code that the caller received itself, for an attempt of mode caller",
        .result = "the connection",
        .flow = connect_flow,
    },
};

}  // namespace connect

}  // namespace postern
