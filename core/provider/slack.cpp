// Slack. The bot's token only; the user's one sits in `authed_user` with a refresh token of its
// own.
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr Api kApis[] = {{.name = "slack", .origin = "https://slack.com", .audience = ""}};
constexpr std::string_view kTerminal[] = {"invalid_code",          "code_already_used",
                                          "invalid_refresh_token", "token_revoked",
                                          "token_expired",         "account_inactive"};
// docs.slack.dev, errors of oauth.v2.access.
constexpr std::string_view kOurs[] = {"invalid_client_id", "bad_client_secret", "bad_redirect_uri",
                                      "oauth_authorization_url_mismatch",
                                      "invalid_team_for_non_distributed_app"};
constexpr std::string_view kPassing[] = {"fatal_error",     "internal_error",
                                         "ratelimited",     "service_unavailable",
                                         "request_timeout", "team_added_to_org"};
// files.getUploadURLExternal.
constexpr LinkMember kLinks[] = {{"upload_url", LinkKind::upload}};

}  // namespace

constexpr Provider kSlack{
    .id = "slack",
    .display_name = "Slack",
    .integration = "",
    .environment = "",
    .login_origin = "https://slack.com",
    .authorization_endpoint = "{login}/oauth/v2/authorize",
    .token_endpoint = "{login}/api/oauth.v2.access",
    .revocation_endpoint = "{api}/api/auth.revoke",
    .profile_endpoint = "{api}/api/auth.test",
    .logout_endpoint = "",
    .jwks_uri = "",
    .issuer = "",
    .apis = kApis,
    .client_auth = ClientAuthMethod::basic,
    .scope_separator = ",",
    // With a challenge Slack takes the client for a public one, for good.
    .sends_pkce = false,
    .replay = {.kind = ReplayClass::single_use},
    .quirks = {.any_token_type = true,
               .comma_scopes = true,
               .errors = {.terminal = kTerminal, .integration = kOurs, .transient = kPassing}},
    .profile = {.id = "user_id", .name = "user", .username = "user"},
    .proxy = {.links = kLinks, .named_operations = true, .refusals = RefusalShape::ok_flag}};

}  // namespace postern
