#include "core/oauth/assertion.h"

#include <algorithm>
#include <cstddef>

#include "core/base/base64url.h"
#include "core/base/json_writer.h"

namespace postern {
namespace {

// A random UUID (RFC 9562 5.4): the published examples of `jti` are UUIDs.
std::string uuid_of(std::string_view random_16_bytes) {
  if (random_16_bytes.size() != 16) __builtin_trap();
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    auto byte = static_cast<unsigned char>(random_16_bytes[i]);
    if (i == 6) byte = static_cast<unsigned char>((byte & 0x0f) | 0x40);
    if (i == 8) byte = static_cast<unsigned char>((byte & 0x3f) | 0x80);
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

struct Claims {
  std::string_view issuer;
  std::string_view subject;
  std::string_view audience;
  EpochMs now;
  DurationMs lifetime;
  std::string_view random_16_bytes;
};

std::string claims_json(const Claims& claims) {
  const auto now = claims.now / kSecondMs;
  const auto life = std::clamp(claims.lifetime, kSecondMs, kMaxAssertionLife) / kSecondMs;
  return JsonWriter()
      .begin_object()
      .member("aud", claims.audience)
      .member("iss", claims.issuer)
      .member("sub", claims.subject)
      .member("jti", uuid_of(claims.random_16_bytes))
      .member("iat", now)
      .member("nbf", now)
      .member("exp", now + life)
      .end_object()
      .take();
}

std::string header_json(std::string_view algorithm, std::string_view key_name,
                        std::string_view key) {
  return JsonWriter()
      .begin_object()
      .member("alg", algorithm)
      .member("typ", "JWT")
      .member(key_name, key)
      .end_object()
      .take();
}

}  // namespace

std::string jws_signing_input(std::string_view header, std::string_view claims) {
  return base64url_encode(header) + '.' + base64url_encode(claims);
}

std::string assemble_jws(std::string_view signing_input, std::string_view signature) {
  return std::string(signing_input) + '.' + base64url_encode(signature);
}

std::string client_assertion_input(const ClientAssertion& assertion) {
  return jws_signing_input(header_json(assertion.algorithm, "x5t#S256", assertion.thumbprint),
                           claims_json({.issuer = assertion.client_id,
                                        .subject = assertion.client_id,
                                        .audience = assertion.token_endpoint,
                                        .now = assertion.now,
                                        .lifetime = assertion.lifetime,
                                        .random_16_bytes = assertion.random_16_bytes}));
}

std::string federated_assertion_input(const FederatedAssertion& assertion) {
  return jws_signing_input(header_json("RS256", "kid", assertion.kid),
                           claims_json({.issuer = assertion.issuer,
                                        .subject = assertion.subject,
                                        .audience = assertion.audience,
                                        .now = assertion.now,
                                        .lifetime = assertion.lifetime,
                                        .random_16_bytes = assertion.random_16_bytes}));
}

}  // namespace postern
