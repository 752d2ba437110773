// A resource server that wants another token: WWW-Authenticate (RFC 9110 11.6.1, RFC 6750 3) with a
// claims challenge, as in learn.microsoft.com/entra/identity-platform/claims-challenge:
//
//   Bearer realm="", authorization_uri="https://…", error="insufficient_claims",
//   claims="eyJhY2Nlc3…"
//
// The word in `error` may be another one: invalid_token where a session was revoked.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern {

// The claims that the first such Bearer challenge of the header asks for: a JSON object as text, of
// printable ASCII and at most 4 KiB, which goes into the next token or authorization request as it
// is. It stands there in base64 or base64url, padded or not, or as it is. nullopt where no
// challenge asks, or asks for what is no JSON object.
[[nodiscard]] std::optional<std::string> claims_of_challenge(std::string_view www_authenticate);

}  // namespace postern
