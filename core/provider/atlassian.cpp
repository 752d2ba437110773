// Atlassian: Jira and Confluence Cloud, OAuth 2.0 (3LO).
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr Api kApis[] = {
    {.name = "atlassian", .origin = "https://api.atlassian.com", .audience = ""}};
constexpr std::string_view kScopes[] = {"offline_access", "read:me"};
constexpr ProviderParameter kParameters[] = {{"audience", "api.atlassian.com"},
                                             {"prompt", "consent"}};
// A dead refresh token is answered with 403 and this code, "refresh_token is invalid".
constexpr std::string_view kTerminal[] = {"unauthorized_client"};
constexpr int kDeadToken[] = {403, 404};

}  // namespace

constexpr Provider kAtlassian{.id = "atlassian",
                              .display_name = "Atlassian",
                              .integration = "",
                              .environment = "",
                              .login_origin = "https://auth.atlassian.com",
                              .authorization_endpoint = "{login}/authorize",
                              .token_endpoint = "{login}/oauth/token",
                              .revocation_endpoint = "",
                              .profile_endpoint = "{api}/me",
                              .logout_endpoint = "",
                              .jwks_uri = "",
                              .issuer = "",
                              .apis = kApis,
                              .default_scopes = kScopes,
                              .authorization_parameters = kParameters,
                              .replay = {.kind = ReplayClass::reuse_leeway, .leeway_seconds = 600},
                              .family_revocation = true,
                              .refresh_idle_seconds = 90 * kDaySeconds,
                              .refresh_absolute_seconds = 365 * kDaySeconds,
                              .quirks = {.errors = {.terminal = kTerminal}},
                              .profile = {.id = "account_id", .name = "name", .username = "email"},
                              .dead_token_statuses = kDeadToken};

}  // namespace postern
