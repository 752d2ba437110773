#include "core/flow/frame/refusal_shape.h"

#include <doctest/doctest.h>

#include "core/base/json.h"

namespace postern {
namespace {

Json shaped(RefusalShape shape, int* status) {
  auto refusal = problem(ProblemCode::rate_limited, "Wait");
  refusal.retry_after_seconds = 3;
  const auto outcome = shaped_refusal(problem_outcome(refusal), shape);
  *status = outcome.status;
  CHECK(std::ranges::contains(outcome.headers, Header("retry-after", "3")));
  auto document = parse_json(outcome.body);
  REQUIRE(document);
  return std::move(*document);
}

TEST_CASE("a refusal has its code where the clients of Graph, Azure, Google and GitHub look") {
  int status = 0;
  const auto document = shaped(RefusalShape::object, &status);
  CHECK(status == 429);
  CHECK(json_text(document, "code") == "rate_limited");
  CHECK(json_text(document, "message") == "Wait");
  const auto* error = json_member(document, "error");
  REQUIRE(error != nullptr);
  CHECK(json_text(*error, "code") == "rate_limited");
  CHECK(json_text(*error, "message") == "Wait");
  CHECK(json_boolean(document, "success") == false);
}

TEST_CASE("Slack's clients read 200 with ok: false, and the code as the error") {
  int status = 0;
  const auto document = shaped(RefusalShape::ok_flag, &status);
  CHECK(status == 200);
  CHECK(json_boolean(document, "ok") == false);
  CHECK(json_text(document, "error") == "rate_limited");
  CHECK(json_text(document, "message") == "Wait");
}

TEST_CASE("what is no JSON object stays as it is") {
  const Outcome outcome{.kind = OutcomeKind::problem, .status = 500, .headers = {}, .body = "x"};
  CHECK(shaped_refusal(outcome, RefusalShape::ok_flag).status == 500);
}

}  // namespace
}  // namespace postern
