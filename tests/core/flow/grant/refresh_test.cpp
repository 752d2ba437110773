// For how long a resource that was asked for in vain is left alone.
#include "core/flow/grant/refresh.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/grant/two_resources.h"

using namespace postern;
using namespace postern::testing;

TEST_CASE("where nothing was sent nothing is paused, and the alarm rings again later") {
  for (const bool is_configured : {true, false}) {
    CAPTURE(is_configured);
    TwoResources two("keep_fresh");
    auto& object = two.object();
    const auto got = two.got;
    // What was told at the beginning has an alarm of its own.
    CHECK(two.ring_for(kMinuteMs));
    CHECK_FALSE(object.storage.contains(std::string(kOutboxKey)));
    two.world.now = std::max(two.world.now, object.alarm_at);
    int failed = 0;
    if (is_configured) {
      two.world.weather = [&](const Effect& effect) -> std::optional<HostFault> {
        const auto* commit = std::get_if<StorageCommit>(&effect);
        const bool opens = commit != nullptr && std::ranges::any_of(commit->puts, [](auto& put) {
                             return put.first == kJournalKey;
                           });
        failed += opens ? 1 : 0;
        return opens ? std::optional(HostFault::unavailable) : std::nullopt;
      };
    } else {
      two.world.environment["AZURE_CLIENT_ID"] = "";
    }
    for (int i = 0; i < 3; ++i) {
      CAPTURE(i);
      const auto at = two.world.now;
      (void)two.host.ring(two.story.object_name());
      CHECK((failed > i) == is_configured);
      CHECK(two.got == got);
      CHECK_FALSE(object.storage.contains(std::string(kPausesKey)));
      // With patience, and not for hours.
      CHECK(object.alarm_at >= at + 10 * kMinuteMs);
      CHECK(object.alarm_at <= at + 30 * kMinuteMs);
      two.world.now = std::max(two.world.now, object.alarm_at);
    }
    two.world.weather = {};
    two.world.environment["AZURE_CLIENT_ID"] = "postern-client";
    (void)two.host.ring(two.story.object_name());
    CHECK(two.got != got);
  }
}

TEST_CASE("what a caller asked for in vain is paused, as if an alarm had") {
  TwoResources two("keep_fresh");
  two.world.now += 61 * kMinuteMs;
  CHECK(two.ask("graph").status == 200);
  two.refused["arm"] = "interaction_required";
  CHECK(two.ask("arm").body.contains("needs_reauth"));
  const auto pauses = decode_pauses(two.object().storage[std::string(kPausesKey)]);
  CHECK(pauses.size() == 1);
  for (const auto& pause : pauses) {
    CHECK(pause.resource == "arm");
    CHECK(pause.refused_at == two.world.now);
    CHECK(pause.since == two.world.now);
    CHECK(pause.until >= two.world.now + 10 * kMinuteMs);
  }
  // It is due, and is not asked for before its time.
  CHECK(two.asked["arm"] == 1);
  CHECK(two.ring_for(10 * kMinuteMs));
  CHECK(two.asked["arm"] == 1);
  CHECK(two.ring_for(kHourMs));
  CHECK(two.asked["arm"] > 1);
}

TEST_CASE("a refusal by a clock that was ahead is not believed once it is back") {
  TwoResources two("on_demand");
  const auto began = two.world.now + 61 * kMinuteMs;
  two.world.now = began;
  two.refused["arm"] = "consent_required";
  (void)two.ask("arm");
  two.world.now += 5 * kHourMs;
  (void)two.ask("arm");
  CHECK(two.asked["arm"] == 2);
  two.world.now = began + kHourMs;
  two.refused = {{"graph", "consent_required"}};
  (void)two.ask("graph");
  CHECK(two.asked["graph"] == 1);
  CHECK(two.record().status == Status::connected);
  // Nor later on, when it shows that time, and whether or not somebody asked meanwhile.
  two.world.now = began + 5 * kHourMs + 2 * kMinuteMs;
  (void)two.ask("graph");
  CHECK(two.record().status == Status::connected);
  CHECK(two.ask("arm").status == 200);
}

TEST_CASE("nor once the time that it showed has come") {
  for (const bool by_token : {true, false}) {
    CAPTURE(by_token);
    TwoResources two("on_demand");
    const auto began = two.world.now + 61 * kMinuteMs;
    two.world.now = began + 5 * kHourMs;
    two.refused["arm"] = "consent_required";
    (void)two.ask("arm");
    CHECK(two.asked["arm"] == 1);
    two.world.now = began;
    // What is written meanwhile leaves it out.
    two.refused = {{by_token ? "nothing" : "graph", "consent_required"}};
    (void)two.ask("graph");
    const auto pauses = two.object().storage[std::string(kPausesKey)];
    CHECK(decode_pauses(pauses).size() == (by_token ? 0 : 1));
    CHECK_FALSE(pauses.contains("arm"));
    CHECK(two.record().status == Status::connected);
  }
}

TEST_CASE("a refusal is of when it was asked for, however late its answer is read") {
  TwoResources two("on_demand");
  two.world.now += 61 * kMinuteMs;
  const auto asked_at = two.world.now;
  two.refused["arm"] = "consent_required";
  two.host.crash = after_token_answer;
  (void)two.ask("arm");
  two.host.crash = {};
  CHECK_FALSE(two.object().storage.contains(std::string(kPausesKey)));
  two.world.now += 9 * kMinuteMs;
  (void)two.ask("arm");
  CHECK(two.asked["arm"] == 1);
  const auto pauses = decode_pauses(two.object().storage[std::string(kPausesKey)]);
  REQUIRE(pauses.size() == 1);
  CHECK(pauses[0].refused_at == asked_at);
  CHECK(pauses[0].since == two.world.now);
  two.world.now += 2 * kMinuteMs;
  two.refused = {{"graph", "consent_required"}};
  (void)two.ask("graph");
  CHECK(two.record().status == Status::connected);
}
