// What an alarm asks of a provider over a long time, and what it does not.
#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

bool is_for_arm(const Fetch& request) {
  return request.body.contains("management.azure.com");
}

// A connection with tokens for two resources, kept fresh, of which the provider says `arm_says` for
// one from then on; when it was asked for that one during a day on which nobody else asks.
struct Day {
  std::vector<EpochMs> arm;
  int graph = 0;
  int rings = 0;
};
Day a_day(const HttpReply& arm_says, bool d1_is_down, const HttpReply* graph_says = nullptr) {
  Story story("a-day", "", "");
  story.connect_quietly();
  auto& world = story.world;
  world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  world.environment["AZURE_REFRESH_AHEAD_SECONDS"] = "1800";
  Day day;
  bool refuses = false;
  int number = 1;
  world.internet = [&](const Fetch& request) -> Fetch::Reply {
    if (is_for_arm(request) && refuses) {
      day.arm.push_back(world.now);
      auto reply = arm_says;
      if (const auto at = reply.body.find('#'); at != std::string::npos) {
        reply.body.replace(at, 1, std::to_string(++number));
      }
      return reply;
    }
    ++day.graph;
    if (refuses && graph_says != nullptr) {
      return *graph_says;
    }
    return token_reply({.access_token = "access-" + std::to_string(++number),
                        .refresh_token = "refresh-" + std::to_string(number)});
  };
  Host host(world);
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 200);
  refuses = true;
  day.graph = 0;
  if (d1_is_down) {
    world.weather = [](const Effect& effect) {
      return std::holds_alternative<Sql>(effect) ? std::optional(HostFault::unavailable)
                                                 : std::nullopt;
    };
  }
  for (const auto end = world.now + kDayMs;; ++day.rings) {
    const auto at = world.objects[story.object_name()].alarm_at;
    CHECK(at != 0);
    world.now = std::max(world.now, at);
    if (at == 0 || world.now >= end) {
      return day;
    }
    host.ring(story.object_name());
  }
}

}  // namespace

TEST_CASE("a resource that is refused is asked for ever more rarely, and keeps no other waiting") {
  const HttpReply refusals[] = {
      error_reply(400, "consent_required"),
      // Of no use, but for its refresh token: each is a new version.
      json_reply(200, R"({"token_type":"Bearer","refresh_token":"refresh-#"})")};
  for (const auto& refusal : refusals) {
    for (const bool d1_is_down : {false, true}) {
      CAPTURE(refusal.body);
      CAPTURE(d1_is_down);
      const auto day = a_day(refusal, d1_is_down);
      CHECK(day.arm.size() > 4);
      CHECK(day.arm.size() < 25);
      REQUIRE(day.arm.size() > 2);
      const auto first = day.arm[1] - day.arm[0];
      CHECK(first >= 10 * kMinuteMs);
      CHECK(first <= 21 * kMinuteMs);
      CHECK(day.arm.back() - day.arm[day.arm.size() - 2] > 2 * kHourMs);
      // One about every half hour. What D1 lacks is tried after each of them a few times.
      CHECK(day.graph > 40);
      CHECK(day.graph < 60);
      CHECK(day.rings < (d1_is_down ? 800 : 120));
    }
  }
}

TEST_CASE("a pause ends with the connection") {
  Story story("pause", "", "");
  story.connect_quietly();
  auto& world = story.world;
  world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  Host host(world);
  bool refuses = false;
  world.internet = [&](const Fetch&) -> Fetch::Reply {
    return refuses ? error_reply(400, "consent_required")
                   : token_reply({.access_token = "access-2", .refresh_token = "refresh-2"});
  };
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 200);
  refuses = true;
  world.now += 10 * kHourMs;
  host.ring(story.object_name());
  auto& storage = world.objects[story.object_name()].storage;
  REQUIRE(storage.contains("pauses"));
  // However long it was due: this is the first time that it is refused.
  for (const auto& pause : decode_pauses(storage[std::string(kPausesKey)])) {
    CHECK(pause.since == world.now);
    CHECK(pause.until >= world.now + 10 * kMinuteMs);
    CHECK(pause.until <= world.now + 20 * kMinuteMs);
  }
  CHECK(host.call(rpc("disconnect", R"({"userId":"user-1"})")).status == 200);
  CHECK(storage.size() == 1);
  CHECK(storage.contains("record"));
}

TEST_CASE("a resource that fails in passing for ever is asked for with patience all the same") {
  const auto day = a_day(json_reply(503, "{}"), false);
  CHECK(day.arm.size() > 24);
  CHECK(day.arm.size() < 300);
  // The other one when it is due, about every half hour.
  CHECK(day.graph > 30);
  CHECK(day.graph < 60);
  CHECK(day.rings < 500);
}

TEST_CASE("so it is where the other one is refused") {
  const auto refused = error_reply(400, "consent_required");
  const auto day = a_day(json_reply(503, "{}"), false, &refused);
  CHECK(day.arm.size() > 24);
  CHECK(day.arm.size() < 300);
  CHECK(day.graph > 2);
  CHECK(day.graph < 25);
}

// What six hours of callers make of a resource that always fails, and of the other one, which works
// or is refused. Somebody asks for the first each minute and for the second each fifth.
struct Callers {
  int arm = 0;
  int graph = 0;
  int asked = 0;
  int served = 0;
};
Callers six_hours(const char* mode, bool graph_is_refused) {
  Story story("callers", "", "");
  story.connect_quietly();
  auto& world = story.world;
  world.environment["AZURE_REFRESH_MODE"] = mode;
  int number = 1;
  Callers callers;
  world.internet = [&](const Fetch& request) -> Fetch::Reply {
    if (is_for_arm(request)) {
      ++callers.arm;
      return json_reply(503, "{}");
    }
    ++callers.graph;
    return graph_is_refused ? error_reply(400, "consent_required")
                            : token_reply({.access_token = "access-" + std::to_string(++number),
                                           .refresh_token = "refresh-" + std::to_string(number)});
  };
  // Tokens for both, of which one has ended.
  auto& object = world.objects[story.object_name()];
  auto record = decode_record(object.storage[std::string(kRecordKey)]).value();
  auto arm = record.tokens.front();
  arm.resource = "arm";
  arm.expires_at = world.now;
  record.tokens.push_back(arm);
  object.storage[std::string(kRecordKey)] = encode_record(record);
  Host host(world);
  const auto begin = world.now;
  for (int minute = 0; minute < 6 * 60; ++minute) {
    const auto at = begin + minute * kMinuteMs;
    while (object.alarm_at != 0 && object.alarm_at <= at) {
      world.now = std::max(world.now, object.alarm_at);
      host.ring(story.object_name());
    }
    world.now = std::max(world.now, at);
    (void)host.call(story.get_token(R"(,"resource":"arm")"));
    if (minute % 5 == 0) {
      ++callers.asked;
      callers.served += host.call(story.get_token()).status == 200 ? 1 : 0;
    }
  }
  return callers;
}

TEST_CASE("callers for a resource that always fails keep no other from its token") {
  for (const auto* mode : {"on_demand", "keep_alive", "keep_fresh"}) {
    CAPTURE(mode);
    const auto callers = six_hours(mode, false);
    CHECK(callers.served > callers.asked * 9 / 10);
    CHECK(callers.arm > 24);
    CHECK(callers.arm < 250);
    CHECK(callers.graph < 30);
  }
}

TEST_CASE("nor are they more of a burden where the other one is refused") {
  for (const auto* mode : {"on_demand", "keep_alive", "keep_fresh"}) {
    CAPTURE(mode);
    const auto callers = six_hours(mode, true);
    CHECK(callers.arm > 24);
    CHECK(callers.arm < 250);
    CHECK(callers.graph < 90);
  }
}

TEST_CASE("a single failure silences nothing, though another resource is refreshed meanwhile") {
  Story story("blip", "", "");
  story.connect_quietly();
  auto& world = story.world;
  world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  world.environment["AZURE_REFRESH_AHEAD_SECONDS"] = "600";
  int number = 1;
  bool graph_fails = false;
  world.internet = [&](const Fetch& request) -> Fetch::Reply {
    if (!is_for_arm(request) && std::exchange(graph_fails, false)) {
      return json_reply(503, "{}");
    }
    return token_reply({.access_token = "access-" + std::to_string(++number),
                        .refresh_token = "refresh-" + std::to_string(number)});
  };
  Host host(world);
  auto& object = world.objects[story.object_name()];
  world.now = object.alarm_at;
  graph_fails = true;
  host.ring(story.object_name());
  world.now += 20 * kSecondMs;
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 200);
  world.now += kMinuteMs;
  host.ring(story.object_name());
  const auto record = decode_record(object.storage[std::string(kRecordKey)]).value();
  CHECK(record.token_for("graph")->expires_at > world.now + 50 * kMinuteMs);
}

TEST_CASE("who needs no token has none fetched for what somebody else's refresh left open") {
  Story story("unneeded", "", "");
  story.connect_quietly();
  auto& world = story.world;
  int requests = 0;
  world.internet = [&](const Fetch& request) -> Fetch::Reply {
    ++requests;
    return is_for_arm(request) ? json_reply(503, "{}")
                               : token_reply({.access_token = "access-2", .refresh_token = "r-2"});
  };
  Host host(world);
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 503);
  world.kv.clear();
  world.forget_memory();
  world.now += 15 * kMinuteMs;
  requests = 0;
  CHECK(host.call(story.get_token()).status == 200);
  // What is open is tried again, for what it was opened for.
  CHECK(requests == 1);
  CHECK(world.objects[story.object_name()].storage.contains("journal"));
}

TEST_CASE("a resource that fails for ever does not keep a grant from being used") {
  // Its turn comes where the other needs a token.
  Story story("starved", "", "");
  story.connect_quietly();
  auto& world = story.world;
  world.environment["AZURE_REFRESH_MODE"] = "keep_alive";
  int number = 1;
  int graph = 0;
  bool down = false;
  world.internet = [&](const Fetch& request) -> Fetch::Reply {
    if (is_for_arm(request) && down) {
      return json_reply(503, "{}");
    }
    ++graph;
    return token_reply({.access_token = "access-" + std::to_string(++number),
                        .refresh_token = "refresh-" + std::to_string(number)});
  };
  Host host(world);
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 200);
  down = true;
  graph = 0;
  world.now += kHourMs;
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 503);
  // By alarm alone.
  for (int i = 0; i < 5 && graph == 0; ++i) {
    world.now = std::max(world.now, world.objects[story.object_name()].alarm_at);
    host.ring(story.object_name());
  }
  CHECK(graph == 1);
  // And where somebody asks for the other one, at once.
  CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 503);
  world.now += 15 * kMinuteMs;
  CHECK(host.call(rpc("refresh", R"({"userId":"user-1"})")).status == 200);
  CHECK(graph == 2);
}
