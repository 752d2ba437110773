#include "core/oauth/jwks.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/base64url.h"
#include "tests/core/fault_of.h"

using namespace postern;

namespace {

std::string modulus(std::size_t bits, bool odd = true) {
  std::string bytes(bits / 8, '\x5a');
  bytes.front() = '\x80';
  bytes.back() = odd ? '\x01' : '\x02';
  return base64url_encode(bytes);
}

std::string rsa(std::string_view kid, std::string_view more = "", std::size_t bits = 2048) {
  return R"({"kty":"RSA","e":"AQAB","kid":")" + std::string(kid) + R"(","n":")" + modulus(bits) +
         '"' + std::string(more) + '}';
}

std::string p256(std::string_view kid, std::string_view more = "") {
  const std::string coordinate = base64url_encode(std::string(32, 'c'));
  return R"({"kty":"EC","crv":"P-256","kid":")" + std::string(kid) + R"(","x":")" + coordinate +
         R"(","y":")" + coordinate + '"' + std::string(more) + '}';
}

std::size_t usable(const std::string& keys) {
  const auto set = parse_jwks(R"({"keys":[)" + keys + "]}");
  REQUIRE(set.has_value());
  return set->keys.size();
}

JwksFault fault(const std::string& keys, std::string_view kid, std::string_view alg) {
  return fault_of(find_key(*parse_jwks(R"({"keys":[)" + keys + "]}"), kid, alg));
}

}  // namespace

TEST_CASE("a key is found by kid and handed on with nothing but its public numbers") {
  const auto set = parse_jwks(R"({"keys":[)" + rsa("a", R"(,"use":"sig","x5c":["MII"],"ext":1)") +
                              "," + rsa("b") + "]}");
  const auto key = find_key(*set, "a", "RS256");
  REQUIRE(key.has_value());
  CHECK(key->alg == "RS256");
  CHECK(key->jwk == R"({"kty":"RSA","n":")" + modulus(2048) + R"(","e":"AQAB"})");
}

TEST_CASE("a byte order mark before the keys is no part of them") {
  // instructure/canvas-lms#2639.
  CHECK(parse_jwks("\xEF\xBB\xBF{\"keys\":[" + rsa("a") + "]}")->keys.size() == 1);
}

TEST_CASE("an unknown kid asks for the set to be fetched again, not for any other key") {
  CHECK(fault(rsa("a"), "b", "RS256") == JwksFault::unknown_key);
  CHECK(fault("", "a", "RS256") == JwksFault::unknown_key);
  CHECK(fault("", "", "RS256") == JwksFault::unknown_key);
}

TEST_CASE("without a kid there must be exactly one key that fits") {
  CHECK(find_key(*parse_jwks(R"({"keys":[)" + rsa("a") + "," + p256("b") + "]}"), "", "RS256")
            .has_value());
  CHECK(fault(rsa("a") + "," + rsa("b"), "", "RS256") == JwksFault::ambiguous_key);
  CHECK(fault(rsa("a") + "," + rsa("a"), "a", "RS256") == JwksFault::ambiguous_key);
}

TEST_CASE("a public key is never a symmetric one: no oct, no HS256, no none") {
  CHECK(usable(R"({"kty":"oct","k":"AAAA","kid":"a"})") == 0);
  for (const char* alg : {"HS256", "none", "", "RS1", "ES512"}) {
    CHECK(fault(rsa("a"), "a", alg) == JwksFault::forbidden_algorithm);
  }
}

TEST_CASE("the key's type and alg must fit the token's") {
  CHECK(fault(rsa("a"), "a", "ES256") == JwksFault::unknown_key);
  CHECK(fault(p256("a"), "a", "RS256") == JwksFault::unknown_key);
  CHECK(fault(rsa("a", R"(,"alg":"PS256")"), "a", "RS256") == JwksFault::unknown_key);
  CHECK(find_key(*parse_jwks(R"({"keys":[)" + p256("a") + "]}"), "a", "ES256").has_value());
  CHECK(find_key(*parse_jwks(R"({"keys":[)" + rsa("a", R"(,"alg":"RS256")") + "," +
                             rsa("a", R"(,"alg":"PS256")") + "]}"),
                 "a", "PS256")
            .has_value());
}

TEST_CASE("keys for other uses are skipped") {
  CHECK(usable(rsa("a", R"(,"use":"enc")")) == 0);
  CHECK(usable(rsa("a", R"(,"use":7)")) == 0);
  CHECK(usable(rsa("a", R"(,"key_ops":["encrypt"])")) == 0);
  CHECK(usable(rsa("a", R"(,"key_ops":"verify")")) == 0);
  CHECK(usable(rsa("a", R"(,"use":"sig","key_ops":["verify"])")) == 1);
}

TEST_CASE("RSA keys have 2,048 to 8,192 bits") {
  CHECK(usable(rsa("a", "", 2048)) == 1);
  CHECK(usable(rsa("a", "", 2040)) == 0);
  CHECK(usable(rsa("a", "", 1024)) == 0);
  CHECK(usable(rsa("a", "", 8192)) == 1);
  CHECK(usable(rsa("a", "", 8200)) == 0);
  // Leading zeros do not make a short key long.
  const std::string padded = base64url_encode(std::string(200, '\0') + std::string(128, '\x7f'));
  CHECK(usable(R"({"kty":"RSA","e":"AQAB","n":")" + padded + "\"}") == 0);
}

TEST_CASE("RSA numbers that cannot be a key are skipped") {
  CHECK(usable(R"({"kty":"RSA","e":"AQ","n":")" + modulus(2048) + "\"}") == 0);  // 1
  CHECK(usable(R"({"kty":"RSA","e":"Ag","n":")" + modulus(2048) + "\"}") == 0);  // 2
  CHECK(usable(R"({"kty":"RSA","e":"Aw","n":")" + modulus(2048) + "\"}") == 1);  // 3
  CHECK(usable(R"({"kty":"RSA","e":"","n":")" + modulus(2048) + "\"}") == 0);
  CHECK(usable(R"({"kty":"RSA","e":"AQAB","n":")" + modulus(2048, false) + "\"}") == 0);
  CHECK(usable(R"({"kty":"RSA","e":"AQAB","n":"++"})") == 0);
  CHECK(usable(R"({"kty":"RSA","e":"AQAB"})") == 0);
}

TEST_CASE("EC keys are whole points of P-256") {
  CHECK(usable(p256("a")) == 1);
  CHECK(usable(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})") == 0);
  CHECK(usable(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})") == 0);
}

TEST_CASE("a key published with its private part is nobody's") {
  CHECK(usable(rsa("a", R"(,"d":"AQAB")")) == 0);
  CHECK(usable(p256("a", R"(,"d":"AQAB")")) == 0);
}

TEST_CASE("what is no key set is refused, strange keys in one are skipped") {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})"}) {
    CHECK(fault_of(parse_jwks(text)) == JwksFault::not_a_key_set);
  }
  CHECK(usable(R"(7,null,[],"x",{},{"kty":"OKP"},)" + rsa("a")) == 1);
  std::string many = "{}";
  for (int i = 0; i < 64; ++i) many += ",{}";
  CHECK(fault_of(parse_jwks(R"({"keys":[)" + many + "]}")) == JwksFault::not_a_key_set);
  CHECK(fault_of(parse_jwks(R"({"keys":[],"x":")" + std::string(kMaxJwksBytes, 'x') + "\"}")) ==
        JwksFault::not_a_key_set);
}
