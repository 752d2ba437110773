// Many requests in few: which go when, and what is told of each.
#include "core/flow/resource/batch.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"

using namespace postern;

namespace {

std::string request(std::string_view id, std::string_view depends = {}) {
  std::string text = R"({"id":")" + std::string(id) + R"(","method":"GET","url":"/me")";
  if (!depends.empty()) {
    text += R"(,"dependsOn":[)" + std::string(depends) + "]";
  }
  return text + "}";
}

std::vector<BatchPart> batch(std::string_view requests) {
  auto parts = read_batch("[" + std::string(requests) + "]");
  REQUIRE(parts.has_value());
  return std::move(*parts);
}

std::string refusal(std::string_view requests) {
  const auto parts = read_batch(requests);
  return parts ? "none" : parts.error().detail;
}

Json answers(std::string_view responses) {
  return parse_content(R"({"responses":[)" + std::string(responses) + "]}").value_or(Json{});
}

std::string done(std::string_view id, int status = 200, std::string_view more = {}) {
  return R"({"id":")" + std::string(id) + R"(","status":)" + to_decimal(status) +
         std::string(more) + "}";
}

using Round = std::vector<std::size_t>;

}  // namespace

TEST_CASE("what is no list of requests is refused in words that say why") {
  CHECK(refusal("{}").contains("must be a list"));
  CHECK(refusal("[]").contains("must be a list"));
  CHECK(refusal("[1]").contains("`id`"));
  CHECK(refusal(R"([{"method":"GET","url":"/me"}])").contains("`id`"));
  CHECK(refusal(R"([{"id":"","method":"GET","url":"/me"}])").contains("`id`"));
  CHECK(refusal("[" + request(std::string(65, 'x')) + "]").contains("`id`"));
  CHECK(refusal(R"([{"id":"1","url":"/me"}])").contains("`method`"));
  for (const std::string_view url : {"me", "https://evil.example/", ""}) {
    CHECK(refusal(R"([{"id":"1","method":"GET","url":")" + std::string(url) + "\"}]")
              .contains("`url`"));
  }
  CHECK(refusal("[" + request("1") + "," + request("1") + "]").contains("of its own"));
  CHECK(refusal("[" + request("1", R"("2")") + "]").contains("same list"));
  CHECK(refusal("[" + request("1", R"("1")") + "]").contains("circle"));
  CHECK(refusal("[" + request("1", R"("2")") + "," + request("2", R"("1")") + "]")
            .contains("circle"));
}

TEST_CASE(
    "a batch has no more parts, and a part no more dependencies, than are soon put in order") {
  const auto list = [](int count, auto depends) {
    std::string requests;
    for (int n = 0; n < count; ++n) {
      requests += (n == 0 ? "" : ",") + request(to_decimal(n), depends(n));
    }
    return "[" + requests + "]";
  };
  const auto on_nothing = [](int) { return std::string(); };
  const auto on_the_next = [](int n) { return n == 199 ? "" : "\"" + to_decimal(n + 1) + "\""; };
  CHECK(refusal(list(200, on_nothing)) == "none");
  CHECK(refusal(list(201, on_nothing)).contains("200 at most"));
  CHECK(refusal(list(200, on_the_next)) == "none");
  const auto on_many = [](int most) {
    return [most](int n) {
      std::string ids;
      for (int other = 1; n == 0 && other <= most; ++other) {
        ids += (other == 1 ? "\"" : ",\"") + to_decimal(other) + "\"";
      }
      return ids;
    };
  };
  CHECK(refusal(list(40, on_many(20))) == "none");
  CHECK(refusal(list(40, on_many(21))).contains("20 others"));
}

TEST_CASE("twenty go at a time, in their order") {
  std::string requests;
  for (int n = 0; n < 45; ++n) {
    requests += (n == 0 ? "" : ",") + request(to_decimal(n));
  }
  auto parts = batch(requests);
  std::vector<std::size_t> sizes;
  for (auto round = next_round(parts); !round.empty(); round = next_round(parts)) {
    sizes.push_back(round.size());
    for (const auto at : round) {
      parts[at].status = 200;
    }
  }
  CHECK(sizes == Round{20, 20, 5});
}

TEST_CASE("what depends on another goes with it or behind it") {
  auto parts = batch(request("a", R"("b")") + "," + request("b") + "," + request("c"));
  CHECK(next_round(parts) == Round{1, 2, 0});
  CHECK(round_body(parts, {1, 0}) ==
        R"({"requests":[{"id":"b","method":"GET","url":"/me"},)"
        R"({"id":"a","method":"GET","url":"/me","dependsOn":["b"]}]})");
  // What was answered in a round before is no longer named: it is not in this one.
  parts[1].status = 201;
  CHECK(next_round(parts) == Round{0, 2});
  CHECK(round_body(parts, {0}) == R"({"requests":[{"id":"a","method":"GET","url":"/me"}]})");
}

TEST_CASE("what depends on one that failed is not sent") {
  auto parts = batch(request("a") + "," + request("b", R"("a")") + "," + request("c", R"("b")"));
  parts[0].status = 403;
  parts[0].response = done("a", 403);
  CHECK(next_round(parts).empty());
  CHECK(parts[1].status == 424);
  CHECK(parts[2].status == 424);
  CHECK(batch_json(parts).contains(
      R"({"id":"b","status":424,"body":{"error":{"code":"FailedDependency")"));
}

TEST_CASE("answers come in the order of the requests, whatever order they had") {
  auto parts = batch(request("a") + "," + request("b"));
  take_answers(parts, {0, 1}, answers(done("b", 201, R"(,"body":{"x":1.50})") + "," + done("a")),
               0);
  CHECK(batch_json(parts) ==
        R"({"responses":[{"id":"a","status":200},{"id":"b","status":201,"body":{"x":1.50}}]})");
}

TEST_CASE("what an answer does not speak of may have been done") {
  auto parts = batch(request("a") + "," + request("b"));
  take_answers(parts, {0, 1},
               answers(done("a") + "," + done("other") + "," + done("b", 9) + "," + done("a", 500)),
               0);
  CHECK(parts[0].status == 200);
  CHECK(parts[1].status == 502);
  CHECK(parts[1].response.contains("call_outcome_unknown"));
}

TEST_CASE("a round without an answer tells each part why, and none twice") {
  auto parts = batch(request("a") + "," + request("b"));
  parts[0].status = 200;
  parts[0].response = done("a");
  fail_round(parts, {0, 1}, problem(ProblemCode::provider_unavailable, "No answer"));
  CHECK(parts[0].status == 200);
  CHECK(parts[1].response.contains(R"("code":"provider_unavailable","message":"No answer")"));
}

TEST_CASE("what is left out is told, and what was answered stays") {
  auto parts = batch(request("a") + "," + request("b"));
  take_answers(parts, {0}, answers(done("a")), 0);
  leave_out(parts, "It was not sent");
  CHECK(batch_json(parts) ==
        R"({"responses":[{"id":"a","status":200},{"id":"b","status":504,)"
        R"("body":{"error":{"code":"NotSent","message":"It was not sent"}}}]})");
}

TEST_CASE("what was throttled goes again, with what was not sent because of it") {
  auto parts = batch(request("a") + "," + request("b", R"("a")") + "," + request("c"));
  const auto throttled = done("a", 429, R"(,"headers":{"Retry-After":"7"})");
  take_answers(parts, {0, 1, 2}, answers(throttled + "," + done("b", 424) + "," + done("c")), 0);
  CHECK(wait_of_throttled(parts) == 7 * kSecondMs);
  send_throttled_again(parts);
  CHECK(next_round(parts) == Round{0, 1});
  take_answers(parts, {0, 1}, answers(done("a") + "," + done("b")), 0);
  CHECK(wait_of_throttled(parts) == 0);
  CHECK(next_round(parts).empty());
  // What failed for another's sake stays as it is told.
  auto mixed = batch(request("a") + "," + request("b") + "," + request("c", R"("b")") + "," +
                     request("d", R"("a")") + "," + request("e", R"("d")"));
  take_answers(mixed, {0, 1, 2, 3, 4},
               answers(done("a", 429) + "," + done("b", 500) + "," + done("c", 424) + "," +
                       done("d", 424) + "," + done("e", 424)),
               0);
  send_throttled_again(mixed);
  CHECK(next_round(mixed) == Round{0, 3, 4});
  // Without a time it is half a minute.
  auto untold = batch(request("a"));
  take_answers(untold, {0}, answers(done("a", 429)), 0);
  CHECK(wait_of_throttled(untold) == 30 * kSecondMs);
}
