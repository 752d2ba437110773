#include "core/oauth/discovery.h"

#include <array>
#include <doctest/doctest.h>
#include <string>

#include "tests/core/fault_of.h"

using namespace postern;

namespace {
constexpr std::string_view kIssuer = "https://server.example.com";
std::string document(std::string_view more = "") {
  return R"({"issuer":"https://server.example.com",
    "authorization_endpoint":"https://server.example.com/authorize",
    "token_endpoint":"https://server.example.com/token",
    "jwks_uri":"https://server.example.com/jwks.json")" +
         std::string(more) + "}";
}
}  // namespace

TEST_CASE("metadata of RFC 8414 3.2 is read") {
  const auto metadata =
      parse_server_metadata(document(R"(,"revocation_endpoint":"https://server.example.com/revoke",
        "userinfo_endpoint":null,"code_challenge_methods_supported":["plain","S256"],
        "authorization_response_iss_parameter_supported":true)"),
                            kIssuer);
  REQUIRE(metadata.has_value());
  CHECK(metadata->issuer == kIssuer);
  CHECK(metadata->authorization_endpoint == "https://server.example.com/authorize");
  CHECK(metadata->token_endpoint == "https://server.example.com/token");
  CHECK(metadata->jwks_uri == "https://server.example.com/jwks.json");
  CHECK(metadata->revocation_endpoint == "https://server.example.com/revoke");
  CHECK(metadata->userinfo_endpoint.empty());
  CHECK(metadata->s256_advertised);
  CHECK(metadata->issuer_in_callback);
}

TEST_CASE("metadata of another issuer is refused, be it off by a slash") {
  for (const char* expected : {"https://server.example.com/", "https://evil.example", ""}) {
    CHECK(fault_of(parse_server_metadata(document(), expected)) == DiscoveryFault::wrong_issuer);
  }
  CHECK(fault_of(parse_server_metadata("{}", "")) == DiscoveryFault::wrong_issuer);
}

TEST_CASE("Entra's template is an issuer like any other here") {
  CHECK(parse_server_metadata(
            R"({"issuer":"https://login.example.com/{tenantid}/v2.0",
                "authorization_endpoint":"https://login.example.com/a",
                "token_endpoint":"https://login.example.com/t"})",
            "https://login.example.com/{tenantid}/v2.0")
            .has_value());
}

TEST_CASE("an endpoint that Postern would not call makes the whole metadata unusable") {
  for (const char* url : {"http://server.example.com/r", "https://127.0.0.1/r", "//evil.example",
                          "https://a@evil.example/", "javascript:alert(1)", "7"}) {
    const std::string more = R"(,"revocation_endpoint":")" + std::string(url) + '"';
    CHECK(fault_of(parse_server_metadata(document(more), kIssuer)) == DiscoveryFault::bad_endpoint);
  }
  CHECK(fault_of(parse_server_metadata(document(R"(,"userinfo_endpoint":7)"), kIssuer)) ==
        DiscoveryFault::bad_endpoint);
}

TEST_CASE("authorization and token endpoint are needed") {
  CHECK(fault_of(parse_server_metadata(R"({"issuer":"https://server.example.com"})", kIssuer)) ==
        DiscoveryFault::missing_endpoint);
  CHECK(fault_of(parse_server_metadata("[]", kIssuer)) == DiscoveryFault::not_metadata);
  CHECK(fault_of(parse_server_metadata("", kIssuer)) == DiscoveryFault::not_metadata);
}

TEST_CASE("an insecure origin is taken only when the policy names it") {
  const std::array<std::string, 1> allowed = {"http://localhost:4000"};
  const std::string text = R"({"issuer":"http://localhost:4000",
    "authorization_endpoint":"http://localhost:4000/a","token_endpoint":"http://localhost:4000/t"})";
  CHECK(parse_server_metadata(text, "http://localhost:4000", {.allowed_origins = allowed})
            .has_value());
  CHECK(fault_of(parse_server_metadata(text, "http://localhost:4000")) ==
        DiscoveryFault::bad_endpoint);
}

TEST_CASE("the two well-known addresses differ where the issuer has a path") {
  CHECK(openid_metadata_url("https://example.com/issuer1") ==
        "https://example.com/issuer1/.well-known/openid-configuration");
  CHECK(openid_metadata_url("https://example.com/") ==
        "https://example.com/.well-known/openid-configuration");
  CHECK(oauth_metadata_url("https://example.com/issuer1") ==
        "https://example.com/.well-known/oauth-authorization-server/issuer1");
  CHECK(oauth_metadata_url("https://example.com") ==
        "https://example.com/.well-known/oauth-authorization-server");
  CHECK_FALSE(oauth_metadata_url("http://example.com"));
  CHECK_FALSE(oauth_metadata_url("https://example.com/?a=b"));
}
