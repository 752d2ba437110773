#include "core/oauth/assertion.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/base64url.h"
#include "core/oauth/jwt.h"
#include "core/provider/microsoft.h"

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'601'519'114'999;
constexpr std::string_view kRandom(
    "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);

std::string header_of(std::string_view input) {
  return base64url_decode(input.substr(0, input.find('.'))).value();
}
std::string claims_of(std::string_view input) {
  return base64url_decode(input.substr(input.find('.') + 1)).value();
}

ClientAssertion client() {
  return {.algorithm = "PS256",
          .thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0",
          .client_id = "11112222-bbbb-3333-cccc-4444dddd5555",
          .token_endpoint = "https://login.example/t/oauth2/v2.0/token",
          .now = kNow,
          .random_16_bytes = kRandom};
}

std::int64_t life_of(DurationMs lifetime) {
  auto assertion = client();
  assertion.lifetime = lifetime;
  const auto input = client_assertion_input(assertion);
  const auto jwt = decode_jwt(assemble_jws(input, "s")).value();
  return json_integer(jwt.claims, "exp").value() - json_integer(jwt.claims, "nbf").value();
}

}  // namespace

TEST_CASE("the example of RFC 7515 A.2 is put together") {
  const auto input = jws_signing_input(R"({"alg":"RS256"})",
                                       "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                       "\"http://example.com/is_root\":true}");
  CHECK(input ==
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
        "mNvbS9pc19yb290Ijp0cnVlfQ");
  const std::string signature =
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
      "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
      "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
      "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
  CHECK(assemble_jws(input, base64url_decode(signature).value()) == input + "." + signature);
}

TEST_CASE("a client says who it is, to one endpoint, for five minutes") {
  const auto input = client_assertion_input(client());
  CHECK(header_of(input) ==
        R"({"alg":"PS256","typ":"JWT","x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"})");
  CHECK(claims_of(input) == R"({"aud":"https://login.example/t/oauth2/v2.0/token",)"
                            R"("iss":"11112222-bbbb-3333-cccc-4444dddd5555",)"
                            R"("sub":"11112222-bbbb-3333-cccc-4444dddd5555",)"
                            R"("jti":"00112233-4455-4677-8899-aabbccddeeff",)"
                            R"("iat":1601519114,"nbf":1601519114,"exp":1601519414})");
}

TEST_CASE("no assertion lives for longer than ten minutes, nor for no time at all") {
  CHECK(life_of(kMinuteMs) == 60);
  CHECK(life_of(10 * kMinuteMs) == 600);
  CHECK(life_of(10 * kMinuteMs + kSecondMs) == 600);
  CHECK(life_of(kDayMs) == 600);
  CHECK(life_of(0) == 1);
  CHECK(life_of(-kDayMs) == 1);
}

TEST_CASE("other random bytes make another jti") {
  auto other = client();
  const std::string random(16, '\xff');
  other.random_16_bytes = random;
  const auto claims = claims_of(client_assertion_input(other));
  CHECK(claims.contains(R"("jti":"ffffffff-ffff-4fff-bfff-ffffffffffff")"));
}

TEST_CASE("no id breaks out of its claim") {
  auto odd = client();
  odd.client_id = R"(a","aud":"b)";
  const auto jwt = decode_jwt(assemble_jws(client_assertion_input(odd), "s")).value();
  CHECK(json_string(jwt.claims, "iss") == odd.client_id);
  CHECK(json_string(jwt.claims, "aud") == odd.token_endpoint);
}

TEST_CASE("a token of our own names issuer, subject and the audience of token exchange") {
  const auto input = federated_assertion_input({.issuer = "https://postern.example/issuer",
                                                .subject = "org:acme",
                                                .audience = kTokenExchangeAudience,
                                                .kid = "k1",
                                                .now = kNow,
                                                .random_16_bytes = kRandom});
  CHECK(header_of(input) == R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  CHECK(claims_of(input) ==
        R"({"aud":"api://AzureADTokenExchange","iss":"https://postern.example/issuer",)"
        R"("sub":"org:acme","jti":"00112233-4455-4677-8899-aabbccddeeff",)"
        R"("iat":1601519114,"nbf":1601519114,"exp":1601519414})");
}
