// What is taken of a provider's refusal: codes, ids and times, never text.
#include "core/flow/resource/refusal.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/provider/all.h"

using namespace postern;

namespace {

HttpReply refused(int status, std::string_view body, Pairs headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::string(body)};
}

Problem problem_for(const HttpReply& reply) {
  return refusal_of(kMicrosoft, reply, words_in(reply), 0);
}

std::string member(const Problem& problem, std::string_view name) {
  for (const auto& [key, value] : problem.members) {
    if (key == name) {
      return value;
    }
  }
  return "none";
}

std::string code_and_fix(int status, std::string_view code) {
  const auto problem =
      problem_for(refused(status, R"({"error":{"code":")" + std::string(code) + R"("}})"));
  return std::string(info_of(problem.code).code) + " " + member(problem, "fix");
}

}  // namespace

TEST_CASE("the words of an answer are read wherever services write them") {
  const auto words = words_in(refused(
      403,
      R"({"error":{"code":"Forbidden","message":"secret","innerError":{"code":"middle","date":
          "2024-02-28T15:26:23","request-id":"body-id","client-request-id":"c1","innererror":
          {"code":"InsufficientPrivileges"}}}})",
      {{"x-ms-correlation-request-id", "corr-1"}}));
  CHECK(words.code == "Forbidden");
  CHECK(words.inner_code == "InsufficientPrivileges");
  CHECK(words.reference == "body-id");
  CHECK(words.client_request_id == "c1");
  CHECK(words.correlation_id == "corr-1");
  CHECK(words.timestamp == "2024-02-28T15:26:23");
  CHECK(words_in(refused(400, R"({"code":"BadRequest","message":"x"})")).code == "BadRequest");
  CHECK(words_in(refused(403, R"({"odata.error":{"code":"Authorization_RequestDenied"}})")).code ==
        "Authorization_RequestDenied");
  // With a byte order mark: github.com/microsoftgraph/microsoft-graph-docs/issues/679.
  CHECK(words_in(refused(500, "\xEF\xBB\xBF{\"error\":{\"code\":\"InternalServerError\"}}")).code ==
        "InternalServerError");
}

TEST_CASE("the header's request id is the reference, and its date where the body has none") {
  const auto words = words_in(refused(404, R"({"error":{"innerError":{"request-id":"body"}}})",
                                      {{"request-id", "head"},
                                       {"client-request-id", "c2"},
                                       {"date", "Tue, 11 May 2021 17:13:01 GMT"}}));
  CHECK(words.reference == "head");
  CHECK(words.client_request_id == "c2");
  CHECK(words.timestamp == "Tue, 11 May 2021 17:13:01 GMT");
}

TEST_CASE("what has another alphabet, or is too long, is no word") {
  const std::string long_code(129, 'x');
  for (const std::string& code :
       {std::string("has blanks"), std::string("<b>"), std::string("a\\u0000b"), std::string("é"),
        std::string("eyJ0.\\\"x"), long_code}) {
    CAPTURE(code);
    CHECK(words_in(refused(400, R"({"error":{"code":")" + code + R"("}})")).code.empty());
  }
  CHECK(words_in(refused(400, R"({"error":{"code":5}})")).code.empty());
  CHECK(words_in(refused(400, R"({"error":"invalid_request"})")).code.empty());
  CHECK(words_in(refused(400, "<html>")).code.empty());
  CHECK(words_in(refused(400, "{}", {{"request-id", "a b"}})).reference.empty());
  CHECK(words_in(refused(400, "{}", {{"date", "<now>"}})).timestamp.empty());
  CHECK(words_in(refused(400, "{}", {{"request-id", std::string(129, 'x')}})).reference.empty());
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += R"({"code":"c","innerError":)";
  CHECK(words_in(refused(400, R"({"error":)" + deep + "1" + std::string(20, '}') + "}")).code ==
        "c");
}

TEST_CASE("a code that is known says what it means and who can change it") {
  CHECK(code_and_fix(404, "MailboxNotEnabledForRESTAPI") == "provider_forbidden administrator");
  CHECK(code_and_fix(403, "Authorization_RequestDenied") == "provider_forbidden administrator");
  CHECK(code_and_fix(403, "InsufficientPrivileges") == "provider_forbidden administrator");
  CHECK(code_and_fix(403, "authorizationfailed") == "provider_forbidden administrator");
  CHECK(code_and_fix(403, "ErrorAccessDenied") == "provider_forbidden operator");
  CHECK(code_and_fix(404, "ResourceNotFound") == "provider_not_found caller");
  CHECK(code_and_fix(404, "SubscriptionNotFound") == "provider_not_found caller");
  CHECK(code_and_fix(400, "InefficientFilter") == "invalid_request caller");
  CHECK(code_and_fix(401, "InvalidAuthenticationTokenTenant") == "provider_forbidden user");
}

TEST_CASE("a code that nobody knows is told, and the status decides") {
  CHECK(code_and_fix(400, "NeverHeardOf") == "invalid_request none");
  CHECK(code_and_fix(403, "NeverHeardOf") == "provider_forbidden none");
  CHECK(code_and_fix(404, "NeverHeardOf") == "provider_not_found none");
  CHECK(code_and_fix(418, "NeverHeardOf") == "provider_rejected none");
  const auto problem = problem_for(refused(403, R"({"error":{"code":"NeverHeardOf"}})"));
  CHECK(member(problem, "provider_code") == "NeverHeardOf");
  CHECK(member(problem, "provider_inner_code") == "none");
}

TEST_CASE("the inner code counts before the outer one") {
  const auto problem = problem_for(refused(
      403,
      R"({"error":{"code":"ErrorAccessDenied","innerError":{"code":"Authorization_RequestDenied"}}})"));
  CHECK(member(problem, "fix") == "administrator");
  CHECK(member(problem, "provider_inner_code") == "Authorization_RequestDenied");
}

TEST_CASE("a server that fails is not believed about the account") {
  CHECK(code_and_fix(503, "MailboxNotEnabledForRESTAPI") == "provider_unavailable none");
  CHECK(code_and_fix(429, "AuthorizationFailed") == "rate_limited none");
  const auto throttled = problem_for(refused(429, "{}", {{"retry-after", "17"}}));
  CHECK(throttled.retry_after_seconds == 17);
  CHECK(problem_for(refused(500, "")).retry_after_seconds == 1);
  // Throttled, for nobody knows how long.
  CHECK(problem_for(refused(429, "")).retry_after_seconds == 30);
}

TEST_CASE("the text of an answer is in no problem") {
  const auto text = problem_json(problem_for(refused(
      403,
      R"({"error":{"code":"AuthorizationFailed","message":"the client 'ada@example.com'"}})")));
  CHECK_FALSE(text.contains("ada@example.com"));
  CHECK(text.contains("AuthorizationFailed"));
}
