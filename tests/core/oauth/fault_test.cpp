#include "core/oauth/fault.h"

#include <array>
#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {
FaultKind kind(std::string_view error, int status = 400) {
  return classify_token_error(error, status, {}).kind;
}
}  // namespace

TEST_CASE("a dead grant and a wanted person are terminal") {
  for (const char* error : {"invalid_grant", "interaction_required", "consent_required",
                            "login_required", "access_denied"}) {
    CHECK(kind(error) == FaultKind::terminal);
    CHECK(kind(error, 200) == FaultKind::terminal);
    CHECK(kind(error, 401) == FaultKind::terminal);
  }
}

TEST_CASE("what is wrong with the registration or the request is the integration's") {
  for (const char* error :
       {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
        "invalid_request", "invalid_resource", "invalid_target"}) {
    CHECK(kind(error) == FaultKind::integration);
    CHECK(kind(error, 401) == FaultKind::integration);
  }
}

TEST_CASE("what passes is transient") {
  for (const char* error : {"temporarily_unavailable", "server_error", "slow_down"}) {
    CHECK(kind(error) == FaultKind::transient);
  }
  for (const int status : {0, 200, 302, 400, 404, 408, 429, 500, 503, 599}) {
    CHECK(kind("", status) == FaultKind::transient);
  }
}

TEST_CASE("a server that says it failed is not believed about the grant") {
  for (const int status : {408, 429, 500, 502, 503}) {
    CHECK(kind("invalid_grant", status) == FaultKind::transient);
    CHECK(kind("invalid_client", status) == FaultKind::transient);
  }
}

TEST_CASE("a code that nobody knows discards no grant") {
  CHECK(kind("AADSTS700082") == FaultKind::integration);
  CHECK(kind("Invalid_Grant") == FaultKind::integration);
  CHECK(kind("x", 200) == FaultKind::integration);
}

TEST_CASE("a provider's own words for a dead grant are data") {
  constexpr std::array<std::string_view, 2> words = {"bad_refresh_token", "unauthorized_client"};
  CHECK(classify_token_error("bad_refresh_token", 200, words).kind == FaultKind::terminal);
  CHECK(classify_token_error("unauthorized_client", 403, words).kind == FaultKind::terminal);
  CHECK(classify_token_error("bad_refresh_token", 503, words).kind == FaultKind::transient);
  CHECK(kind("bad_refresh_token") == FaultKind::integration);
}

TEST_CASE("reasons are stable words") {
  CHECK(classify_token_error("invalid_grant", 400, {}).reason == std::string_view("invalid_grant"));
  CHECK(classify_token_error("", 429, {}).reason == std::string_view("rate_limited"));
  CHECK(classify_token_error("", 500, {}).reason == std::string_view("http_5xx"));
  CHECK(no_reply_fault("network").reason == std::string_view("network"));
  CHECK(no_reply_fault("timeout").kind == FaultKind::transient);
}

TEST_CASE("foreign text becomes printable ASCII of bounded length") {
  CHECK(printable_ascii("a\r\nb\x7f\xc3\xa4\"<", 64) == "a??b???\"<");
  CHECK(printable_ascii(std::string(100, 'x'), 64).size() == 64);
  CHECK(printable_ascii(std::string_view("a\0b", 3), 64) == "a?b");
}
