// What comes of a refresh that did not bring a token: for a resource, and for the connection.
#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include "core/base/base64url.h"
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

TEST_CASE("a suberror ends no grant: it is asked for one resource alone") {
  for (const std::string suberror : {"basic_action", "message_only", "user_password_expired"}) {
    CAPTURE(suberror);
    TwoResources two("on_demand");
    two.more = R"(,"suberror":")" + suberror + "\"";
    two.refused["arm"] = "invalid_grant";
    two.world.now += 61 * kMinuteMs;
    const auto refused = two.ask("arm");
    CHECK(refused.status == 409);
    CHECK(refused.body.contains(R"("cause":"interaction_required")"));
    CHECK(refused.body.contains(R"("suberror":")" + suberror + "\""));
    CHECK(refused.body.contains("connect_url"));
    CHECK(two.ask("graph").status == 200);
    CHECK(two.record().status == Status::connected);
  }
}

TEST_CASE("what a suberror calls dead is dead") {
  TwoResources two("on_demand");
  two.more = R"(,"suberror":"bad_token")";
  two.refused["arm"] = "invalid_grant";
  two.world.now += 61 * kMinuteMs;
  CHECK(two.ask("arm").body.contains(R"("cause":"invalid_grant")"));
  CHECK(two.record().status == Status::needs_reauth);
  const auto asked = two.asked;
  (void)two.ask("graph");
  CHECK(two.asked == asked);
  CHECK(two.got["graph"] == 0);
}

TEST_CASE("one resource's refusal is neither the connection's nor the integration's") {
  for (const auto& [error, fix] :
       {std::pair<std::string, std::string>("invalid_resource", "administrator"),
        {"unauthorized_client", "administrator"},
        {"invalid_scope", "operator"},
        {"a word of next year", "user"}}) {
    CAPTURE(error);
    TwoResources two("keep_fresh");
    two.refused["arm"] = two.refused["graph"] = error;
    CHECK(two.ring_for(2 * kDayMs));
    for (const std::string resource : {"arm", "graph"}) {
      const auto refused = two.ask(resource);
      CHECK(refused.status == 403);
      CHECK(refused.body.contains(R"("code":"resource_refused")"));
      CHECK(refused.body.contains(R"("provider_error":")" + error));
      CHECK(refused.body.contains(R"("fix":")" + fix));
    }
    CHECK(two.record().status == Status::connected);
    CHECK(two.told(EventType::needs_reauth).empty());
    CHECK(two.told(EventType::refresh_failed).size() == 2);
    CHECK(two.logged("integration_fault") == 0);
    two.refused.clear();
    two.world.now += kMinuteMs;
    CHECK(two.ask("arm").status == 200);
  }
}

TEST_CASE("a connection that waits for a person works again when the provider wants none") {
  TwoResources two("on_demand");
  two.refused["arm"] = two.refused["graph"] = "interaction_required";
  two.world.now += 61 * kMinuteMs;
  (void)two.ask("arm");
  (void)two.ask("graph");
  REQUIRE(two.record().status == Status::needs_reauth);
  const auto version = two.record().version;
  for (int tries = 0; tries < 3; ++tries) {
    two.world.now += 31 * kSecondMs;
    CHECK(two.ask("graph").body.contains("connect_url"));
  }
  // Asked again, and nothing new to tell.
  CHECK(two.asked["graph"] == 4);
  CHECK(two.record().version == version);
  CHECK(two.told(EventType::needs_reauth).size() == 1);
  two.refused.clear();
  two.world.now += 31 * kSecondMs;
  CHECK(two.ask("graph").status == 200);
  CHECK(two.record().status == Status::connected);
  CHECK(two.record().cause.empty());
  CHECK(two.told(EventType::recovered).size() == 1);
  CHECK(two.ask("arm").status == 200);
}

namespace {

// "{}" and its like, as a caller hands them on.
Outcome ask_with_claims(TwoResources& two, std::string_view claims) {
  return two.host.call(
      two.story.get_token(R"(,"resource":"graph","claims":")" + base64url_encode(claims) + "\""));
}

}  // namespace

TEST_CASE("claims that only a person can satisfy lead to a link, and change nothing else") {
  TwoResources two("on_demand");
  const std::string claims = R"({"access_token":{"acrs":{"essential":true,"value":"c1"}}})";
  two.refused["graph"] = "interaction_required";
  const auto before = two.object().storage[std::string(kRecordKey)];
  const auto refused = ask_with_claims(two, claims);
  CHECK(refused.status == 409);
  CHECK(refused.body.contains("connect_url"));
  CHECK(two.last_body.contains("claims=%7B%22access_token"));
  CHECK(two.world.d1.dump().contains(claims));
  // Who asks again at once is told the same; the provider is not asked.
  CHECK(ask_with_claims(two, claims).body.contains("connect_url"));
  CHECK(two.asked["graph"] == 1);
  CHECK(two.object().storage[std::string(kRecordKey)] == before);
  CHECK_FALSE(two.object().storage.contains(std::string(kPausesKey)));
  CHECK(two.ask("graph").status == 200);
  CHECK(two.told(EventType::refresh_failed).empty());
  // Other claims are another question.
  two.refused.clear();
  CHECK(ask_with_claims(two, "{}").status == 200);
}

TEST_CASE("a token that satisfies claims is given to whoever asks with the same soon after") {
  TwoResources two("on_demand");
  CHECK(ask_with_claims(two, "{}").status == 200);
  CHECK(ask_with_claims(two, "{}").status == 200);
  CHECK(two.got["graph"] == 1);
  CHECK(ask_with_claims(two, R"({"a":1})").status == 200);
  CHECK(two.got["graph"] == 2);
  two.world.now += 31 * kSecondMs;
  CHECK(ask_with_claims(two, R"({"a":1})").status == 200);
  CHECK(two.got["graph"] == 3);
  CHECK(ask_with_claims(two, "[]").body.contains("`claims` must be"));
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
