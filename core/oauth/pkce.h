// Proof Key for Code Exchange (RFC 7636), S256 only: "plain" protects nothing that a secret in the
// authorization request could not leak.
#pragma once

#include <string>
#include <string_view>

#include "core/base/secret.h"

namespace postern {

struct PkcePair {
  Secret verifier;        // 43 characters, 256 bits (RFC 7636 4.1, 7.1)
  std::string challenge;  // base64url(sha256(verifier)), 43 characters (RFC 7636 4.2)
};

// Takes exactly 32 random bytes; any other number is a programming error and traps, since a short
// verifier would look like a good one.
[[nodiscard]] PkcePair make_pkce(std::string_view random_32_bytes);

[[nodiscard]] std::string s256_challenge(std::string_view verifier);

// 43..128 unreserved characters (RFC 7636 4.1).
[[nodiscard]] bool is_code_verifier(std::string_view text);

// What S256 can produce: 43 characters of canonical base64url.
[[nodiscard]] bool is_s256_challenge(std::string_view text);

}  // namespace postern
