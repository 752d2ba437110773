// Claims challenges: what an API or a token endpoint wants the next token to satisfy (OIDC
// Core 5.5, the `claims` request parameter).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

inline constexpr std::size_t kMaxClaimsBytes = 4UZ * 1024;

// A JSON object of printable ASCII, at most kMaxClaimsBytes, 8 levels deep: only whole is it of
// use, and what is not one would break the next request.
[[nodiscard]] bool is_claims(std::string_view text);

// As it comes in a WWW-Authenticate header (learn.microsoft.com, "Claims challenges, claims
// requests, and client capabilities"): base64 or base64url, with or without padding. nullopt where
// it holds no claims.
[[nodiscard]] std::optional<std::string> decode_claims(std::string_view encoded);

}  // namespace postern
