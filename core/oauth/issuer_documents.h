// What Postern publishes as an issuer of tokens, for a server that is to trust it: where its keys
// are, and the keys. Just what a verifier of such tokens reads, as Kubernetes publishes it for its
// service accounts (KEP-1393): there is no authorization endpoint, nobody signs in here.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/oauth/rsa_key.h"

namespace postern {

// At `issuer` + "/.well-known/openid-configuration" (OpenID Connect Discovery 1.0 section 3).
[[nodiscard]] std::string discovery_json(std::string_view issuer, std::string_view jwks_uri);

// RFC 7517 section 5: keys that sign by RS256, each under its thumbprint.
[[nodiscard]] std::string jwks_json(std::span<const RsaPublicKey> keys);

}  // namespace postern
