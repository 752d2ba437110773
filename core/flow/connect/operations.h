// Connecting an account.
#pragma once

#include "core/flow/connect/link.h"
#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

Task<Outcome> create_connect_link_flow(FlowContext* context);
Task<Outcome> show_consent_flow(FlowContext* context);
Task<Outcome> begin_connect_flow(FlowContext* context);
Task<Outcome> callback_flow(FlowContext* context);
Task<Outcome> confirm_connection_flow(FlowContext* context);
Task<Outcome> get_attempt_flow(FlowContext* context);
Task<Outcome> connect_flow(FlowContext* context);
Task<Outcome> connect_app_flow(FlowContext* context);

namespace connect {

using enum ParameterKind;

inline constexpr Parameter kConnectLink[] = {
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kTenant,
    common::kIntegration,
    {.name = "return_to",
     .kind = text,
     .summary = "Where the person goes afterwards; exactly as in ALLOWED_RETURN_URLS"},
    {.name = "confirm",
     .kind = name,
     .summary = "`backend`: the connection waits for confirmation. `page`: it does not. When "
                "absent CONNECT_CONFIRM_DEFAULT holds, else `backend`, which needs return_to"},
    {.name = "allow_other_account",
     .kind = flag,
     .summary = "Let another account replace the one that is connected"},
    {.name = "scopes",
     .kind = text,
     .summary =
         "Separated by blanks or commas: what to ask for instead of all that the integration "
         "does; within that and its ALLOWED_SCOPES"},
    {.name = "mode",
     .kind = name,
     .otherwise = "browser",
     .summary =
         "`browser` (default), or `caller` for callers that run the browser part themselves"},
    {.name = "redirect_uri",
     .kind = text,
     .summary = "Mode caller: where the provider sends the code"},
    {.name = "code_challenge", .kind = text, .summary = "Mode caller: S256 challenge (RFC 7636)"}};
inline constexpr Parameter kAttempt[] = {
    {.name = "attempt",
     .kind = name,
     .required = true,
     .summary = "The `state` that came with the link, which arrives at return_to as `attempt`"}};
inline constexpr Parameter kConfirm[] = {{.name = "attempt",
                                          .kind = name,
                                          .required = true,
                                          .summary = "The attempt that arrived at return_to"},
                                         {.name = "code",
                                          .kind = text,
                                          .place = ParameterPlace::body,
                                          .required = true,
                                          .summary = "The one-time code that arrived at return_to"},
                                         {.name = "user_id",
                                          .kind = identifier,
                                          .place = ParameterPlace::body,
                                          .required = true,
                                          .summary = "The user of the session that confirms"}};
inline constexpr Parameter kConnect[] = {common::kUserId,
                                         common::kAccount,
                                         common::kSubject,
                                         common::kIntegration,
                                         {.name = "code",
                                          .kind = text,
                                          .place = ParameterPlace::body,
                                          .required = true,
                                          .summary = "The authorization code"},
                                         {.name = "code_verifier",
                                          .kind = text,
                                          .place = ParameterPlace::body,
                                          .required = true,
                                          .summary = "The verifier of the attempt's challenge"},
                                         {.name = "tenant_id",
                                          .kind = text,
                                          .place = ParameterPlace::body,
                                          .summary = "As the attempt was made with"},
                                         {.name = "state",
                                          .kind = text,
                                          .place = ParameterPlace::body,
                                          .required = true,
                                          .summary = "The state that createConnectLink gave"}};

inline constexpr Parameter kConnectApp[] = {
    {.name = "integration",
     .kind = name,
     .place = ParameterPlace::body,
     .otherwise = kDefaultIntegration,
     .summary = "The integration's name; that of AZURE_CLIENT_ID when absent"},
    {.name = "tenant_id",
     .kind = text,
     .place = ParameterPlace::body,
     .required = true,
     .summary = "The directory: its id, or a domain of it"},
    {.name = "account",
     .kind = name,
     .place = ParameterPlace::body,
     .otherwise = kDefaultAccount,
     .summary = "Which of the organization's own accounts at this integration; `default` when "
                "absent"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "create_connect_link",
        .http = "GET /connect",
        .permission = "connect",
        .parameters = kConnectLink,
        .entropy_bytes = 16 + 64,
        .summary =
            "A one-time link, good for ten minutes, that lets one browser connect one account",
        .result = "{auth_url: string, state: string, expires_at: string}",
        .flow = create_connect_link_flow,
    },
    {
        .name = "show_consent",
        .http = "GET /connect/:link",
        .access = Access::browser,
        .read_by_flow = "link",
        .entropy_bytes = kCookieBytes,
        .summary = "The page that says who gets access to what; changes nothing",
        .result = "a page",
        .flow = show_consent_flow,
    },
    {
        .name = "begin_connect",
        .http = "POST /connect/:link",
        .access = Access::browser,
        .read_by_flow = "link",
        .entropy_bytes = kStateEntropy,
        .summary = "Consumes the link and sends the browser to the provider. Pressed again in the "
                   "same browser it leads to the same sign-in",
        .result = "a page that goes on to the provider by itself",
        .flow = begin_connect_flow,
    },
    {
        .name = "callback",
        .http = "GET /callback",
        .alias = "/callback/:integration",
        .access = Access::browser,
        .read_by_flow = "integration",
        .entropy_bytes = kStateEntropy,
        .summary = "Where the provider sends the browser back",
        .result = "a page, or a redirect to return_to",
        .flow = callback_flow,
    },
    {
        .name = "get_attempt",
        .http = "GET /v1/connect-links/:attempt",
        .permission = "connect",
        .parameters = kAttempt,
        .summary =
            "How an attempt of mode browser stands, for a day: `waiting` for the person, `started` "
            "at the provider, `pending` (confirm it), `connected`, `failed` (`reason` and "
            "`cause`), "
            "`unknown` (it may yet be finished by itself) or `expired`",
        .result = "{attempt: string, status: \"waiting\" | \"started\" | \"pending\" | "
                  "\"connected\" | \"failed\" | \"unknown\" | \"expired\", integration: string, "
                  "user_id: string, subject: \"user\" | \"organization\", account: string, "
                  "created_at: string, expires_at?: string, ended_at?: string, reason?: string, "
                  "cause?: string}",
        .flow = get_attempt_flow,
    },
    {
        .name = "confirm_connection",
        .http = "POST /v1/connect-links/:attempt/confirm",
        .permission = "connect",
        .parameters = kConfirm,
        .summary =
            "Confirms a pending connection with the code that arrived at return_to; the same "
            "again answers the same",
        .result = "Connection",
        .flow = confirm_connection_flow,
    },
    {
        .name = "connect",
        .rpc_alias = "connectAccount",
        .permission = "connect:caller",
        .parameters = kConnect,
        .summary = "Redeems a code that the caller received itself, for an attempt of mode caller",
        .result = "Connection",
        .flow = connect_flow,
    },
    {
        .name = "connect_app",
        .http = "POST /v1/connections/app",
        .permission = "connect:app",
        .parameters = kConnectApp,
        .summary = "Connects the registered app itself in one directory, as the organization's own "
                   "connection: nobody signs in, and tokens are asked for with the app's own "
                   "credentials",
        .result = "Connection",
        .flow = connect_app_flow,
    },
};

inline constexpr Variable kVariables[] = {
    {.name = "CONNECT_CONFIRM_DEFAULT",
     .summary = "`page` or `backend`: what holds for a connect link that does not say `confirm`. "
                "Absent: `backend` with return_to, and without it a link has to say it"},
};

}  // namespace connect

}  // namespace postern
