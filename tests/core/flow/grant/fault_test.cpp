// What comes of a refresh that did not bring a token: for a resource, and for the connection.
#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/flow/grant/two_resources.h"

using namespace postern;
using namespace postern::testing;

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
