// SHA-256 (FIPS 180-4). In the core and not in WebCrypto because PKCE, key lookup and state hashing
// are synchronous decisions on a few dozen bytes, and a crossing costs more than the hash.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

using Sha256Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);

// base64url(sha256(bytes)), 43 characters: the form in which secrets are looked up in stores.
[[nodiscard]] std::string sha256_base64url(std::string_view bytes);

}  // namespace postern
