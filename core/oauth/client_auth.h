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
  post,   // client_id and client_secret in the body
  basic,  // Authorization: Basic, id and secret form-encoded first (RFC 6749 2.3.1)
  none,   // public client: client_id in the body, no secret (RFC 6749 3.2.1)
};

// Adds what the method needs to one of the two. With `basic` nothing goes into the body.
void apply_client_auth(ClientAuthMethod method, std::string_view client_id,
                       std::string_view client_secret, FormFields& body, HeaderFields& headers);

}  // namespace postern
