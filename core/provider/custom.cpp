// A server that the integration describes. What nobody declared is assumed to be strict.
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr Api kApis[] = {{.name = "api", .origin = "{host}", .audience = ""}};

constexpr ProviderSetting kSettings[] = {{.name = "HOST",
                                          .summary = "Where its API is: https://api.example.com",
                                          .placeholder = "{host}"}};

}  // namespace

constexpr Provider kCustom{.id = "custom",
                           .display_name = "OAuth 2.0",
                           .integration = "",
                           .environment = "",
                           .settings = kSettings,
                           .login_origin = "",
                           .authorization_endpoint = "",
                           .token_endpoint = "",
                           .revocation_endpoint = "",
                           .profile_endpoint = "",
                           .logout_endpoint = "",
                           .jwks_uri = "",
                           .issuer = "",
                           .apis = kApis,
                           .replay = {.kind = ReplayClass::single_use},
                           .family_revocation = true};

}  // namespace postern
