// What comes of a refresh that did not bring a token: for a resource, and for the connection.
#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "tests/flows/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

std::string resource_of(const Fetch& request) {
  return request.body.contains("management.azure.com") ? "arm" : "graph";
}

// A connection with tokens for two resources, of which the provider refuses those in `refused`.
struct TwoResources {
  Story story{"two-resources", "", ""};
  World& world = story.world;
  Host host{world};
  std::map<std::string, std::string> refused;  // with which error
  std::map<std::string, int> asked;            // in vain
  std::map<std::string, int> got;
  int number = 1;
  // All that was told, in the commits that told it. D1's log knows events by their random ids, of
  // which this world has not enough for many days.
  std::map<std::pair<EpochMs, std::string>, Event> committed;

  explicit TwoResources(const char* mode) {
    story.connect_quietly();
    world.environment["AZURE_REFRESH_MODE"] = mode;
    world.environment["AZURE_REFRESH_AHEAD_SECONDS"] = "1800";
    world.internet = [this](const Fetch& request) -> Fetch::Reply {
      const auto resource = resource_of(request);
      if (refused.contains(resource)) {
        ++asked[resource];
        return error_reply(400, refused[resource]);
      }
      ++got[resource];
      ++number;
      return token_reply({.access_token = "access-" + std::to_string(number),
                          .refresh_token = "refresh-" + std::to_string(number)});
    };
    world.weather = [this](const Effect& effect) -> std::optional<HostFault> {
      const auto* commit = std::get_if<StorageCommit>(&effect);
      for (const auto& [key, value] : commit != nullptr ? commit->puts : Pairs()) {
        const auto outbox = key == kOutboxKey ? decode_outbox(value) : std::nullopt;
        const auto events = outbox ? decode_events(outbox->events) : std::nullopt;
        for (const auto& event : events ? *events : std::vector<Event>()) {
          committed[{event.at, event.id}] = event;
        }
      }
      return std::nullopt;
    };
    CHECK(ask("arm").status == 200);
    world.logs.clear();
  }

  [[nodiscard]] Object& object() { return world.objects[story.object_name()]; }
  Outcome ask(const std::string& resource) {
    return host.call(story.get_token(R"(,"resource":")" + resource + "\""));
  }
  [[nodiscard]] ConnectionRecord record() {
    return decode_record(object().storage[std::string(kRecordKey)]).value_or(ConnectionRecord());
  }
  // Alarms alone; whether the connection was connected all the while.
  bool ring_for(DurationMs time) {
    bool connected = true;
    for (const auto end = world.now + time;;) {
      const auto at = object().alarm_at;
      if (at == 0 || std::max(world.now, at) >= end) {
        world.now = end;
        return connected;
      }
      world.now = std::max(world.now, at);
      (void)host.ring(story.object_name());
      connected = connected && record().status == Status::connected;
    }
  }
  [[nodiscard]] std::vector<Event> told(EventType type) const {
    std::vector<Event> events;
    for (const auto& [key, event] : committed) {
      if (event.type == name_of(type)) {
        events.push_back(event);
      }
    }
    return events;
  }
  [[nodiscard]] std::ptrdiff_t logged(std::string_view event) const {
    return std::ranges::count(world.logs, event, &Log::event);
  }
};

}  // namespace

TEST_CASE("a resource that needs a person is told of once until it works again") {
  for (const auto& [error, fix] :
       {std::pair<std::string, std::string>("interaction_required", "user"),
        {"consent_required", "user"},
        {"access_denied", "administrator"}}) {
    CAPTURE(error);
    TwoResources two("keep_fresh");
    two.refused["arm"] = error;
    CHECK(two.ring_for(11 * kDayMs));
    CHECK(two.asked["arm"] > 20);
    CHECK(two.logged("resource_refused") == two.asked["arm"]);
    const auto told = two.told(EventType::refresh_failed);
    CHECK(told.size() == 1);
    for (const auto& event : told) {
      CHECK(event.data.contains(R"("resource":"arm")"));
      CHECK(event.data.contains(R"("reason":"needs_person")"));
      CHECK(event.data.contains(R"("fix":")" + fix + "\""));
      CHECK(event.data.contains(error));
    }
    // The other one is as fresh as ever.
    CHECK(two.got["graph"] > 11 * 40);
    two.got.clear();
    two.refused.clear();
    CHECK(two.ring_for(kDayMs));
    CHECK(two.got["arm"] > 20);
    two.refused["arm"] = error;
    CHECK(two.ring_for(2 * kDayMs));
    CHECK(two.told(EventType::refresh_failed).size() == 2);
    CHECK(two.logged("resource_refused") == two.asked["arm"]);
    CHECK(two.told(EventType::needs_reauth).empty());
  }
}

TEST_CASE("that it fails in passing meanwhile is no reason to tell of it once more") {
  TwoResources two("keep_fresh");
  two.refused["arm"] = "consent_required";
  CHECK(two.ring_for(2 * kHourMs));
  two.refused["arm"] = "temporarily_unavailable";
  CHECK(two.ring_for(12 * kHourMs));
  two.refused["arm"] = "consent_required";
  CHECK(two.ring_for(12 * kHourMs));
  CHECK(two.logged("resource_refused") > 4);
  CHECK(two.told(EventType::refresh_failed).size() == 1);
}

TEST_CASE("where every resource needs a person the connection does") {
  for (const bool by_alarm : {true, false}) {
    CAPTURE(by_alarm);
    TwoResources two(by_alarm ? "keep_fresh" : "on_demand");
    two.refused["arm"] = two.refused["graph"] = "consent_required";
    // While the tokens live nothing is lost yet.
    CHECK(two.ring_for(30 * kMinuteMs));
    CHECK(two.record().status == Status::connected);
    if (by_alarm) {
      (void)two.ring_for(6 * kHourMs);
    } else {
      for (int minute = 0; minute < 2 * 60; minute += 5) {
        two.world.now += 5 * kMinuteMs;
        (void)two.ask("arm");
        (void)two.ask("graph");
      }
    }
    const auto record = two.record();
    CHECK(record.status == Status::needs_reauth);
    CHECK(record.cause == "needs_person");
    CHECK(record.evidence.starts_with("consent_required"));
    const auto told = two.told(EventType::needs_reauth);
    CHECK(told.size() == 1);
    for (const auto& event : told) {
      CHECK(event.data.contains(R"("cause":"needs_person")"));
      CHECK(event.data.contains(R"("fix":"user")"));
    }
    CHECK(two.ask("graph").body.contains("needs_reauth"));
    // Nobody is asked any more.
    const auto asked = two.asked;
    (void)two.ring_for(10 * kDayMs);
    CHECK(two.asked == asked);
  }
}

TEST_CASE("what was refused a while ago is asked for again before the connection is called dead") {
  TwoResources two("keep_fresh");
  two.refused["arm"] = "consent_required";
  CHECK(two.ring_for(2 * kDayMs));
  for (const auto asked = two.asked["arm"]; two.asked["arm"] == asked;) {
    CHECK(two.ring_for(5 * kMinuteMs));
  }
  CHECK(two.ring_for(11 * kMinuteMs));
  const auto pauses = decode_pauses(two.object().storage[std::string(kPausesKey)]);
  REQUIRE(pauses.size() == 1);
  CHECK(pauses[0].until > two.world.now + 5 * kHourMs);
  // An administrator has consented, and Graph is refused: the other one is not left for hours.
  two.refused = {{"graph", "consent_required"}};
  two.got.clear();
  CHECK(two.ring_for(kHourMs));
  CHECK(two.asked["graph"] > 0);
  CHECK(two.got["arm"] > 0);
  CHECK(two.ask("arm").status == 200);
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

TEST_CASE("after a rollback refusals of before it count for nothing") {
  TwoResources two("on_demand");
  two.refused["arm"] = two.refused["graph"] = "consent_required";
  two.world.now += 61 * kMinuteMs;
  (void)two.ask("arm");
  (void)two.ask("graph");
  CHECK(two.record().status == Status::needs_reauth);
  two.refused.erase("arm");
  CHECK(two.host.call(rpc("rollback", R"({"userId":"user-1","version":2})", "connections:write"))
            .status == 200);
  CHECK_FALSE(two.object().storage.contains(std::string(kPausesKey)));
  two.world.now += kMinuteMs;
  (void)two.ask("graph");
  CHECK(two.record().status == Status::connected);
  CHECK(two.ask("arm").status == 200);
}

namespace {

// The resource that is not asked for: how its token and its pause are.
struct Other {
  bool alive = false;
  bool paused = false;
  bool by_person = false;
  bool is_old = false;
};
// Of a connection of which `asked` is refused for want of a person.
Status status_after(const std::string& asked, const Other& other, bool own_is_alive = false) {
  TwoResources two("on_demand");
  two.world.now += 61 * kMinuteMs;
  const auto now = two.world.now;
  auto record = two.record();
  REQUIRE(record.tokens.size() == 2);
  std::vector<Pause> pauses;
  for (auto& token : record.tokens) {
    const bool alive = token.resource == asked ? own_is_alive : other.alive;
    token.expires_at = alive ? now + 30 * kMinuteMs : now - kMinuteMs;
    if (token.resource != asked && other.paused) {
      pauses.push_back({.resource = token.resource,
                        .granted_at = record.granted_at,
                        .since = now - 10 * kMinuteMs,
                        .until = now + 10 * kMinuteMs,
                        .refused_at = !other.by_person ? 0
                                      : other.is_old   ? now - 10 * kMinuteMs
                                                       : now - 10 * kMinuteMs + 1});
    }
  }
  auto& storage = two.object().storage;
  storage[std::string(kRecordKey)] = encode_record(record);
  storage[std::string(kPausesKey)] = encode_pauses(pauses);
  two.refused[asked] = "consent_required";
  (void)two.host.call(rpc("refresh", R"({"userId":"user-1","resource":")" + asked + "\"}"));
  CHECK(two.asked[asked] == 1);
  CHECK(two.told(EventType::refresh_failed).size() ==
        (two.record().status == Status::connected ? 1 : 0));
  return two.record().status;
}

}  // namespace

TEST_CASE("a refusal is of one resource while the grant is of use for another") {
  for (const std::string asked : {"arm", "graph"}) {
    CAPTURE(asked);
    const Other none{.paused = true, .by_person = true};
    // Its own token, which is there still, is no use of the grant.
    CHECK(status_after(asked, none) == Status::needs_reauth);
    CHECK(status_after(asked, none, true) == Status::needs_reauth);
    CHECK(status_after(asked, {.alive = true, .paused = true, .by_person = true}) ==
          Status::connected);
    // Nobody has asked for it in vain; or not for want of a person; or not lately.
    CHECK(status_after(asked, {}) == Status::connected);
    CHECK(status_after(asked, {.paused = true}) == Status::connected);
    CHECK(status_after(asked, {.paused = true, .by_person = true, .is_old = true}) ==
          Status::connected);
  }
}

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
