#include "core/oauth/issuer_documents.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/base/base64url.h"
#include "core/base/json.h"
#include "core/oauth/jwks.h"
#include "tests/core/oauth/key_files.h"

using namespace postern;

TEST_CASE("the discovery document holds what a verifier reads, and no endpoint to sign in at") {
  CHECK(discovery_json("https://postern.example/issuer",
                       "https://postern.example/issuer/.well-known/jwks.json") ==
        R"({"issuer":"https://postern.example/issuer",)"
        R"("jwks_uri":"https://postern.example/issuer/.well-known/jwks.json",)"
        R"("response_types_supported":["id_token"],"subject_types_supported":["public"],)"
        R"("id_token_signing_alg_values_supported":["RS256"]})");
}

TEST_CASE("a published key is found by its thumbprint, for RS256 alone") {
  const auto key = rsa_key_of_pkcs8(private_key_der("rsa-2048.pem")).value();
  const auto other = rsa_key_of_certificate(certificate_der("rsa-2048-other.crt")).value();
  const auto set = parse_jwks(jwks_json(std::vector{other, key})).value();
  REQUIRE(set.keys.size() == 2);
  const auto found = find_key(set, jwk_thumbprint(key), "RS256");
  REQUIRE(found.has_value());
  CHECK(found->jwk == jwk_json(key));
  CHECK_FALSE(find_key(set, jwk_thumbprint(key), "PS256").has_value());
}

TEST_CASE("nothing private is published") {
  const auto key = rsa_key_of_pkcs8(private_key_der("rsa-2048.pem")).value();
  const auto set = parse_json(jwks_json(std::vector{key})).value();
  std::string names;
  for (const auto& member : json_member(set, "keys")->elements[0].elements) {
    names += member.name + " ";
  }
  CHECK(names == "kty use alg kid n e ");
}

TEST_CASE("a set may be empty") {
  CHECK(jwks_json({}) == R"({"keys":[]})");
}
