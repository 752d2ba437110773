// An organization's registered apps.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

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
    {"redirect_uri", text, ParameterPlace::query, false,
     "As in ALLOWED_RETURN_URLS; the integration's when absent"},
    {"state", text, ParameterPlace::query, false, "Comes back to redirect_uri as it is"}};
inline constexpr Parameter kLogout[] = {
    common::kIntegrationInPath,
    common::kTenant,
    {"return_to", text, ParameterPlace::query, false, "As in ALLOWED_RETURN_URLS"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "get_integration",
        .rpc = "getIntegration",
        .method = "GET",
        .path = "/v1/integrations/:integration",
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
        .rpc = "adminConsentUrl",
        .method = "GET",
        .path = "/v1/integrations/:integration/admin-consent-url",
        .permission = "connect",
        .parameters = kAdminConsent,
        .summary = "Where a directory's administrator consents for everybody",
        .result = "{url}",
        .flow = admin_consent_url_flow,
    },
    {
        .name = "logout_url",
        .rpc = "logoutUrl",
        .method = "GET",
        .path = "/v1/integrations/:integration/logout-url",
        .permission = "connect",
        .parameters = kLogout,
        .summary = "Where the person signs out of the provider",
        .result = "{url}",
        .flow = logout_url_flow,
    },
};

}  // namespace integration

}  // namespace postern
