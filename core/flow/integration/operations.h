// An organization's registered apps.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

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
        .result = "{integration, provider, status, refresh_mode, replay, fault}",
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
        .result = "{url}",
        .flow = admin_consent_url_flow,
    },
    {
        .name = "logout_url",
        .http = "GET /v1/integrations/:integration/logout-url",
        .permission = "connect",
        .parameters = kLogout,
        .summary = "Where the person signs out of the provider",
        .result = "{url}",
        .flow = logout_url_flow,
    },
};

inline constexpr Variable kVariables[] = {
    {.name = "AZURE_CLIENT_ID", .summary = "Application (client) id of the app registration"},
    {.name = "AZURE_TENANT_ID",
     .summary = "common (default), organizations, consumers, a directory's id or domain"},
    {.name = "AZURE_REDIRECT_URI",
     .summary = "Where Postern's /callback/azure is reached, exactly as registered"},
    {.name = "AZURE_LOGIN_ORIGIN",
     .summary = "Another origin than https://login.microsoftonline.com"},
    {.name = "GRAPH_ORIGIN", .summary = "Another origin than https://graph.microsoft.com"},
    {.name = "ARM_ORIGIN", .summary = "Another origin than https://management.azure.com"},
    {.name = "ALLOW_INSECURE_ORIGINS",
     .summary = "Comma-separated origins that may be http or private: development only"},
    {.name = "ALLOWED_RETURN_URLS",
     .summary = "JSON: organization to the exact URLs that people may be sent to"},
    {.name = "AZURE_REPLAY",
     .summary = "What the server does with a refresh token that is used again: not_rotated, "
                "old_stays_valid, reuse_leeway:<seconds> or single_use. Absent: what is known of "
                "Entra; of another origin single_use"},
    {.name = "AZURE_REFRESH_MODE",
     .summary = "on_demand, keep_alive (default: also before the refresh token dies of idleness) "
                "or keep_fresh (tokens always have some life left)"},
    {.name = "AZURE_REFRESH_AHEAD_SECONDS",
     .summary = "keep_fresh: how much life a token always has; 14400 when absent, at most three "
                "quarters of its lifetime"},
    {.name = "AZURE_REFRESH_IDLE_SECONDS",
     .summary =
         "After how long an unused refresh token dies; Entra's 90 days when absent, 0: never"},
    {.name = "AZURE_GRANT_LIFETIME_SECONDS",
     .summary = "After how long a grant ends whatever is done; never when absent or 0"},
};

inline constexpr Variable kSecrets[] = {
    {.name = "AZURE_CLIENT_SECRET",
     .secrecy = Secrecy::authority_secret,
     .summary = "Client secret of the app registration"},
};

}  // namespace integration

}  // namespace postern
