// JSON Web Tokens that Postern signs: what is signed is made here, the signature by the host
// (core/effect/effects.h, Sign), and assemble_jws puts the two together (RFC 7515 3.1).
#pragma once

#include <string>
#include <string_view>

#include "core/base/time.h"

namespace postern {

// base64url(header).base64url(claims), the input of the signature (RFC 7515 section 5.1).
[[nodiscard]] std::string jws_signing_input(std::string_view header, std::string_view claims);
[[nodiscard]] std::string assemble_jws(std::string_view signing_input, std::string_view signature);

// Longer than that no assertion lives, whatever is asked for.
inline constexpr DurationMs kMaxAssertionLife = 10 * kMinuteMs;

// RFC 7523 section 3: the client says who it is to the token endpoint.
struct ClientAssertion {
  std::string_view algorithm;   // RS256, PS256
  std::string_view thumbprint;  // thumbprint_sha256 of the certificate
  std::string_view client_id;
  std::string_view token_endpoint;
  EpochMs now = 0;
  DurationMs lifetime = 5 * kMinuteMs;
  std::string_view random_16_bytes;  // any other number traps
};
[[nodiscard]] std::string client_assertion_input(const ClientAssertion& assertion);

// A token of Postern as the issuer, for a server that trusts it: a federated credential.
struct FederatedAssertion {
  std::string_view issuer;
  std::string_view subject;
  std::string_view audience;
  std::string_view kid;  // jwk_thumbprint of the key that signs, by RS256
  EpochMs now = 0;
  DurationMs lifetime = 5 * kMinuteMs;
  std::string_view random_16_bytes;
};
[[nodiscard]] std::string federated_assertion_input(const FederatedAssertion& assertion);

}  // namespace postern
