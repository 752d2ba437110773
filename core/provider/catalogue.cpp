#include "core/provider/catalogue.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/base/text.h"
#include "core/oauth/issuer.h"

namespace postern {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

constexpr std::string_view kReplayNames[] = {"not_rotated", "old_stays_valid", "reuse_leeway",
                                             "single_use"};

constexpr std::array<std::string_view, 8> kMicrosoftScopes = {
    "openid",    "profile",   "email",          "offline_access",
    "User.Read", "Mail.Read", "Calendars.Read", "https://management.azure.com/user_impersonation"};
constexpr std::array kMicrosoftParameters = {ProviderParameter{"prompt", "select_account"}};
// /common and /consumers hand over to login.live.com by a redirect before any page is shown.
constexpr std::array<std::string_view, 3> kMicrosoftOrigins = {
    "https://login.microsoftonline.com", "https://login.live.com", "https://login.microsoft.com"};

constexpr std::array<std::string_view, 1> kGithubScopes = {"read:user"};
constexpr std::array<std::string_view, 2> kGithubTerminal = {"bad_refresh_token",
                                                             "bad_verification_code"};
constexpr std::array<std::string_view, 1> kGithubOrigins = {"https://github.com"};

constexpr std::array<std::string_view, 2> kAtlassianScopes = {"offline_access", "read:me"};
constexpr std::array kAtlassianParameters = {ProviderParameter{"audience", "api.atlassian.com"},
                                             ProviderParameter{"prompt", "consent"}};
// A dead refresh token is answered with 403 and this code, "refresh_token is invalid".
constexpr std::array<std::string_view, 1> kAtlassianTerminal = {"unauthorized_client"};
constexpr std::array kAtlassianDeadToken = {403, 404};
constexpr std::array<std::string_view, 2> kAtlassianOrigins = {"https://auth.atlassian.com",
                                                               "https://id.atlassian.com"};

constexpr std::array<std::string_view, 6> kSlackTerminal = {
    "invalid_code",  "code_already_used", "invalid_refresh_token",
    "token_revoked", "token_expired",     "account_inactive"};
constexpr std::array<std::string_view, 2> kSlackOrigins = {"https://slack.com",
                                                           "https://*.slack.com"};

constexpr std::array<std::string_view, 3> kGoogleScopes = {"openid", "email", "profile"};
// Without `prompt=consent` a second consent gives no refresh token.
constexpr std::array kGoogleParameters = {ProviderParameter{"access_type", "offline"},
                                          ProviderParameter{"prompt", "consent"}};
constexpr std::array<std::string_view, 1> kGoogleOrigins = {"https://accounts.google.com"};

constexpr std::array kProviders = {
    Provider{.id = "microsoft",
             .display_name = "Microsoft",
             .authorization_endpoint = "{login}/{tenant}/oauth2/v2.0/authorize",
             .token_endpoint = "{login}/{tenant}/oauth2/v2.0/token",
             // revokeSignInSessions would sign the person out of everything.
             .revocation_endpoint = "",
             .profile_endpoint = "https://graph.microsoft.com/v1.0/me",
             .issuer = "{login}/{tenantid}/v2.0",
             .client_auth = ClientAuthMethod::post,
             .default_scopes = kMicrosoftScopes,
             .authorization_parameters = kMicrosoftParameters,
             .refresh_sends_scope = true,
             .replay = {.kind = ReplayClass::old_stays_valid},
             .refresh_idle_seconds = 90 * kDaySeconds,
             .token_per_resource = true,
             .sign_in_origins = kMicrosoftOrigins},
    Provider{
        .id = "github",
        .display_name = "GitHub",
        .authorization_endpoint = "https://github.com/login/oauth/authorize",
        .token_endpoint = "https://github.com/login/oauth/access_token",
        .revocation_endpoint = "https://api.github.com/applications/{client_id}/token",
        .profile_endpoint = "https://api.github.com/user",
        .issuer = "",
        .client_auth = ClientAuthMethod::post,
        .default_scopes = kGithubScopes,
        .replay = {.kind = ReplayClass::single_use},
        .refresh_idle_seconds = 184 * kDaySeconds,
        .quirks = {.form_encoded = true, .comma_scopes = true, .terminal_errors = kGithubTerminal},
        .needs_user_agent = true,
        .sign_in_origins = kGithubOrigins},
    Provider{
        .id = "github_app",
        .display_name = "GitHub",
        .authorization_endpoint = "https://github.com/login/oauth/authorize",
        .token_endpoint = "https://github.com/login/oauth/access_token",
        .revocation_endpoint = "https://api.github.com/applications/{client_id}/token",
        .profile_endpoint = "https://api.github.com/user",
        .issuer = "",
        .client_auth = ClientAuthMethod::post,
        .replay = {.kind = ReplayClass::single_use},
        .refresh_idle_seconds = 184 * kDaySeconds,
        .refresh_kills_access_token = true,
        .quirks = {.form_encoded = true, .comma_scopes = true, .terminal_errors = kGithubTerminal},
        .needs_user_agent = true,
        .sign_in_origins = kGithubOrigins},
    Provider{.id = "atlassian",
             .display_name = "Atlassian",
             .authorization_endpoint = "https://auth.atlassian.com/authorize",
             .token_endpoint = "https://auth.atlassian.com/oauth/token",
             .revocation_endpoint = "",
             .profile_endpoint = "https://api.atlassian.com/me",
             .issuer = "",
             .client_auth = ClientAuthMethod::post,
             .default_scopes = kAtlassianScopes,
             .authorization_parameters = kAtlassianParameters,
             .replay = {.kind = ReplayClass::reuse_leeway, .leeway_seconds = 600},
             .family_revocation = true,
             .refresh_idle_seconds = 90 * kDaySeconds,
             .refresh_absolute_seconds = 365 * kDaySeconds,
             .quirks = {.terminal_errors = kAtlassianTerminal},
             .dead_token_statuses = kAtlassianDeadToken,
             .sign_in_origins = kAtlassianOrigins},
    // The bot's token only; the user's one sits in `authed_user` with a refresh token of its own.
    Provider{
        .id = "slack",
        .display_name = "Slack",
        .authorization_endpoint = "https://slack.com/oauth/v2/authorize",
        .token_endpoint = "https://slack.com/api/oauth.v2.access",
        .revocation_endpoint = "https://slack.com/api/auth.revoke",
        .profile_endpoint = "https://slack.com/api/auth.test",
        .issuer = "",
        .client_auth = ClientAuthMethod::basic,
        .scope_separator = ",",
        // With a challenge Slack takes the client for a public one, for good.
        .sends_pkce = false,
        .replay = {.kind = ReplayClass::single_use},
        .quirks = {.any_token_type = true, .comma_scopes = true, .terminal_errors = kSlackTerminal},
        .sign_in_origins = kSlackOrigins},
    Provider{.id = "google",
             .display_name = "Google",
             .authorization_endpoint = "https://accounts.google.com/o/oauth2/v2/auth",
             .token_endpoint = "https://oauth2.googleapis.com/token",
             .revocation_endpoint = "https://oauth2.googleapis.com/revoke",
             .profile_endpoint = "https://openidconnect.googleapis.com/v1/userinfo",
             .issuer = "https://accounts.google.com",
             .client_auth = ClientAuthMethod::post,
             .default_scopes = kGoogleScopes,
             .authorization_parameters = kGoogleParameters,
             .replay = {.kind = ReplayClass::not_rotated},
             .refresh_idle_seconds = 180 * kDaySeconds,
             .sign_in_origins = kGoogleOrigins},
    Provider{.id = "halopsa",
             .display_name = "HaloPSA",
             .authorization_endpoint = "{host}/auth/authorize",
             .token_endpoint = "{host}/auth/token",
             .revocation_endpoint = "",
             .profile_endpoint = "",
             .issuer = "",
             .client_auth = ClientAuthMethod::post,
             .replay = {.kind = ReplayClass::single_use}},
    // What nobody declared is assumed to be strict.
    Provider{.id = "custom",
             .display_name = "OAuth 2.0",
             .authorization_endpoint = "",
             .token_endpoint = "",
             .revocation_endpoint = "",
             .profile_endpoint = "",
             .issuer = "",
             .client_auth = ClientAuthMethod::post,
             .replay = {.kind = ReplayClass::single_use},
             .family_revocation = true},
};

}  // namespace

std::span<const Provider> providers() {
  return kProviders;
}

const Provider* find_provider(std::string_view id) {
  for (const Provider& provider : kProviders) {
    if (provider.id == id) return &provider;
  }
  return nullptr;
}

std::optional<std::string> expand_endpoint(std::string_view endpoint, const EndpointParts& parts) {
  std::string url;
  while (!endpoint.empty()) {
    const std::size_t open = endpoint.find('{');
    url += endpoint.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = endpoint.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view name = endpoint.substr(open, close + 1 - open);
    std::string_view value;
    if (name == "{tenant}") value = parts.tenant;
    if (name == "{host}") value = parts.host;
    if (name == "{login}") value = parts.login;
    if (name == "{client_id}") value = parts.client_id;
    // The token fills this one, not the configuration (issuer.h).
    if (name == kTenantPlaceholder) value = kTenantPlaceholder;
    if (value.empty()) return std::nullopt;
    url += value;
    endpoint.remove_prefix(close + 1);
  }
  return url;
}

FormFields authorization_parameters(const Provider& provider) {
  FormFields fields;
  for (const auto& [name, value] : provider.authorization_parameters) {
    fields.emplace_back(name, value);
  }
  return fields;
}

std::string_view name_of(ReplayClass replay) {
  return kReplayNames[static_cast<std::size_t>(replay)];
}

std::optional<ReplayRule> parse_replay_rule(std::string_view text) {
  const auto colon = text.find(':');
  const auto* found = std::ranges::find(kReplayNames, text.substr(0, colon));
  if (found == std::end(kReplayNames)) {
    return std::nullopt;
  }
  ReplayRule rule{.kind = static_cast<ReplayClass>(found - kReplayNames)};
  const bool has_seconds = colon != std::string_view::npos;
  if (has_seconds != (rule.kind == ReplayClass::reuse_leeway)) {
    return std::nullopt;
  }
  const auto seconds =
      has_seconds ? parse_decimal(text.substr(colon + 1)) : std::optional<std::int64_t>(0);
  if (!seconds || *seconds < 0 || *seconds > kDaySeconds) {
    return std::nullopt;
  }
  rule.leeway_seconds = *seconds;
  return rule;
}

}  // namespace postern
