// An organization's registered apps.
#pragma once

#include "core/base/shape.h"
#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"
#include "core/flow/integration/admin_consent.h"
#include "core/flow/integration/settings.h"

namespace postern {

Task<Outcome> get_integration_flow(FlowContext* context);
Task<Outcome> admin_consent_url_flow(FlowContext* context);
Task<Outcome> logout_url_flow(FlowContext* context);
Task<Outcome> list_admin_consents_flow(FlowContext* context);
Task<Outcome> get_admin_consent_flow(FlowContext* context);
Task<Outcome> import_certificate_flow(FlowContext* context);
Task<Outcome> get_credential_flow(FlowContext* context);
Task<Outcome> delete_credential_flow(FlowContext* context);

namespace integration {

using enum ParameterKind;

// What a key signs to show that it does (import_certificate).
inline constexpr std::uint16_t kProbeBytes = 16;

inline constexpr Parameter kIntegrationOnly[] = {common::kIntegrationInPath};
inline constexpr Parameter kAdminConsent[] = {
    common::kIntegrationInPath,
    common::kTenant,
    {.name = "redirect_uri",
     .kind = text,
     .summary = "As in ALLOWED_RETURN_URLS: the answer is the caller's. The integration's when "
                "absent: Postern takes the answer, shows a page and keeps the claim"},
    {.name = "state",
     .kind = text,
     .summary = "With redirect_uri: comes back to it as it is. Not without"}};
inline constexpr Parameter kConsents[] = {
    common::kIntegrationInPath,
    {.name = "cursor",
     .kind = text,
     .summary = "Where the last page ended; the beginning when absent"}};
inline constexpr Parameter kConsent[] = {common::kIntegrationInPath,
                                         {.name = "tenant_id",
                                          .kind = text,
                                          .place = ParameterPlace::path,
                                          .required = true,
                                          .summary = "The directory's id, a GUID"}};
inline constexpr Parameter kCertificate[] = {
    common::kIntegrationInPath,
    {.name = "certificate",
     .kind = pem,
     .place = ParameterPlace::body,
     .required = true,
     .summary = "The certificate, PEM, as it is uploaded at the registration"},
    {.name = "private_key",
     .kind = pem,
     .place = ParameterPlace::body,
     .required = true,
     .summary = "Its private key, RSA of 2,048 to 8,192 bits: PEM of PKCS#8, not encrypted"}};
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
        .entropy_bytes = kAdminConsentEntropy,
        .summary = "Where a directory's administrator consents for everybody; with Postern's own "
                   "callback it is good for seven days",
        .result = "{url: string, expires_at?: string}",
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
    {
        .name = "list_admin_consents",
        .http = "GET /v1/integrations/:integration/admin-consents",
        .permission = "connections:read",
        .parameters = kConsents,
        .summary = "Directories whose administrator consented to the integration's registered app, "
                   "as answers to admin_consent_url say; fifty a page",
        .result = "{admin_consents: AdminConsent[], cursor?: string}",
        .flow = list_admin_consents_flow,
    },
    {
        .name = "get_admin_consent",
        .http = "GET /v1/integrations/:integration/admin-consents/:tenant_id",
        .permission = "connections:read",
        .parameters = kConsent,
        .summary = "One directory's consent; `claimed` is what a browser brought, and no proof",
        .result = "AdminConsent",
        .flow = get_admin_consent_flow,
    },
    {
        .name = "import_certificate",
        .http = "PUT /v1/integrations/:integration/certificate",
        .permission = "integrations:write",
        .parameters = kCertificate,
        .entropy_bytes = kProbeBytes,
        .summary = "The organization's app-only requests are proven by this certificate from now "
                   "on, in place of the client secret; its private key is never answered again",
        .result = "IntegrationCredential",
        .flow = import_certificate_flow,
    },
    {
        .name = "get_credential",
        .http = "GET /v1/integrations/:integration/credential",
        .permission = "integrations:read",
        .parameters = kIntegrationOnly,
        .summary = "By what the organization's app-only requests are proven in place of the client "
                   "secret; not_found: by that",
        .result = "IntegrationCredential",
        .flow = get_credential_flow,
    },
    {
        .name = "delete_credential",
        .http = "DELETE /v1/integrations/:integration/credential",
        .permission = "integrations:write",
        .parameters = kIntegrationOnly,
        .summary = "Takes it away; may be repeated. App-only requests go on with the client secret",
        .result = "{success: true, deleted: boolean}",
        .flow = delete_credential_flow,
    },
};

inline constexpr Shape kShapes[] = {
    {.name = "IntegrationCredential",
     .type = "{integration: string, kind: \"certificate\", thumbprint: string, added_at: string}",
     .summary =
         "By what an organization's integration proves itself: a certificate, by the SHA-256 "
         "of its DER in base64url"},
    {.name = "AdminConsent",
     .type = "{tenant_id: string, status: \"claimed\" | \"verified\", scopes: string, claimed_at: "
             "string, "
             "last_claimed_at: string}",
     .summary = "A directory's consent: `claimed`, as a browser brought it; `verified`, since an "
                "application's token of that directory had a role"},
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
    {.name = "ALLOWED_APP_DIRECTORIES",
     .summary =
         "JSON: organization (`*`: every one) to the directories in which it may let the app "
         "act as itself, besides the integration's own"},
    {.name = "ALLOWED_RETURN_URLS",
     .summary = "JSON: organization to the exact URLs that people may be sent to"},
};

}  // namespace integration

}  // namespace postern
