// Google. developers.google.com/identity/protocols/oauth2/web-server, /openid-connect.
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr Api kApis[] = {
    {.name = "google", .origin = "https://www.googleapis.com", .audience = ""},
    {.name = "gmail", .origin = "https://gmail.googleapis.com", .audience = ""}};
constexpr LinkMember kLinks[] = {{"nextLink", LinkKind::followed}, {"selfLink", LinkKind::api}};
// developers.google.com/workspace/gmail/api/guides/batch, /workspace/drive/api/guides/performance.
constexpr std::string_view kOpaque[] = {"/batch"};
constexpr std::string_view kScopes[] = {"openid", "email", "profile"};
// Without `consent` a second sign-in gives no refresh token; without `select_account` whoever is
// signed in alone would not be asked which account is meant.
constexpr ProviderParameter kParameters[] = {{"access_type", "offline"},
                                             {"prompt", "consent select_account"}};

constexpr ScopeWords kWords[] = {
    {"https://www.googleapis.com/auth/userinfo.email", "Know who you are"},
    {"https://www.googleapis.com/auth/userinfo.profile", "Know who you are"},
    {"https://www.googleapis.com/auth/gmail.readonly", "Read your mail"},
    {"https://www.googleapis.com/auth/gmail.send", "Send mail as you"},
    {"https://mail.google.com/", "Read, send and delete your mail"},
    {"https://www.googleapis.com/auth/calendar.readonly", "Read your calendars"},
    {"https://www.googleapis.com/auth/calendar", "Read, change, share and delete your calendars"},
    {"https://www.googleapis.com/auth/drive.readonly", "Read all your files in Drive"},
    {"https://www.googleapis.com/auth/drive", "Read, change and delete all your files in Drive"}};

// The token alone: the endpoint wants no client ("Revoking a token").
RevocationRequest revoke(const TokenEndpoint& endpoint, std::string_view access_token,
                         std::string_view refresh_token) {
  FormFields fields = {
      {"token", std::string(refresh_token.empty() ? access_token : refresh_token)}};
  RevocationRequest request{.url = endpoint.url,
                            .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                            .body = Secret(form_encode(fields))};
  wipe(fields[0].second);
  return request;
}

// "Using OAuth 2.0 for Web Server Applications", errors of authorization and token requests.
constexpr std::string_view kOurs[] = {"deleted_client", "disabled_client"};
constexpr ErrorWords kErrorWords[] = {
    {"invalid_rapt", "user", "The organization asks for signing in again"},
    {"rapt_required", "user", "The organization asks for signing in again"},
    {"admin_policy_enforced", "administrator", "A policy of the organization forbids this access"},
    {"org_internal", "operator", "The application is for the accounts of one organization"},
    {"deleted_client", "operator", "The client was deleted"},
    {"disabled_client", "operator", "The client was disabled"},
};
// The same under two names.
constexpr ImpliedScope kImplied[] = {
    {"https://www.googleapis.com/auth/userinfo.email", "email"},
    {"https://www.googleapis.com/auth/userinfo.profile", "profile"}};
constexpr ProviderHooks kHooks{.revocation = revoke};

}  // namespace

constexpr Provider kGoogle{.id = "google",
                           .display_name = "Google",
                           .integration = "google",
                           .environment = "GOOGLE",
                           .login_origin = "https://accounts.google.com",
                           .authorization_endpoint = "{login}/o/oauth2/v2/auth",
                           .token_endpoint = "https://oauth2.googleapis.com/token",
                           .revocation_endpoint = "https://oauth2.googleapis.com/revoke",
                           .revocation_ends_grant = true,
                           .profile_endpoint = "https://openidconnect.googleapis.com/v1/userinfo",
                           .logout_endpoint = "",
                           .jwks_uri = "https://www.googleapis.com/oauth2/v3/certs",
                           .issuer = "{login}",
                           .apis = kApis,
                           .default_scopes = kScopes,
                           .scope_words = kWords,
                           .authorization_parameters = kParameters,
                           .replay = {.kind = ReplayClass::not_rotated},
                           .refresh_idle_seconds = 180 * kDaySeconds,
                           .quirks = {.errors = {.integration = kOurs}},
                           .error_words = kErrorWords,
                           .implied_scopes = kImplied,
                           .profile = {.id = "sub", .name = "name", .username = "email"},
                           .proxy = {.links = kLinks,
                                     .opaque_paths = kOpaque,
                                     // developers.google.com/drive/api/guides/manage-downloads
                                     .content = {.query = "alt=media"}},
                           .hooks = &kHooks};

}  // namespace postern
