#include "core/oauth/issuer.h"

#include <doctest/doctest.h>

using namespace postern;

namespace {
constexpr std::string_view kTid = "b9419818-09af-49c2-b0c3-653adc1f376e";
constexpr std::string_view kTemplate = "https://login.example.com/{tenantid}/v2.0";
constexpr std::string_view kIssuer =
    "https://login.example.com/b9419818-09af-49c2-b0c3-653adc1f376e/v2.0";
}  // namespace

TEST_CASE("an issuer without placeholder is compared byte by byte") {
  CHECK(issuer_matches("https://a.example", "https://a.example", ""));
  CHECK_FALSE(issuer_matches("https://a.example", "https://a.example/", ""));
  CHECK_FALSE(issuer_matches("https://a.example", "https://A.example", ""));
  CHECK_FALSE(issuer_matches("", "", ""));
}

TEST_CASE("the placeholder stands for the token's own tenant and nothing else") {
  CHECK(issuer_matches(kTemplate, kIssuer, kTid));
  CHECK_FALSE(issuer_matches(kTemplate, kIssuer, "9188040d-6c67-4c5b-b112-36a304b66dad"));
  CHECK_FALSE(issuer_matches(kTemplate, kTemplate, kTid));
  CHECK_FALSE(issuer_matches(kTemplate, "https://login.example.com//v2.0", kTid));
  CHECK_FALSE(issuer_matches(kTemplate, "https://evil.example/x/v2.0", kTid));
  CHECK_FALSE(issuer_matches(kTemplate, "/v2.0", kTid));
}

TEST_CASE("without a tenant to compare with the placeholder stands for any GUID") {
  CHECK(issuer_matches(kTemplate, kIssuer, ""));
  CHECK_FALSE(issuer_matches(kTemplate, "https://login.example.com/common/v2.0", ""));
  CHECK_FALSE(issuer_matches(kTemplate, "https://login.example.com/a/../b/v2.0", ""));
}

TEST_CASE("a GUID has five groups of hexadecimal digits") {
  CHECK(is_guid(kTid));
  CHECK(is_guid("B9419818-09AF-49C2-B0C3-653ADC1F376E"));
  CHECK_FALSE(is_guid("b9419818-09af-49c2-b0c3-653adc1f376"));
  CHECK_FALSE(is_guid("b9419818-09af-49c2-b0c3-653adc1f376g"));
  CHECK_FALSE(is_guid("b94198180-9af-49c2-b0c3-653adc1f376e"));
  CHECK_FALSE(is_guid("{9419818-09af-49c2-b0c3-653adc1f376}"));
}
