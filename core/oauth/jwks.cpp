#include "core/oauth/jwks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/base64url.h"
#include "core/base/json.h"
#include "core/base/json_writer.h"
#include "core/oauth/id_token.h"
#include "core/oauth/rsa_key.h"

namespace postern {
namespace {

bool is_modulus(std::string_view text) {
  const auto bytes = base64url_decode(text);
  return bytes && is_rsa_modulus(*bytes);
}

bool is_exponent(std::string_view text) {
  const auto bytes = base64url_decode(text);
  return bytes && is_rsa_exponent(*bytes);
}

bool is_p256_coordinate(std::string_view text) {  // RFC 7518 6.2.1.2: always 32 bytes
  const auto bytes = base64url_decode(text);
  return bytes && bytes->size() == 32;
}

// RFC 7517 4.2, 4.3.
bool may_verify(const Json& key) {
  if (json_member(key, "use") != nullptr && json_string(key, "use") != "sig") return false;
  return json_member(key, "key_ops") == nullptr || json_lists(key, "key_ops", "verify");
}

std::optional<Jwk> read_key(const Json& key) {
  if (!key.is_object() || !may_verify(key)) return std::nullopt;
  // A private part that is published is everybody's (RFC 7518 6.2.2, 6.3.2).
  if (json_member(key, "d") != nullptr) return std::nullopt;
  Jwk jwk;
  jwk.kid = json_text(key, "kid");
  jwk.alg = json_text(key, "alg");
  jwk.issuer = json_text(key, "issuer");
  const std::string_view kind = json_text(key, "kty");
  JsonWriter writer;
  if (kind == "RSA") {
    const std::string_view modulus = json_text(key, "n");
    const std::string_view exponent = json_text(key, "e");
    if (!is_modulus(modulus) || !is_exponent(exponent)) return std::nullopt;
    jwk.rsa = true;
    writer.begin_object().member("kty", kind).member("n", modulus).member("e", exponent);
  } else if (kind == "EC" && json_string(key, "crv") == "P-256") {
    const std::string_view x = json_text(key, "x");
    const std::string_view y = json_text(key, "y");
    if (!is_p256_coordinate(x) || !is_p256_coordinate(y)) return std::nullopt;
    writer.begin_object().member("kty", kind).member("crv", "P-256").member("x", x).member("y", y);
  } else {
    return std::nullopt;
  }
  jwk.json = writer.end_object().take();
  return jwk;
}

}  // namespace

Result<Jwks, JwksFault> parse_jwks(std::string_view text) {
  const auto document = parse_reply(text, {.max_bytes = kMaxJwksBytes, .max_depth = 8});
  if (!document) return fail(JwksFault::not_a_key_set);
  const Json* keys = json_member(*document, "keys");
  if (keys == nullptr || !keys->is_array() || keys->elements.size() > kMaxJwksKeys) {
    return fail(JwksFault::not_a_key_set);
  }
  Jwks set;
  for (const Json& key : keys->elements) {
    if (auto jwk = read_key(key)) set.keys.push_back(std::move(*jwk));
  }
  return set;
}

Result<VerificationKey, JwksFault> find_key(const Jwks& set, std::string_view kid,
                                            std::string_view alg) {
  if (std::ranges::find(kIdTokenAlgorithms, alg) == kIdTokenAlgorithms.end()) {
    return fail(JwksFault::forbidden_algorithm);
  }
  const bool rsa = alg != "ES256";
  const Jwk* found = nullptr;
  for (const Jwk& key : set.keys) {
    if (key.rsa != rsa || (!key.alg.empty() && key.alg != alg)) continue;
    if (!kid.empty() && key.kid != kid) continue;
    if (found != nullptr) return fail(JwksFault::ambiguous_key);
    found = &key;
  }
  if (found == nullptr) return fail(JwksFault::unknown_key);
  return VerificationKey{.jwk = found->json, .alg = std::string(alg), .issuer = found->issuer};
}

}  // namespace postern
