#include "core/oauth/token_response.h"

#include <array>
#include <doctest/doctest.h>
#include <string>

#include "tests/core/fault_of.h"

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'700'000'000'000;

TokenReply reply(int status, std::string body, std::string content_type = "application/json") {
  return {.status = status,
          .content_type = std::move(content_type),
          .retry_after = {},
          .body = std::move(body)};
}

Result<TokenResponse, TokenFault> read(int status, std::string body,
                                       const TokenQuirks& quirks = {}) {
  return process_token_response(reply(status, std::move(body)), quirks, kNow);
}

// A good response with something more in it.
Result<TokenResponse, TokenFault> good_with(std::string_view members) {
  return read(200, R"({"access_token":"a","token_type":"Bearer",)" + std::string(members) + "}");
}

TokenFault fault(int status, std::string body, const TokenQuirks& quirks = {}) {
  return fault_of(read(status, std::move(body), quirks));
}

void check_transient(const TokenFault& got, std::string_view reason) {
  CHECK(got.kind == FaultKind::transient);
  CHECK(std::string_view(got.reason) == reason);
}

constexpr TokenQuirks kGithub = {.form_encoded = true, .comma_scopes = true};

}  // namespace

TEST_CASE("the response of RFC 6749 5.1 is read") {
  const auto response = read(200, R"({
       "access_token":"2YotnFZFEjr1zCsicMWpAA",
       "token_type":"example",
       "expires_in":3600,
       "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA",
       "example_parameter":"example_value"
     })",
                             {.any_token_type = true});
  REQUIRE(response.has_value());
  CHECK(response->access_token.reveal() == "2YotnFZFEjr1zCsicMWpAA");
  CHECK(response->refresh_token->reveal() == "tGzv3JOkF0XG5Qx2TlKWIA");
  CHECK(response->expires_in_seconds == 3600);
  CHECK(response->token_type == "example");
  CHECK(response->scope.empty());
  CHECK_FALSE(response->id_token.has_value());
}

TEST_CASE("the error of RFC 6749 5.2 is read") {
  const TokenFault got = fault(400, R"({"error":"invalid_request"})");
  CHECK(got.kind == FaultKind::refused);
  CHECK(got.said.error == "invalid_request");
  CHECK(got.status == 400);
}

TEST_CASE("an answer without a refresh token says so, and so do an empty and a null one") {
  for (const char* members : {R"("x":1)", R"("refresh_token":"")", R"("refresh_token":null)"}) {
    const auto response = good_with(members);
    REQUIRE(response.has_value());
    CHECK_FALSE(response->refresh_token.has_value());
  }
}

TEST_CASE("expires_in is a whole number from 1 second to a year, or digits in a string") {
  CHECK(good_with(R"("expires_in":1)")->expires_in_seconds == 1);
  CHECK(good_with(R"("expires_in":31536000)")->expires_in_seconds == 31536000);
  CHECK(good_with(R"("expires_in":"28800")")->expires_in_seconds == 28800);
  CHECK(good_with(R"("refresh_token_expires_in":"15897600")")->refresh_token_expires_in_seconds ==
        15897600);
}

TEST_CASE("an absent, negative or absurd expires_in is unknown, not zero and not for ever") {
  for (const char* value : {"0",
                            "-1",
                            "-3600",
                            "31536001",
                            "99999999999999999999",
                            "9223372036854775807",
                            "1e3",
                            "3600.5",
                            "null",
                            "true",
                            "[]",
                            "{}",
                            R"("")",
                            R"("-1")",
                            R"("+3600")",
                            R"("3600s")",
                            R"(" 3600")",
                            R"("0x10")",
                            R"("99999999999999999999")",
                            R"("3600.0")"}) {
    CAPTURE(value);
    const auto response = good_with(std::string(R"("expires_in":)") + value);
    REQUIRE(response.has_value());
    CHECK_FALSE(response->expires_in_seconds.has_value());
  }
  CHECK_FALSE(good_with(R"("x":1)")->expires_in_seconds.has_value());
}

TEST_CASE("token_type is Bearer in any case, and nothing else without leave") {
  CHECK(read(200, R"({"access_token":"a","token_type":"bEaReR"})").has_value());
  for (const char* body :
       {R"({"access_token":"a"})", R"({"access_token":"a","token_type":"mac"})",
        R"({"access_token":"a","token_type":"DPoP"})", R"({"access_token":"a","token_type":1})"}) {
    const TokenFault got = fault(200, body);
    CHECK(got.kind == FaultKind::refused);
    CHECK(std::string_view(got.reason) == "unsupported_token_type");
    CHECK(read(200, body, {.any_token_type = true}).has_value());
  }
}

TEST_CASE("an error with HTTP 200 is an error, even beside a token") {
  const TokenFault got = fault(200, R"({"error":"bad_verification_code"})");
  CHECK(got.said.error == "bad_verification_code");
  CHECK(fault(200, R"({"error":"invalid_grant","access_token":"a","token_type":"bearer"})").kind ==
        FaultKind::terminal);
  CHECK(fault(200, R"({"ok":false,"error":"token_expired"})").said.error == "token_expired");
  check_transient(fault(200, R"({"ok":false,"access_token":"a","token_type":"bearer"})"),
                  "malformed");
  check_transient(fault(200, R"({"error":{"code":"x"},"access_token":"a","token_type":"bearer"})"),
                  "malformed");
  CHECK(good_with(R"("ok":true,"error":null)").has_value());
  CHECK(good_with(R"("error":"")").has_value());
}

TEST_CASE("a form-encoded reply is read where the provider is known for it, errors too") {
  const auto form = [](const char* body, const TokenQuirks& quirks) {
    return process_token_response(
        reply(200, body, "application/x-www-form-urlencoded; charset=utf-8"), quirks, kNow);
  };
  const auto response =
      form("access_token=gho_16C7&expires_in=28800&scope=repo%2Cgist&token_type=bearer", kGithub);
  REQUIRE(response.has_value());
  CHECK(response->access_token.reveal() == "gho_16C7");
  CHECK(response->expires_in_seconds == 28800);
  CHECK(response->scope == "repo gist");
  CHECK(fault_of(form("error=incorrect_client_credentials&error_description=x", kGithub))
            .said.error == "incorrect_client_credentials");
  check_transient(fault_of(form("access_token=a&access_token=b&token_type=bearer", kGithub)),
                  "malformed");
  check_transient(fault_of(form("access_token=%zz&token_type=bearer", kGithub)), "not_json");
  check_transient(fault_of(form("access_token=a&token_type=bearer", {})), "not_json");
}

TEST_CASE("duplicate members are refused") {
  check_transient(fault(200, R"({"access_token":"a","access_token":"b","token_type":"bearer"})"),
                  "malformed");
  check_transient(fault(200, R"({"access_token":"a","token_type":"bearer","x":{"y":1,"y":2}})"),
                  "malformed");
}

TEST_CASE("claims and a suberror ask for a person, readable or not") {
  const auto kind = [](const std::string& more) {
    return fault(400, R"({"error":"invalid_grant",)" + more + "}").kind;
  };
  for (const std::string more :
       {R"("claims":{"access_token":{"a":null}})", R"("claims":"{\"a\":1,\"a\":2}")",
        R"("claims":"not JSON")", R"("suberror":7)", R"("suberror":["basic_action"])"}) {
    CAPTURE(more);
    CHECK(kind(more) == FaultKind::person);
  }
  CHECK(kind("\"claims\":\"" + std::string(5000, 'x') + '"') == FaultKind::person);
  CHECK(kind(R"("claims":null,"suberror":null)") == FaultKind::terminal);
  CHECK(kind(R"("claims":"","suberror":"")") == FaultKind::terminal);
  CHECK(fault(400, R"({"error":"invalid_grant","claims":{"access_token":{"a":null}}})").claims ==
        R"({"access_token":{"a":null}})");
}

TEST_CASE("a byte order mark, and bytes that are no text, hide neither token nor refusal") {
  // DollhouseMCP/mcp-server#2520.
  CHECK(read(200, "\xEF\xBB\xBF{\"access_token\":\"a\",\"token_type\":\"bearer\"}").has_value());
  const auto refused =
      fault(400, "{\"error\":\"invalid_grant\",\"error_description\":\"r\xe9voqu\xe9\"}");
  CHECK(refused.kind == FaultKind::terminal);
  check_transient(fault(200, "{\"access_token\":\"a\xe9\",\"token_type\":\"bearer\"}"),
                  "malformed");
}

TEST_CASE("HTML, nothing and rubbish are transient, whatever the status") {
  for (const int status : {200, 302, 400, 403, 404}) {
    for (const char* body : {"<html>busy</html>", "", "ok", "{", "{\"access_token\":\"a\"}x"}) {
      check_transient(fault(status, body), "not_json");
    }
    check_transient(fault(status, "[]"), "malformed");
    check_transient(fault(status, "\"invalid_grant\""), "malformed");
    check_transient(fault(status, "{}"), "malformed");
  }
  check_transient(fault(503, "<html>"), "http_5xx");
  check_transient(fault(429, "<html>"), "rate_limited");
}

TEST_CASE("JSON that calls itself HTML is not read") {
  auto result = process_token_response(
      reply(400, R"({"error":"invalid_grant"})", "Text/HTML; charset=utf-8"), {}, kNow);
  check_transient(fault_of(std::move(result)), "not_json");
}

TEST_CASE("a reply over 64 KiB, or nested without end, is not read") {
  std::string large = R"({"access_token":"a","token_type":"bearer","x":")";
  large += std::string(kMaxTokenReplyBytes, 'x') + "\"}";
  check_transient(fault(200, large), "too_large");
  check_transient(fault(200, std::string(10'000, '[')), "malformed");
}

TEST_CASE("an access token is 1 to 16,384 visible ASCII characters") {
  const auto with_token = [](const std::string& token) {
    return read(200, R"({"token_type":"bearer","access_token":)" + token + "}");
  };
  CHECK(with_token('"' + std::string(16384, 'a') + '"').has_value());
  CHECK(with_token(R"("!~")").has_value());
  for (const std::string& bad :
       {std::string(R"("")"), '"' + std::string(16385, 'a') + '"', std::string(R"("a b")"),
        std::string(R"("a\r\nX: y")"), std::string("\"\xc3\xa4\""), std::string("null"),
        std::string("7"), std::string(R"(["a"])")}) {
    check_transient(fault_of(with_token(bad)), "malformed");
  }
}

TEST_CASE("a refresh token that cannot be one is said aloud, not dropped") {
  check_transient(fault_of(good_with(R"("refresh_token":"a\nb")")), "malformed");
  CHECK(good_with(R"("refresh_token":"a b")")->refresh_token->reveal() == "a b");
}

TEST_CASE("an ID token that cannot be one costs the identity, not the grant") {
  CHECK(good_with(R"("id_token":"a.b.c")")->id_token->reveal() == "a.b.c");
  CHECK_FALSE(good_with(R"("id_token":"a b")")->id_token.has_value());
  CHECK_FALSE(good_with(R"("id_token":7)")->id_token.has_value());
}

TEST_CASE("scopes are cleaned of what cannot be a scope") {
  CHECK(good_with(R"("scope":"openid  User.Read a\\b \u00e4")")->scope == "openid User.Read");
  CHECK(good_with(R"("scope":["a"])")->scope.empty());
}

TEST_CASE("Entra's refusal keeps its own words and its claims challenge, where they are clean") {
  const TokenFault got = fault(400, R"({"error":"interaction_required",
    "error_description":"AADSTS50076: …\r\nTrace ID: t","error_codes":[50076],
    "trace_id":"1111","correlation_id":"2222\n","suberror":"basic_action",
    "timestamp":"2026-11-30 10:00:00Z",
    "claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"c\"]}}}"})");
  CHECK(got.kind == FaultKind::person);
  CHECK(got.said == ProviderWords{.error = "interaction_required",
                                  .suberror = "basic_action",
                                  .codes = "50076",
                                  .correlation = "",
                                  .trace = "1111",
                                  .timestamp = "2026-11-30 10:00:00Z"});
  CHECK(got.claims == R"({"access_token":{"capolids":{"essential":true,"values":["c"]}}})");
}

TEST_CASE("numbers of an error are numbers, and few") {
  const auto codes = [](const std::string& list) {
    return fault(400, R"({"error":"invalid_grant","error_codes":)" + list + "}").said.codes;
  };
  CHECK(codes("[50076,50079]") == "50076,50079");
  CHECK(codes(R"(["50076"])").empty());
  CHECK(codes("[-1]").empty());
  CHECK(codes("[1.5]").empty());
  CHECK(codes("7").empty());
  CHECK(codes("[50076," + std::string(100, '7') + "]") == "50076");
}

TEST_CASE("a claims challenge that is no JSON object is dropped") {
  for (const char* claims : {R"("x")", R"("[]")", R"("{")", R"("{\"a\":\"\u00e4\"}")", "7"}) {
    CHECK(fault(400, std::string(R"({"error":"invalid_grant","claims":)") + claims + "}")
              .claims.empty());
  }
}

TEST_CASE("an error code is cut and cleaned before anybody logs it") {
  const TokenFault got = fault(400, R"({"error":"a\r\nb)" + std::string(100, 'x') + "\"}");
  CHECK(got.said.error.size() == 64);
  CHECK(got.said.error.starts_with("a??b"));
}

TEST_CASE("Retry-After is honoured up to a day") {
  const auto after = [](std::string text) {
    TokenReply answer = reply(429, R"({"error":"slow_down"})");
    answer.retry_after = std::move(text);
    return fault_of(process_token_response(answer, {}, kNow)).retry_after;
  };
  CHECK(after("120") == 120 * kSecondMs);
  CHECK(after("999999999") == kDayMs);
  CHECK(after("soon") == std::nullopt);
  CHECK(after("") == std::nullopt);
}

TEST_CASE("a server failure with invalid_grant in its body ends no grant") {
  check_transient(fault(503, R"({"error":"invalid_grant"})"), "http_5xx");
}

TEST_CASE("the provider's own dead-grant codes are terminal") {
  constexpr std::array<std::string_view, 1> words = {"bad_refresh_token"};
  CHECK(fault(200, R"({"error":"bad_refresh_token"})", {.errors = {.terminal = words}}).kind ==
        FaultKind::terminal);
}

TEST_CASE("a token beside a status that is no success is not taken") {
  for (const int status : {0, 302, 400, 401}) {
    check_transient(fault(status, R"({"access_token":"a","token_type":"bearer"})"), "malformed");
  }
}

TEST_CASE("a refresh token is not lost with an answer that is no good otherwise") {
  for (const std::string_view body :
       {R"({"refresh_token":"r-2","token_type":"Bearer"})",
        R"({"access_token":null,"refresh_token":"r-2","token_type":"Bearer"})",
        R"({"access_token":"a\nb","refresh_token":"r-2","token_type":"Bearer"})",
        R"({"access_token":"a","refresh_token":"r-2","token_type":"mac"})"}) {
    CAPTURE(body);
    const auto fault = fault_of(read(200, std::string(body)));
    REQUIRE(fault.refresh_token.has_value());
    CHECK(fault.refresh_token->reveal() == "r-2");
  }
  CHECK_FALSE(fault_of(read(200, R"({"refresh_token":"r\n2"})")).refresh_token.has_value());
  CHECK_FALSE(fault_of(read(400, R"({"error":"invalid_grant","refresh_token":"r-2"})"))
                  .refresh_token.has_value());
  CHECK_FALSE(fault_of(read(500, R"({"refresh_token":"r-2"})")).refresh_token.has_value());
}
