// An organization's registered apps.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"
#include "core/flow/integration/settings.h"

namespace postern {

Task<Outcome> get_integration_flow(FlowContext* context);
Task<Outcome> admin_consent_url_flow(FlowContext* context);
Task<Outcome> logout_url_flow(FlowContext* context);

namespace integration {

using enum ParameterKind;

inline constexpr Parameter kIntegrationOnly[] = {common::kIntegrationInPath};
inline constexpr Parameter kAdminConsent[] = {
    common::kIntegrationInPath,
    common::kTenant,
    {.name = "redirect_uri",
     .kind = text,
     .summary = "As in ALLOWED_RETURN_URLS; the integration's when absent"},
    {.name = "state", .kind = text, .summary = "Comes back to redirect_uri as it is"}};
inline constexpr Parameter kLogout[] = {
    common::kIntegrationInPath,
    common::kTenant,
    {.name = "return_to", .kind = text, .summary = "As in ALLOWED_RETURN_URLS"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "get_integration",
        .http = "GET /v1/integrations/:integration",
        .permission = "connections:read",
        .parameters = kIntegrationOnly,
        .summary = "Whether the provider takes the integration, and how its tokens are refreshed",
        .result = "{integration: string, provider: string, status: \"working\" | \"faulty\", "
                  "refresh_mode: "
                  "\"on_demand\" | \"keep_alive\" | \"keep_fresh\", replay: string, "
                  "refresh_ahead_seconds?: number, fault?: {reason: string, error: string, "
                  "reference: string, fix: \"operator\", since: string, last_seen: string}}",
        .flow = get_integration_flow,
    },
};

inline constexpr Operation kUrls[] = {
    {
        .name = "admin_consent_url",
        .http = "GET /v1/integrations/:integration/admin-consent-url",
        .permission = "connect",
        .parameters = kAdminConsent,
        .summary = "Where a directory's administrator consents for everybody",
        .result = "{url: string}",
        .flow = admin_consent_url_flow,
    },
    {
        .name = "logout_url",
        .http = "GET /v1/integrations/:integration/logout-url",
        .permission = "connect",
        .parameters = kLogout,
        .summary = "Where the person signs out of the provider",
        .result = "{url: string}",
        .flow = logout_url_flow,
    },
};

// Of each integration; the name without its prefix. The provider's own come besides (catalogue.h).
inline constexpr Variable kSettings[] = {
    {.name = setting::kClientId, .summary = "Client id of the registered app"},
    {.name = setting::kRedirectUri,
     .summary = "Where Postern's callback for it is reached, exactly as registered"},
    {.name = setting::kScopes,
     .summary = "Separated by spaces: what people are asked for, instead of the default"},
    {.name = setting::kAllowedScopes,
     .summary = "Separated by spaces: what a link may ask for besides"},
    {.name = setting::kLoginOrigin, .summary = "Another origin than the provider's own"},
    {.name = setting::kReplay,
     .summary = "What the server does with a refresh token that is used again: not_rotated, "
                "old_stays_valid, reuse_leeway:<seconds> or single_use. Absent: what is known of "
                "the provider; of another origin single_use"},
    {.name = setting::kRefreshMode,
     .summary = "on_demand, keep_alive (default: also before the refresh token dies of idleness) "
                "or keep_fresh (tokens always have some life left)"},
    {.name = setting::kRefreshAheadSeconds,
     .summary = "keep_fresh: how much life a token always has; 14400 when absent, at most three "
                "quarters of its lifetime"},
    {.name = setting::kRefreshIdleSeconds,
     .summary = "After how long an unused refresh token dies; as the provider says when absent, 0: "
                "never"},
    {.name = setting::kGrantLifetimeSeconds,
     .summary = "After how long a grant ends whatever is done; as the provider says when absent, "
                "0: never"},
    {.name = setting::kClientSecret,
     .secrecy = Secrecy::authority_secret,
     .summary = "Client secret of the registered app"},
};

// Of all integrations together.
inline constexpr Variable kVariables[] = {
    {.name = "ALLOW_INSECURE_ORIGINS",
     .summary = "Comma-separated origins that may be http or private: development only"},
    {.name = "ALLOWED_RETURN_URLS",
     .summary = "JSON: organization to the exact URLs that people may be sent to"},
};

}  // namespace integration

}  // namespace postern
