// HaloPSA: the customer's own host.
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr Api kApis[] = {{.name = "halopsa", .origin = "{host}", .audience = ""}};

constexpr ProviderSetting kSettings[] = {
    {.name = "HOST",
     .summary = "The customer's HaloPSA: https://example.halopsa.com",
     .placeholder = "{host}"}};

}  // namespace

constexpr Provider kHalopsa{.id = "halopsa",
                            .display_name = "HaloPSA",
                            .integration = "",
                            .environment = "",
                            .settings = kSettings,
                            .login_origin = "",
                            .authorization_endpoint = "{host}/auth/authorize",
                            .token_endpoint = "{host}/auth/token",
                            .revocation_endpoint = "",
                            .profile_endpoint = "",
                            .logout_endpoint = "",
                            .jwks_uri = "",
                            .issuer = "",
                            .apis = kApis,
                            .replay = {.kind = ReplayClass::single_use}};

}  // namespace postern
