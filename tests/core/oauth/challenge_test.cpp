#include "core/oauth/challenge.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/base/base64url.h"

using namespace postern;

namespace {

std::string claims(std::string_view header) {
  return claims_of_challenge(header).value_or("none");
}

std::string bearer(std::string_view claims) {
  return "Bearer error=\"insufficient_claims\", claims=\"" + std::string(claims) + "\"";
}

}  // namespace

// learn.microsoft.com/entra/identity-platform/claims-challenge
TEST_CASE("the challenge of the documentation is read") {
  CHECK(claims("Bearer realm=\"\", "
               "authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", "
               "error=\"insufficient_claims\", "
               "claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiY3AxIn"
               "19fQ==\"") == R"({"access_token":{"acrs":{"essential":true,"value":"cp1"}}})");
}

// Continuous access evaluation at other services: github.com/Azure/azure-sdk-for-js/pull/31140.
TEST_CASE("a token that was revoked is challenged by the time from which a new one must be") {
  CHECK(claims(bearer("eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzI2MDc3"
                      "NTk1In0sInhtc19jYWVlcnJvciI6eyJ2YWx1ZSI6IjEwMDEyIn19fQ==")) ==
        R"({"access_token":{"nbf":{"essential":true,"value":"1726077595"},)"
        R"("xms_caeerror":{"value":"10012"}}})");
}

// azure-sdk-for-python: sdk/core/azure-mgmt-core/tests/test_authentication.py; the same in the
// tests of the SDKs for Go and JavaScript.
TEST_CASE("Azure Resource Manager calls the token invalid beside its claims") {
  CHECK(claims("Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", "
               "error_description=\"User session has been revoked\", "
               "claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTYw"
               "Mzc0MjgwMCJ9fX0=\"") ==
        R"({"access_token":{"nbf":{"essential":true, "value":"1603742800"}}})");
  CHECK(claims("Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", "
               "error_description=\"Tenant IP Policy validate failed.\", "
               "claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjEw"
               "NTYzMDA2In0sInhtc19ycF9pcGFkZHIiOnsidmFsdWUiOiIxLjIuMy40In19fQ\"") ==
        R"({"access_token":{"nbf":{"essential":true,"value":"1610563006"},)"
        R"("xms_rp_ipaddr":{"value":"1.2.3.4"}}})");
  CHECK(claims("Bearer claims=\"e30\"") == "{}");
}

TEST_CASE("several challenges in one header, of any scheme and in any order") {
  const std::string wanted = R"({"access_token":{"foo":"bar"}})";
  const std::string one = bearer("eyJhY2Nlc3NfdG9rZW4iOnsiZm9vIjoiYmFyIn19");
  CHECK(claims(one) == wanted);
  CHECK(claims("PoP realm=\"\", nonce=\"ey==\", " + one) == wanted);
  CHECK(claims(one + ", PoP realm=\"x\", error=\"invalid_token\"") == wanted);
  CHECK(claims("Negotiate, Basic realm=\"Bearer error=\", " + one + ", NTLM") == wanted);
  CHECK(claims("Negotiate TlRMTVNTUAAC==, " + one) == wanted);
  CHECK(claims("Bearer realm=\"\", error=\"invalid_token\", " + one) == wanted);
  // What is of another challenge is not of this one.
  CHECK(claims("PoP error=\"insufficient_claims\", claims=\"e30\", Bearer realm=\"\"") == "none");
  CHECK(claims("Bearer error=\"insufficient_claims\", PoP claims=\"e30\"") == "none");
  CHECK(claims("Basic realm=\"" + std::string("Bearer error=\\\"insufficient_claims\\\", ") +
               "claims=\\\"e30\\\"\"") == "none");
}

TEST_CASE("names in upper case, blanks, tabs, missing quotes and padding") {
  const std::string wanted = R"({"a":"??>>"})";
  CHECK(claims("BEARER ERROR=\"insufficient_claims\",CLAIMS=\"eyJhIjoiPz8+PiJ9\"") == wanted);
  CHECK(claims("bearer error = insufficient_claims ,\tclaims = eyJhIjoiPz8-PiJ9") == wanted);
  CHECK(claims(bearer("eyJhIjoiPz8-PiJ9")) == wanted);
  CHECK(claims(bearer("eyJhIjoiPz8+PiJ9==")) == wanted);
  CHECK(claims(bearer("e30=")) == "{}");
  CHECK(claims(bearer("e30")) == "{}");
  CHECK(claims("  Bearer   error=\"insufficient\\_claims\" , claims=\"e\\30\"  ") == "{}");
  CHECK(claims(bearer(R"({\"access_token\":{\"a\":\"\\\\\"}})")) ==
        R"({"access_token":{"a":"\\"}})");
}

TEST_CASE("what asks for nothing, or for what is no JSON object") {
  CHECK(claims("") == "none");
  CHECK(claims("Bearer") == "none");
  CHECK(claims("Bearer realm=\"\", error=\"invalid_token\"") == "none");
  CHECK(claims("Bearer error=\"insufficient_claims\"") == "none");
  CHECK(claims(bearer("")) == "none");
  CHECK(claims(bearer("W10=")) == "none");  // []
  CHECK(claims(bearer("not base64")) == "none");
  CHECK(claims(bearer("e30*")) == "none");
  CHECK(claims(bearer("eyJhIjox")) == "none");          // cut off
  CHECK(claims(bearer("eyJhIjoiw6kifQ==")) == "none");  // é
  CHECK(claims(bearer("eyJhIjoKMX0=")) == "none");      // a line break
  CHECK(claims("Bearer error=\"insufficient_claims\", claims=\"e30") == "{}");
  CHECK(claims("=,=\"\",\"Bearer") == "none");
}

TEST_CASE("claims of more than 4 KiB are not taken") {
  const auto sized = [](std::size_t bytes) {
    return base64url_encode("{\"a\":\"" + std::string(bytes - 8, 'x') + "\"}");
  };
  CHECK(claims(bearer(sized(4096))).size() == 4096);
  CHECK(claims(bearer(sized(4097))) == "none");
  CHECK(claims(bearer(std::string(100'000, 'x'))) == "none");
}
