#include "core/oauth/fault.h"

#include <array>
#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {
FaultKind kind(std::string_view error, int status = 400) {
  return classify_token_error({.error = error, .status = status}, {}).kind;
}
}  // namespace

TEST_CASE("a dead grant is terminal") {
  for (const int status : {200, 400, 401}) {
    CHECK(kind("invalid_grant", status) == FaultKind::terminal);
  }
}

TEST_CASE("who wants to see the person ends no grant") {
  for (const char* error :
       {"interaction_required", "consent_required", "login_required", "access_denied"}) {
    CHECK(kind(error) == FaultKind::person);
    CHECK(kind(error, 200) == FaultKind::person);
    CHECK(kind(error, 401) == FaultKind::person);
  }
}

TEST_CASE("invalid_grant with a reason of its own is about one resource") {
  constexpr std::array<std::string_view, 1> dead = {"bad_token"};
  const auto with = [&](std::string_view suberror, bool has_claims) {
    return classify_token_error({.error = "invalid_grant",
                                 .suberror = suberror,
                                 .has_claims = has_claims,
                                 .status = 400},
                                {.terminal_suberrors = dead})
        .kind;
  };
  for (const char* suberror : {"basic_action", "additional_action", "message_only",
                               "consent_required", "user_password_expired", "of next year"}) {
    CHECK(with(suberror, false) == FaultKind::person);
    CHECK(with(suberror, true) == FaultKind::person);
  }
  CHECK(with("", true) == FaultKind::person);
  CHECK(with("", false) == FaultKind::terminal);
  CHECK(with("bad_token", false) == FaultKind::terminal);
  CHECK(with("bad_token", true) == FaultKind::terminal);
}

TEST_CASE("only what is surely wrong with the registration is the integration's") {
  CHECK(kind("invalid_client") == FaultKind::integration);
  CHECK(kind("invalid_client", 401) == FaultKind::integration);
  for (const char* error :
       {"unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_request",
        "invalid_resource", "invalid_target", "AADSTS700082", "Invalid_Grant", "x"}) {
    CHECK(kind(error) == FaultKind::refused);
    CHECK(kind(error, 200) == FaultKind::refused);
    CHECK(kind(error, 401) == FaultKind::refused);
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

TEST_CASE("a number that passes saves the grant, whatever the error is called") {
  constexpr std::array<std::string_view, 1> passing = {"50196"};
  const auto with = [&](std::string_view error, std::string_view number) {
    return classify_token_error({.error = error, .status = 400, .number = number},
                                {.transient_numbers = passing})
        .kind;
  };
  CHECK(with("invalid_grant", "50196") == FaultKind::transient);
  CHECK(with("invalid_client", "50196") == FaultKind::transient);
  CHECK(with("invalid_grant", "70000") == FaultKind::terminal);
  CHECK(with("invalid_grant", "") == FaultKind::terminal);
}

TEST_CASE("a provider's own words are data") {
  constexpr std::array<std::string_view, 2> dead = {"bad_refresh_token", "unauthorized_client"};
  constexpr std::array<std::string_view, 1> person = {"unverified_user_email"};
  constexpr std::array<std::string_view, 1> ours = {"application_suspended"};
  const ErrorCodes codes{.terminal = dead, .person = person, .integration = ours};
  const auto own = [&](std::string_view error, int status) {
    return classify_token_error({.error = error, .status = status}, codes).kind;
  };
  CHECK(own("bad_refresh_token", 200) == FaultKind::terminal);
  CHECK(own("unauthorized_client", 403) == FaultKind::terminal);
  CHECK(own("bad_refresh_token", 503) == FaultKind::transient);
  CHECK(own("unverified_user_email", 200) == FaultKind::person);
  CHECK(own("application_suspended", 200) == FaultKind::integration);
  for (const char* error :
       {"bad_refresh_token", "unverified_user_email", "application_suspended"}) {
    CHECK(kind(error) == FaultKind::refused);
  }
}

TEST_CASE("reasons are stable words") {
  const auto reason = [](std::string_view error, int status) {
    return std::string_view(classify_token_error({.error = error, .status = status}, {}).reason);
  };
  CHECK(reason("invalid_grant", 400) == "invalid_grant");
  CHECK(reason("", 429) == "rate_limited");
  CHECK(reason("", 500) == "http_5xx");
  CHECK(reason("x", 400) == "resource_refused");
  CHECK(no_reply_fault("network").reason == std::string_view("network"));
  CHECK(no_reply_fault("timeout").kind == FaultKind::transient);
}

TEST_CASE("foreign text becomes printable ASCII of bounded length") {
  CHECK(printable_ascii("a\r\nb\x7f\xc3\xa4\"<", 64) == "a??b???\"<");
  CHECK(printable_ascii(std::string(100, 'x'), 64).size() == 64);
  CHECK(printable_ascii(std::string_view("a\0b", 3), 64) == "a?b");
}
