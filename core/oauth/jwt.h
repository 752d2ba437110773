// Taking a JWS compact serialization apart (RFC 7515 3.1, RFC 7519). Decoding proves nothing:
// signatures are checked by WebCrypto with a key from jwks.h, claims by id_token.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"

namespace postern {

enum class JwtFault : std::uint8_t {
  too_large,
  not_three_parts,  // five are an encrypted token (RFC 7516), which nobody asked for
  not_base64url,
  bad_header,  // not a JSON object, or without `alg`
  bad_claims,  // not a JSON object
  critical,    // `crit` names extensions; we know none (RFC 7515 4.1.11)
};

struct JwtLimits {
  std::size_t max_bytes = 32UZ * 1024;
  std::size_t max_depth = 16;
};

struct Jwt {
  std::string alg;  // as it came, "none" too: refusing is the validator's
  std::string kid;
  std::string typ;
  Json claims;                // an object
  std::string signing_input;  // header.payload as it came
  std::string signature;      // bytes; empty with alg none
};

[[nodiscard]] Result<Jwt, JwtFault> decode_jwt(std::string_view token, JwtLimits limits = {});

// The payload alone, as cheaply as it goes; the header and the signature are not looked at. For
// display and routing, never for authentication.
[[nodiscard]] Result<Json, JwtFault> decode_jwt_claims(std::string_view token,
                                                       JwtLimits limits = {});

[[nodiscard]] std::string_view name_of(JwtFault fault);

}  // namespace postern
