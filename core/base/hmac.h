// HMAC-SHA256 (RFC 2104), in the core for the same reason as SHA-256.
#pragma once

#include <string_view>

#include "core/base/sha256.h"

namespace postern {

[[nodiscard]] Sha256Digest hmac_sha256(std::string_view key, std::string_view message);

}  // namespace postern
