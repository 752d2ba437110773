#include "core/base/problem.h"

#include <doctest/doctest.h>
#include <set>

#include "core/base/json.h"

using namespace postern;

TEST_CASE("every problem has a code of its own, a status of its kind, a title and a remedy") {
  std::set<std::string_view> codes;
  for (const auto& info : all_problems()) {
    CAPTURE(info.code);
    CHECK(codes.insert(info.code).second);
    CHECK(info.status >= 400);
    CHECK(info.status <= 504);
    CHECK_FALSE(info.title.empty());
    CHECK_FALSE(info.remedy.empty());
    CHECK(info.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
  }
  CHECK(codes.size() == static_cast<std::size_t>(ProblemCode::directory_not_allowed) + 1);
}

TEST_CASE("the table's order is the enumeration's") {
  for (const auto& [code, name] :
       {std::pair{ProblemCode::invalid_request, "invalid_request"},
        {ProblemCode::unauthenticated, "unauthenticated"},
        {ProblemCode::permission_denied, "permission_denied"},
        {ProblemCode::not_found, "not_found"},
        {ProblemCode::not_connected, "not_connected"},
        {ProblemCode::connection_pending, "connection_pending"},
        {ProblemCode::needs_reauth, "needs_reauth"},
        {ProblemCode::unknown_integration, "unknown_integration"},
        {ProblemCode::integration_fault, "integration_fault"},
        {ProblemCode::integration_not_configured, "integration_not_configured"},
        {ProblemCode::provider_unavailable, "provider_unavailable"},
        {ProblemCode::provider_rejected, "provider_rejected"},
        {ProblemCode::provider_forbidden, "provider_forbidden"},
        {ProblemCode::provider_not_found, "provider_not_found"},
        {ProblemCode::rate_limited, "rate_limited"},
        {ProblemCode::store_unavailable, "store_unavailable"},
        {ProblemCode::overloaded, "overloaded"},
        {ProblemCode::out_of_memory, "out_of_memory"},
        {ProblemCode::core_trap, "core_trap"},
        {ProblemCode::timeout, "timeout"},
        {ProblemCode::return_to_not_allowed, "return_to_not_allowed"},
        {ProblemCode::redirect_uri_not_allowed, "redirect_uri_not_allowed"},
        {ProblemCode::attempt_unusable, "attempt_unusable"},
        {ProblemCode::confirmation_refused, "confirmation_refused"},
        {ProblemCode::state_refused, "state_refused"},
        {ProblemCode::other_account, "other_account"},
        {ProblemCode::code_refused, "code_refused"},
        {ProblemCode::sign_in_denied, "sign_in_denied"},
        {ProblemCode::id_token_refused, "id_token_refused"},
        {ProblemCode::answer_too_large, "answer_too_large"},
        {ProblemCode::payload_too_large, "payload_too_large"},
        {ProblemCode::stored_data_unreadable, "stored_data_unreadable"},
        {ProblemCode::version_not_kept, "version_not_kept"},
        {ProblemCode::no_webhook, "no_webhook"}}) {
    CHECK(info_of(code).code == name);
  }
}

TEST_CASE("a problem document has RFC 9457's members and ours") {
  auto fault = problem(ProblemCode::rate_limited, "Too \"fast\"");
  fault.members = {{"reference", "r-1"}};
  fault.retry_after_seconds = 7;
  const auto json = parse_json(problem_json(fault));
  REQUIRE(json.has_value());
  CHECK(json_string(*json, "type") == "urn:postern:problem:rate_limited");
  CHECK(json_string(*json, "title") == "The provider limits the rate");
  CHECK(json_integer(*json, "status") == 429);
  CHECK(json_string(*json, "detail") == "Too \"fast\"");
  CHECK(json_boolean(*json, "success") == false);
  CHECK(json_string(*json, "error") == "Too \"fast\"");
  CHECK(json_string(*json, "code") == "rate_limited");
  CHECK(json_string(*json, "reference") == "r-1");
  CHECK(json_integer(*json, "retry_after") == 7);
}

TEST_CASE("without a detail the title is the error, and nothing is said twice") {
  const auto json = parse_json(problem_json(problem(ProblemCode::not_found)));
  REQUIRE(json.has_value());
  CHECK(json_member(*json, "detail") == nullptr);
  CHECK(json_member(*json, "retry_after") == nullptr);
  CHECK(json_string(*json, "error") == json_string(*json, "title"));
}
