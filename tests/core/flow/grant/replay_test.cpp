// When a refresh whose outcome is unknown is asked for again, and what the provider makes of both.
#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

constexpr DurationMs kLifeMs = 25 * kSecondMs;
// A backoff's first delay is less than 3 s, and who asks each second is up to one late.
constexpr DurationMs kSoonMs = 4 * kSecondMs;

std::string refresh_token_of(const Fetch& request) {
  const auto fields = form_decode(request.body);
  for (const auto& [name, value] : fields ? *fields : FormFields()) {
    if (name == "refresh_token") {
      return value;
    }
  }
  return {};
}

enum class By { alarm, callers };

// A connection whose token is over, and a provider that answers the first request with `says`
// after `answers_after`. It takes that request up `taken_after` it left, if ever. Each refresh
// token works once: a second use ends the family.
struct Late {
  Fetch::Reply says;
  DurationMs answers_after = 0;
  std::optional<DurationMs> taken_after;

  Story story{"late", "", ""};
  World& world = story.world;
  Host host{world};
  std::vector<EpochMs> left;
  std::string good = "refresh-1";

  explicit Late(Fetch::Reply its_answer, DurationMs answered = 0,
                std::optional<DurationMs> taken = {}, const std::string& replay = "single_use")
      : says(std::move(its_answer)), answers_after(answered), taken_after(taken) {
    story.connect_quietly();
    if (!replay.empty()) {
      world.environment["AZURE_REPLAY"] = replay;
    }
    world.now += 61 * kMinuteMs;
    world.internet = [this](const Fetch& request) -> Fetch::Reply {
      left.push_back(world.now);
      if (left.size() == 1) {
        world.now += answers_after;
        return says;
      }
      if (taken_after && left.front() + *taken_after <= left.back()) {
        (void)take("refresh-1");
        taken_after.reset();
      }
      return take(refresh_token_of(request));
    };
  }

  HttpReply take(const std::string& token) {
    if (good.empty() || token != good) {
      good.clear();
      return error_reply(400, "invalid_grant");
    }
    const auto number = std::to_string(left.size());
    good = "refresh-" + number;
    return token_reply({.access_token = "access-" + number, .refresh_token = good});
  }

  [[nodiscard]] Object& object() { return world.objects[story.object_name()]; }
  [[nodiscard]] ConnectionRecord record() {
    return decode_record(object().storage[std::string(kRecordKey)]).value_or(ConnectionRecord());
  }

  // The first request; then alarms alone, or somebody who asks each second, until a second leaves.
  void ask() { (void)host.call(story.get_token()); }
  void go_on(By by) {
    for (int i = 0; i < 1000 && left.size() < 2; ++i) {
      if (by == By::alarm) {
        REQUIRE(object().alarm_at != 0);
        world.now = std::max(world.now, object().alarm_at);
        (void)host.ring(story.object_name());
      } else {
        world.now += kSecondMs;
        ask();
      }
    }
    REQUIRE(left.size() == 2);
  }
  [[nodiscard]] DurationMs gap() const { return left.size() < 2 ? 0 : left[1] - left[0]; }
  // Whether the family lives shows where it is used once more.
  void use_once_more() {
    world.now += 2 * kHourMs;
    ask();
  }
};

HttpReply patience(int status, std::string_view seconds = {}) {
  HttpReply reply{.status = status, .headers = {}, .body = "{}"};
  if (!seconds.empty()) {
    reply.headers.emplace_back("retry-after", seconds);
  }
  return reply;
}

// Nobody knows what became of these.
const std::vector<std::pair<Fetch::Reply, DurationMs>>& unknown() {
  static const std::vector<std::pair<Fetch::Reply, DurationMs>> all = {
      {std::unexpected(HostFault::timeout), 20 * kSecondMs},
      {std::unexpected(HostFault::timeout), 0},
      {std::unexpected(HostFault::unavailable), 0},
      {patience(503), 0},
      {patience(504, "1"), kSecondMs}};
  return all;
}

void check_outcome(Late& late, bool was_taken) {
  const auto record = late.record();
  CHECK(record.cause != "invalid_grant");
  CHECK(record.status == (was_taken ? Status::needs_reauth : Status::connected));
  if (was_taken) {
    // The late one was the first use, and its answer went to nobody.
    CHECK(record.cause == "refresh_outcome_unknown");
  }
}

}  // namespace

TEST_CASE("no replay overtakes a request that may be at work, where a token works once") {
  for (std::size_t i = 0; i < unknown().size(); ++i) {
    for (const auto by : {By::alarm, By::callers}) {
      for (const bool is_taken : {true, false}) {
        CAPTURE(i);
        CAPTURE(by);
        CAPTURE(is_taken);
        const auto& [says, after] = unknown()[i];
        Late late(says, after, is_taken ? std::optional(24 * kSecondMs) : std::nullopt);
        late.ask();
        late.go_on(by);
        CHECK(late.gap() >= kLifeMs);
        CHECK(late.gap() <= kLifeMs + kSoonMs);
        late.use_once_more();
        check_outcome(late, is_taken);
      }
    }
  }
}

TEST_CASE("a leeway saves a replay from waiting only where it lasts as long as a request") {
  for (const auto& [replay, waits] :
       {std::pair("reuse_leeway:24", true), {"reuse_leeway:25", false}}) {
    for (const auto by : {By::alarm, By::callers}) {
      CAPTURE(replay);
      CAPTURE(by);
      Late late(std::unexpected(HostFault::unavailable), 0, {}, replay);
      late.ask();
      late.go_on(by);
      CHECK((late.gap() >= kLifeMs) == waits);
      CHECK((late.gap() <= kSoonMs) == !waits);
    }
  }
}

TEST_CASE("who is told to slow down knows that nothing was taken, and waits as long as told") {
  for (const auto by : {By::alarm, By::callers}) {
    CAPTURE(by);
    Late untold(patience(429));
    untold.ask();
    untold.go_on(by);
    CHECK(untold.gap() >= kSecondMs);
    CHECK(untold.gap() <= kSoonMs);
    for (const int status : {429, 503}) {
      Late told(patience(status, "9"));
      told.ask();
      told.go_on(by);
      CHECK(told.gap() == 9 * kSecondMs);
      told.use_once_more();
      CHECK(told.record().status == Status::connected);
    }
  }
}

TEST_CASE("who is told to come again at once comes again once, and not with a crowd") {
  for (const int status : {429, 503}) {
    for (const auto* replay : {"single_use", ""}) {
      for (const auto by : {By::alarm, By::callers}) {
        CAPTURE(status);
        CAPTURE(replay);
        CAPTURE(by);
        Late late(patience(status, "0"), 0, {}, replay);
        for (int i = 0; i < 100; ++i) {
          late.ask();
          late.world.now += 9;
        }
        CHECK(late.left.size() == 1);
        late.go_on(by);
        CHECK(late.gap() >= kSecondMs);
        CHECK(late.gap() <= kSoonMs);
      }
    }
  }
}

TEST_CASE("where a token works again nobody waits for what became of a request") {
  for (std::size_t i = 0; i < unknown().size(); ++i) {
    for (const auto by : {By::alarm, By::callers}) {
      CAPTURE(i);
      CAPTURE(by);
      const auto& [says, after] = unknown()[i];
      // As the catalogue has it for Entra.
      Late late(says, after, {}, "");
      late.ask();
      late.go_on(by);
      CHECK(late.gap() >= after + kSecondMs);
      CHECK(late.gap() <= after + kSoonMs);
      CHECK(late.record().status == Status::connected);
    }
  }
}

TEST_CASE("longer patience than a request's life is granted") {
  for (const auto* replay : {"single_use", ""}) {
    for (const auto by : {By::alarm, By::callers}) {
      CAPTURE(replay);
      CAPTURE(by);
      Late late(patience(503, "120"), 0, {}, replay);
      late.ask();
      late.go_on(by);
      CHECK(late.gap() == 2 * kMinuteMs);
    }
  }
}

namespace {

// A journal that this very object left open: what came of the request could not be stored, or the
// flow died of a trap when it had it. Its request may be at work all the same.
enum class Left { commit_fails, trap };
void ask_in_vain(Late& late, Left left_by) {
  if (left_by == Left::commit_fails) {
    late.world.weather = [&late](const Effect& effect) {
      return !late.left.empty() && std::holds_alternative<StorageCommit>(effect)
                 ? std::optional(HostFault::unavailable)
                 : std::nullopt;
    };
  } else {
    late.host.crash = after_token_answer;
    late.host.object_survives = true;
  }
  late.ask();
  late.world.weather = {};
  late.host.crash = {};
  const auto journal = decode_journal(late.object().storage[std::string(kJournalKey)]);
  REQUIRE(journal.has_value());
  CHECK(journal->incarnation == "incarnation 1");
  CHECK(late.object().incarnation == 1);
}

}  // namespace

TEST_CASE("what this very object left open waits for its time, where a token works once") {
  for (const auto left_by : {Left::commit_fails, Left::trap}) {
    for (const auto by : {By::alarm, By::callers}) {
      for (const bool is_taken : {true, false}) {
        CAPTURE(left_by);
        CAPTURE(by);
        CAPTURE(is_taken);
        Late late(std::unexpected(HostFault::timeout), 20 * kSecondMs,
                  is_taken ? std::optional(24 * kSecondMs) : std::nullopt);
        ask_in_vain(late, left_by);
        late.go_on(by);
        CHECK(late.gap() >= kLifeMs);
        CHECK(late.gap() <= kLifeMs + kSoonMs);
        late.use_once_more();
        check_outcome(late, is_taken);
      }
    }
  }
}

TEST_CASE("what this very object left open is asked for at once, where a token works again") {
  for (const auto left_by : {Left::commit_fails, Left::trap}) {
    CAPTURE(left_by);
    Late late(std::unexpected(HostFault::timeout), 2 * kSecondMs, {}, "old_stays_valid");
    ask_in_vain(late, left_by);
    late.ask();
    CHECK(late.gap() == 2 * kSecondMs);
    CHECK(late.record().status == Status::connected);
  }
}

// What is known to have left and what never did cannot be told apart: storage that takes no commit
// may not have kept the answer either.
TEST_CASE("what never left waits all the same, where a token works once") {
  Late late(patience(503));
  late.host.crash = before_fetch;
  late.host.object_survives = true;
  late.ask();
  late.host.crash = {};
  CHECK(late.left.empty());
  CHECK(late.object().storage.contains(std::string(kJournalKey)));
  const auto began = late.world.now;
  late.ask();
  CHECK(late.left.empty());
  for (int second = 0; late.left.empty() && second < 60; ++second) {
    late.world.now += kSecondMs;
    late.ask();
  }
  CHECK(late.world.now - began == kLifeMs);
}

namespace {

// Seconds, as a caller is told; 0: nothing was said.
std::int64_t told_patience(Late& late) {
  for (const auto& [name, value] : late.host.call(late.story.get_token()).headers) {
    if (name == "retry-after") {
      return parse_decimal(value).value_or(-1);
    }
  }
  return 0;
}

}  // namespace

TEST_CASE("patience that was measured by a clock hours ahead ends soon after it comes back") {
  // The clock is ahead when it is asked and when it is answered, or at one of them alone: of a flow
  // that dies over the answer, which the next one reads.
  constexpr DurationMs kAhead = 5 * kHourMs;
  for (const auto& [at_request, at_answer] :
       {std::pair(kAhead, kAhead), {DurationMs{0}, kAhead}, {kAhead, DurationMs{0}}}) {
    for (const auto* replay : {"single_use", ""}) {
      CAPTURE(at_request);
      CAPTURE(at_answer);
      CAPTURE(replay);
      Late late(patience(503), std::max<DurationMs>(at_answer - at_request, 0), {}, replay);
      const auto began = late.world.now;
      late.world.now += at_request;
      if (at_answer < at_request) {
        late.host.crash = after_token_answer;
      }
      // Nobody is told to come again after hours, by whichever clock.
      CHECK(told_patience(late) <= 30);
      REQUIRE(late.left.size() == 1);
      late.host.crash = {};
      late.world.now = began + kSecondMs;
      CHECK(told_patience(late) <= 30);
      // Should nobody come any more, the alarm does not ring by that clock either.
      const auto rings_at = late.object().alarm_at;
      CHECK((late.left.size() == 2 || rings_at > 0));
      CHECK((late.left.size() == 2 || rings_at <= late.world.now + kLifeMs));
      for (int second = 0; late.left.size() < 2 && second < 60; ++second) {
        late.world.now += kSecondMs;
        late.ask();
      }
      CHECK(late.left.size() == 2);
      CHECK(late.world.now - began <= kLifeMs + kSoonMs);
      CHECK(late.record().status == Status::connected);
    }
  }
}
