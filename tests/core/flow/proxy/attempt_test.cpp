#include "core/flow/proxy/attempt.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

constexpr EpochMs kNow = 1'796'000'000'000;

const Provider& microsoft() {
  return *find_provider("microsoft");
}

ForwardReply reply_of(int status, std::string_view retry_after = {}) {
  ForwardReply reply{.status = status, .headers = {}, .repeatable = true, .body = {}};
  if (!retry_after.empty()) {
    reply.headers.emplace_back("retry-after", retry_after);
  }
  return reply;
}

AttemptDecision decide(const ForwardReply& reply, std::string_view method,
                       const Attempt& attempt = {}) {
  return decide_reply(reply, {.method = method, .budget_ms = 5 * kSecondMs}, attempt, kNow);
}

TEST_CASE("what became of a request goes there and back as a note") {
  const Attempt attempt{
      .version = 7, .refused = true, .claims = false, .failed = true, .waited_ms = 2500};
  const auto read = attempt_of(note_of(attempt));
  REQUIRE(read);
  CHECK(read->version == 7);
  CHECK(read->refused);
  CHECK_FALSE(read->claims);
  CHECK(read->failed);
  CHECK(read->waited_ms == 2500);
  for (const char* other : {"", "refused", "claims", "sent:", "sent:x:1:", "sent:1", "sent:1:2"}) {
    CHECK_FALSE(attempt_of(other));
  }
}

TEST_CASE("401 and no answer always bring the flow back; patience does while there is some") {
  const auto returns = [](std::string_view method, DurationMs budget_ms, DurationMs waited_ms) {
    return returns_of({.method = method, .budget_ms = budget_ms}, {.waited_ms = waited_ms},
                      microsoft());
  };
  CHECK(returns("GET", 0, 0) == std::vector{0, 401});
  CHECK(returns("GET", 5000, 0) == std::vector{0, 401, 429, 503});
  CHECK(returns("POST", 5000, 0) == std::vector{0, 401, 429});
  CHECK(returns("POST", 5000, 5000) == std::vector{0, 401});
}

TEST_CASE("a status under which a provider hides a dead token brings back what only reads") {
  const auto& atlassian = *find_provider("atlassian");
  REQUIRE_FALSE(atlassian.dead_token_statuses.empty());
  const int hidden = atlassian.dead_token_statuses[0];
  CHECK(std::ranges::contains(returns_of({.method = "GET"}, {}, atlassian), hidden));
  CHECK_FALSE(std::ranges::contains(returns_of({.method = "POST"}, {}, atlassian), hidden));
  CHECK(decide(reply_of(hidden), "GET").next == NextStep::replace_token);
}

TEST_CASE("no answer: what only reads is sent once more") {
  CHECK(decide(reply_of(0), "GET").next == NextStep::send_again);
  CHECK(decide(reply_of(0), "HEAD").next == NextStep::send_again);
  CHECK(decide(reply_of(0), "GET", {.failed = true}).next == NextStep::unreachable);
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"}) {
    CHECK(decide(reply_of(0), method).next == NextStep::unknown);
  }
}

TEST_CASE("Retry-After is waited for within the budget, and passed on beyond it") {
  CHECK(decide(reply_of(429, "5"), "POST").next == NextStep::send_again);
  CHECK(decide(reply_of(429, "5"), "POST").delay_ms == 5000);
  CHECK(decide(reply_of(429, "6"), "GET").next == NextStep::relay);
  CHECK(decide(reply_of(429, "3"), "GET", {.waited_ms = 3000}).next == NextStep::relay);
  CHECK(decide(reply_of(429), "GET").next == NextStep::relay);
  CHECK(decide(reply_of(429, "soon"), "GET").next == NextStep::relay);
  CHECK(decide(reply_of(429, "0"), "GET").delay_ms == 1000);
  CHECK(decide(reply_of(503, "1"), "GET").next == NextStep::send_again);
  auto spent = reply_of(429, "1");
  spent.repeatable = false;
  CHECK(decide(spent, "POST").next == NextStep::relay);
}

}  // namespace

TEST_CASE("what is due is handed through a restart, and nothing else is taken for it") {
  const Resumption due{
      .attempt = {.version = 7, .refused = true, .failed = true, .waited_ms = 2'000},
      .delay_ms = 3'000};
  const auto note = note_of(due);
  CHECK_FALSE(attempt_of(note));
  const auto read = resumption_of(note);
  REQUIRE(read);
  CHECK(read->delay_ms == 3'000);
  CHECK(note_of(read->attempt) == note_of(due.attempt));
  for (const auto* other : {"", "refused", "claims", "resumed:", "resumed:1",
                            "resumed:1:", "resumed:x:sent:1:0:", "resumed:1:sent:1", "sent:1:0:"}) {
    CAPTURE(other);
    CHECK_FALSE(resumption_of(other));
  }
}

}  // namespace postern
