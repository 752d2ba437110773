#include "core/oauth/token_request.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/sha256.h"

using namespace postern;

namespace {

TokenEndpoint endpoint(ClientAuthMethod auth) {
  return {.url = "https://server.example.com/token",
          .auth = auth,
          .client_id = "s6BhdRkqt3",
          .client_secret = Secret(std::string("7Fjfp0ZBr1KtDRbnfVdmIw"))};
}

ValidatedCallback callback() {
  auto parsed = parse_callback("code=SplxlOBeZQQYbYS6WxSbIA&state=xyz");
  const IssuedState row{.attempt = "a",
                        .state_hash = sha256_base64url("xyz"),
                        .integration = "i",
                        .redirect_uri = "https://client.example.com/cb",
                        .code_challenge = {},
                        .expected_issuer = {}};
  return std::move(*validate_callback(std::move(*parsed), row, "i"));
}

FormFields fields_of(const TokenRequest& request) {
  return form_decode(request.body.reveal()).value();
}

std::string header(const TokenRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("the code request of RFC 6749 4.1.3 comes out with a verifier besides") {
  TokenEndpoint server = endpoint(ClientAuthMethod::basic);
  server.client_secret = Secret(std::string("gX1fBat3bV"));
  const TokenRequest request = make_code_token_request(server, callback(), "v-._~", {});
  CHECK(request.url == "https://server.example.com/token");
  CHECK(header(request, "authorization") == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
  CHECK(header(request, "content-type") == "application/x-www-form-urlencoded");
  CHECK(header(request, "accept") == "application/json");
  CHECK(request.body.reveal() ==
        "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"
        "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb&code_verifier=v-._%7E");
}

TEST_CASE("the refresh request of RFC 6749 2.3.1 has id and secret in the body") {
  const TokenRequest request =
      make_refresh_token_request(endpoint(ClientAuthMethod::post), "tGzv3JOkF0XG5Qx2TlKWIA", {});
  CHECK(request.body.reveal() ==
        "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA"
        "&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw");
  CHECK(header(request, "authorization").empty());
}

TEST_CASE("scope is sent with every refresh that asks for one") {
  const TokenRequest request = make_refresh_token_request(
      endpoint(ClientAuthMethod::post), "r",
      {.scope = "https://management.azure.com/user_impersonation", .claims = R"({"a":1})"});
  CHECK(form_single(fields_of(request), "claims") == R"({"a":1})");
  CHECK(form_single(fields_of(request), "scope") ==
        "https://management.azure.com/user_impersonation");
  CHECK(form_single(fields_of(make_code_token_request(endpoint(ClientAuthMethod::post), callback(),
                                                      "v", {.scope = "a b"})),
                    "scope") == "a b");
}

TEST_CASE("client credentials are asked for as in RFC 6749 4.4.2") {
  CHECK(make_client_credentials_request(endpoint(ClientAuthMethod::basic), {.scope = "all"})
            .body.reveal() == "grant_type=client_credentials&scope=all");
}

TEST_CASE("Basic encodes id and secret as a form first, so a colon cannot move the border") {
  TokenEndpoint odd = endpoint(ClientAuthMethod::basic);
  odd.client_id = "a:b";
  odd.client_secret = Secret(std::string("c d+%"));
  const TokenRequest request = make_client_credentials_request(odd, {});
  // base64("a%3Ab:c+d%2B%25")
  CHECK(header(request, "authorization") == "Basic YSUzQWI6YytkJTJCJTI1");
  CHECK(form_count(fields_of(request), "client_secret") == 0);
  CHECK(form_count(fields_of(request), "client_id") == 0);
}

TEST_CASE("Basic uses the padded alphabet of RFC 4648 section 4") {
  TokenEndpoint odd = endpoint(ClientAuthMethod::basic);
  odd.client_id = "~~";  // form-encoded %7E%7E
  odd.client_secret = Secret(std::string("1"));
  CHECK(header(make_client_credentials_request(odd, {}), "authorization") == "Basic JTdFJTdFOjE=");
}

TEST_CASE("a public client sends its id and no secret, even if it has one") {
  const TokenRequest request =
      make_refresh_token_request(endpoint(ClientAuthMethod::none), "r", {});
  CHECK(form_single(fields_of(request), "client_id") == "s6BhdRkqt3");
  CHECK_FALSE(request.body.reveal().contains("7Fjfp0ZBr1KtDRbnfVdmIw"));
  CHECK(header(request, "authorization").empty());
}

TEST_CASE("a signed assertion is sent as in RFC 7523 2.2, and no secret besides") {
  TokenEndpoint server = endpoint(ClientAuthMethod::assertion);
  server.client_assertion = Secret(std::string("eyJhbGciOiJFUzI1NiJ9.eyJpc3Mi.J9l-ZhwP"));
  const TokenRequest request = make_client_credentials_request(server, {.scope = "all"});
  CHECK(request.body.reveal() ==
        "grant_type=client_credentials&scope=all&client_id=s6BhdRkqt3"
        "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        "&client_assertion=eyJhbGciOiJFUzI1NiJ9.eyJpc3Mi.J9l-ZhwP");
  CHECK(header(request, "authorization").empty());
  for (const auto& other : {make_refresh_token_request(server, "r", {}),
                            make_code_token_request(server, callback(), "v", {})}) {
    CHECK(form_single(fields_of(other), "client_assertion_type") == kJwtAssertionType);
    CHECK(form_count(fields_of(other), "client_secret") == 0);
  }
}

TEST_CASE("an assertion that lies about is not sent by another method") {
  for (const auto auth :
       {ClientAuthMethod::post, ClientAuthMethod::basic, ClientAuthMethod::none}) {
    TokenEndpoint server = endpoint(auth);
    server.client_assertion = Secret(std::string("eyJhbGciOiJFUzI1NiJ9.eyJpc3Mi.J9l-ZhwP"));
    const auto request = make_client_credentials_request(server, {});
    CHECK_FALSE(request.body.reveal().contains("assertion"));
  }
}

TEST_CASE("no token can break out of its field") {
  const TokenRequest request =
      make_refresh_token_request(endpoint(ClientAuthMethod::post), "a&scope=all#b", {});
  CHECK(form_single(fields_of(request), "refresh_token") == "a&scope=all#b");
  CHECK(form_count(fields_of(request), "scope") == 0);
}
