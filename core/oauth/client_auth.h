// How the integration proves itself to the token endpoint (RFC 6749 2.3.1, OIDC Core 9).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/form.h"
#include "core/base/pairs.h"

namespace postern {

using HeaderFields = Pairs;  // names in lower case

enum class ClientAuthMethod : std::uint8_t {
  post,       // client_id and client_secret in the body
  basic,      // Authorization: Basic, id and secret form-encoded first (RFC 6749 2.3.1)
  assertion,  // a signed JWT in the body (RFC 7523 2.2), with the client's id beside it
  none,       // public client: client_id in the body, no secret (RFC 6749 3.2.1)
};

// `client_assertion_type` of a JWT (RFC 7523 2.2).
inline constexpr std::string_view kJwtAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// Adds what the method needs to one of the two. With `basic` nothing goes into the body. `proof` is
// the client's secret, with `assertion` the JWT.
void apply_client_auth(ClientAuthMethod method, std::string_view client_id, std::string_view proof,
                       FormFields& body, HeaderFields& headers);

}  // namespace postern
