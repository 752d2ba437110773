// JSON Web Key Sets (RFC 7517): which public key a signature is to be checked with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/oauth/rsa_key.h"

namespace postern {

inline constexpr std::size_t kMaxJwksBytes = 128UZ * 1024;
inline constexpr std::size_t kMaxJwksKeys = 64;

enum class JwksFault : std::uint8_t {
  not_a_key_set,  // not JSON, no `keys` array, too large, too many
  unknown_key,    // no usable key with that kid: fetch the set once more, rate-limited
  ambiguous_key,  // several fit
  forbidden_algorithm,
};

struct Jwk {
  std::string kid;
  std::string alg;   // empty: any that fits the key
  bool rsa = false;  // else P-256
  // Entra: whose tokens this key signs, with "{tenantid}" for every directory; elsewhere empty.
  std::string issuer;
  // Only kty, n, e or kty, crv, x, y, for crypto.subtle.importKey("jwk", …).
  std::string json;
};

struct Jwks {
  std::vector<Jwk> keys;
};

struct VerificationKey {
  std::string jwk;     // JSON text
  std::string alg;     // RS256, PS256 or ES256
  std::string issuer;  // as in Jwk
};

// Keeps what can verify a signature; skips the rest, as RFC 7517 5 says: symmetric and unknown
// `kty`, `use` other than "sig", `key_ops` without "verify", RSA outside 2,048..8,192 bits or with
// an even or tiny exponent, EC other than P-256, keys published with their private part.
[[nodiscard]] Result<Jwks, JwksFault> parse_jwks(std::string_view text);

// `kid` and `alg` from the token's header. Without a kid the set must hold exactly one fitting key.
[[nodiscard]] Result<VerificationKey, JwksFault> find_key(const Jwks& set, std::string_view kid,
                                                          std::string_view alg);

}  // namespace postern
