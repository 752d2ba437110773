// Google. developers.google.com/identity/protocols/oauth2/web-server, /openid-connect.
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr Api kApis[] = {
    {.name = "google", .origin = "https://www.googleapis.com", .audience = ""}};
constexpr std::string_view kScopes[] = {"openid", "email", "profile"};
// Without `prompt=consent` a second consent gives no refresh token.
constexpr ProviderParameter kParameters[] = {{"access_type", "offline"}, {"prompt", "consent"}};
constexpr std::string_view kOrigins[] = {"https://accounts.google.com"};

}  // namespace

constexpr Provider kGoogle{.id = "google",
                           .display_name = "Google",
                           .integration = "",
                           .environment = "",
                           .login_origin = "https://accounts.google.com",
                           .authorization_endpoint = "{login}/o/oauth2/v2/auth",
                           .token_endpoint = "https://oauth2.googleapis.com/token",
                           .revocation_endpoint = "https://oauth2.googleapis.com/revoke",
                           .profile_endpoint = "https://openidconnect.googleapis.com/v1/userinfo",
                           .logout_endpoint = "",
                           .jwks_uri = "https://www.googleapis.com/oauth2/v3/certs",
                           .issuer = "{login}",
                           .apis = kApis,
                           .default_scopes = kScopes,
                           .authorization_parameters = kParameters,
                           .replay = {.kind = ReplayClass::not_rotated},
                           .refresh_idle_seconds = 180 * kDaySeconds,
                           .profile = {.id = "sub", .name = "name", .username = "email"},
                           .sign_in_origins = kOrigins};

}  // namespace postern
