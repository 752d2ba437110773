#include "core/oauth/claims.h"

#include <doctest/doctest.h>

#include "core/base/base64url.h"

using namespace postern;

TEST_CASE("claims are read from base64 and base64url") {
  const std::string claims = R"({"access_token":{"nbf":{"essential":true,"value":"1604106651"}}})";
  CHECK(decode_claims(base64url_encode(claims)) == claims);
  // learn.microsoft.com, "Claims challenges, claims requests, and client capabilities".
  CHECK(decode_claims("eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiY3AxIn19"
                      "fQ==") == R"({"access_token":{"acrs":{"essential":true,"value":"cp1"}}})");
  // "?>" in the text makes both alphabets differ.
  CHECK(decode_claims("eyJhIjoiPz4+In0") == R"({"a":"?>>"})");
  CHECK(decode_claims("eyJhIjoiPz4-In0=") == R"({"a":"?>>"})");
}

TEST_CASE("what holds no claims is refused") {
  for (const char* text :
       {"", "e30===", "e3=0", "bm90", "W10", "e30 ", "e", "%7B%7D", "eyJhIjoi4oKsIn0"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_claims(text).has_value());
  }
  CHECK(decode_claims("e30") == "{}");
  CHECK_FALSE(decode_claims(base64url_encode("{\"a\":\"" + std::string(4096, 'x') + "\"}")));
  CHECK_FALSE(decode_claims(std::string(1 << 20, 'A')));
}
