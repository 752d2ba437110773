#include "core/oauth/jwt.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/base64url.h"
#include "tests/core/fault_of.h"

using namespace postern;

namespace {
std::string token(std::string_view header, std::string_view claims, std::string_view sig = "s") {
  return base64url_encode(header) + '.' + base64url_encode(claims) + '.' + base64url_encode(sig);
}
JwtFault fault(std::string_view text) {
  return fault_of(decode_jwt(text));
}
constexpr std::string_view kHeader = R"({"alg":"RS256","kid":"k1","typ":"JWT"})";
}  // namespace

TEST_CASE("the example of RFC 7515 A.1 is taken apart") {
  const auto jwt = decode_jwt(
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  REQUIRE(jwt.has_value());
  CHECK(jwt->alg == "HS256");
  CHECK(jwt->typ == "JWT");
  CHECK(jwt->kid.empty());
  CHECK(json_string(jwt->claims, "iss") == "joe");
  CHECK(json_integer(jwt->claims, "exp") == 1300819380);
  CHECK(jwt->signature.size() == 32);
  CHECK(jwt->signing_input.ends_with("fQ"));
}

TEST_CASE("claims decode without a look at header and signature") {
  CHECK(json_string(*decode_jwt_claims("!.e30K.!"), "x") == std::nullopt);
  CHECK(json_string(*decode_jwt_claims(token("", R"({"sub":"a"})", "")), "sub") == "a");
  CHECK(fault_of(decode_jwt_claims("a.b")) == JwtFault::not_three_parts);
  CHECK(fault_of(decode_jwt_claims(token("", "[]", ""))) == JwtFault::bad_claims);
}

TEST_CASE("alg none decodes, for the validator to refuse") {
  const auto jwt = decode_jwt(token(R"({"alg":"none"})", "{}", ""));
  REQUIRE(jwt.has_value());
  CHECK(jwt->alg == "none");
  CHECK(jwt->signature.empty());
}

TEST_CASE("three parts, no more and no less") {
  for (const char* text : {"", "a", "a.b", "a.b.c.d", "a.b.c.d.e"}) {
    CHECK(fault(text) == JwtFault::not_three_parts);
  }
}

TEST_CASE("parts are strict base64url") {
  CHECK(fault("e30=.e30.") == JwtFault::not_base64url);
  CHECK(fault(token(kHeader, "{}") + "=") == JwtFault::not_base64url);
  CHECK(fault(token(kHeader, "{}") + "+") == JwtFault::not_base64url);
}

TEST_CASE("a header is a JSON object with alg") {
  for (const char* header :
       {"", "[]", "{}", R"({"alg":""})", R"({"alg":1})", R"({"alg":"RS256","alg":"none"})",
        R"({"alg":"RS256","kid":7})", R"({"alg":"RS256","typ":[]})"}) {
    CHECK(fault(token(header, "{}")) == JwtFault::bad_header);
  }
  CHECK(fault(token(R"({"alg":"RS256","kid":")" + std::string(257, 'k') + "\"}", "{}")) ==
        JwtFault::bad_header);
}

TEST_CASE("critical extensions are refused, since none is known (RFC 7515 4.1.11)") {
  CHECK(fault(token(R"({"alg":"RS256","crit":["b64"],"b64":false})", "{}")) == JwtFault::critical);
  CHECK(fault(token(R"({"alg":"RS256","crit":[]})", "{}")) == JwtFault::critical);
}

TEST_CASE("claims are a JSON object without repeated names") {
  for (const char* claims : {"", "7", "[]", R"({"sub":"a","sub":"b"})", "{", "\xff"}) {
    CHECK(fault(token(kHeader, claims)) == JwtFault::bad_claims);
  }
}

TEST_CASE("a name that is no text does not keep its owner out") {
  for (const char* claims :
       {R"({"sub":"a","name":"\ud83d"})", "{\"sub\":\"a\",\"name\":\"\xe9\"}"}) {
    CHECK(json_text(decode_jwt(token(kHeader, claims))->claims, "sub") == "a");
  }
}

TEST_CASE("size and depth are bounded") {
  CHECK(fault(std::string(32 * 1024 + 1, 'a')) == JwtFault::too_large);
  CHECK(fault(token(kHeader, "{\"a\":" + std::string(16, '[') + std::string(16, ']') + "}")) ==
        JwtFault::bad_claims);
  CHECK(fault_of(decode_jwt(token(kHeader, "{}"), {.max_bytes = 16})) == JwtFault::too_large);
}
