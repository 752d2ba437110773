// base64url without padding (RFC 4648 section 5, RFC 7515 appendix C).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern {

[[nodiscard]] std::string base64url_encode(std::string_view bytes);

// Strict: no padding, no whitespace, no foreign alphabet, unused trailing bits must be zero.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace postern
