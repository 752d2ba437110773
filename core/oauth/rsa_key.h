// The public half of RSA keys, as certificates (RFC 5280 4.1), PKCS#8 (RFC 5208 section 5) and JSON
// Web Keys (RFC 7518 6.3.1) hold it. No parser of X.509: a certificate is walked as far as its key,
// its names, dates, extensions and signature are looked at by nobody here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace postern {

inline constexpr std::size_t kMinRsaBits = 2048;  // RFC 7518 3.3, 3.5
inline constexpr std::size_t kMaxRsaBits = 8192;  // larger only costs time

// Big-endian bytes without leading zeros.
struct RsaPublicKey {
  std::string modulus;
  std::string exponent;
  bool operator==(const RsaPublicKey&) const = default;
};

enum class RsaKeyFault : std::uint8_t {
  not_readable,  // no DER of that kind
  not_rsa,       // an elliptic curve, or RSA for PSS alone (RFC 4055)
  unfit_size,    // not of 2,048 to 8,192 bits
  unfit_key,     // an even modulus or exponent, a tiny or a huge exponent
};

[[nodiscard]] bool is_rsa_modulus(std::string_view bytes);
[[nodiscard]] bool is_rsa_exponent(std::string_view bytes);

[[nodiscard]] Result<RsaPublicKey, RsaKeyFault> rsa_key_of_certificate(std::string_view der);
// Of a key with two primes. That its private part belongs to the public one is left to the host,
// which imports it.
[[nodiscard]] Result<RsaPublicKey, RsaKeyFault> rsa_key_of_pkcs8(std::string_view der);

// What to do about it, for the operator.
[[nodiscard]] std::string_view advice_of(RsaKeyFault fault);

// base64url of SHA-256 of the certificate's DER: `x5t#S256` (RFC 7515 4.1.8).
[[nodiscard]] std::string thumbprint_sha256(std::string_view certificate_der);
// RFC 7638 section 3, with SHA-256: the `kid` of a key of ours.
[[nodiscard]] std::string jwk_thumbprint(const RsaPublicKey& key);
// {"kty":"RSA","n":…,"e":…}, for `verify_signature`.
[[nodiscard]] std::string jwk_json(const RsaPublicKey& key);

}  // namespace postern
