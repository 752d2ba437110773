// PEM (RFC 7468) of what an operator hands over: a certificate, or a private key in PKCS#8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/secret.h"

namespace postern {

inline constexpr std::size_t kMaxPemBytes = 16UZ * 1024;

enum class PemFault : std::uint8_t {
  too_large,
  no_block,
  several_blocks,
  encrypted_key,
  pkcs1_key,    // "RSA PRIVATE KEY", the form of OpenSSL before 1.0
  other_block,  // a key where a certificate is wanted, and the like
  damaged,
};

// The DER of the one block in the text. What stands before and behind it is not looked at (RFC 7468
// section 2).
[[nodiscard]] Result<std::string, PemFault> decode_certificate_pem(std::string_view text);
[[nodiscard]] Result<Secret, PemFault> decode_private_key_pem(std::string_view text);

// What is wrong and what to do, for the operator. Nothing of the text is in it.
[[nodiscard]] std::string_view advice_of(PemFault fault);

}  // namespace postern
