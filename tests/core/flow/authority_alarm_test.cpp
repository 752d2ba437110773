// What an alarm asks of a provider over a long time, and what it does not.
#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <vector>

#include "tests/flows/story.h"

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
    REQUIRE(at != 0);
    world.now = std::max(world.now, at);
    if (world.now >= end) {
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
  world.now += kHourMs;
  host.ring(story.object_name());
  const auto& storage = world.objects[story.object_name()].storage;
  CHECK(storage.contains("pauses"));
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

TEST_CASE("callers for a resource that always fails keep no other from its token") {
  for (const auto* mode : {"on_demand", "keep_alive", "keep_fresh"}) {
    CAPTURE(mode);
    Story story("callers", "", "");
    story.connect_quietly();
    auto& world = story.world;
    world.environment["AZURE_REFRESH_MODE"] = mode;
    int number = 1;
    int arm = 0;
    int graph = 0;
    world.internet = [&](const Fetch& request) -> Fetch::Reply {
      if (is_for_arm(request)) {
        ++arm;
        return json_reply(503, "{}");
      }
      ++graph;
      return token_reply({.access_token = "access-" + std::to_string(++number),
                          .refresh_token = "refresh-" + std::to_string(number)});
    };
    Host host(world);
    int served = 0;
    int asked = 0;
    const auto& object = world.objects[story.object_name()];
    const auto begin = world.now;
    for (int minute = 0; minute < 6 * 60; ++minute) {
      const auto at = begin + minute * kMinuteMs;
      while (object.alarm_at != 0 && object.alarm_at <= at) {
        world.now = std::max(world.now, object.alarm_at);
        host.ring(story.object_name());
      }
      world.now = std::max(world.now, at);
      CHECK(host.call(story.get_token(R"(,"resource":"arm")")).status == 503);
      if (minute % 5 == 0) {
        ++asked;
        served += host.call(story.get_token()).status == 200 ? 1 : 0;
      }
    }
    CHECK(served > asked * 9 / 10);
    CHECK(arm > 24);
    CHECK(arm < 250);
    CHECK(graph < 30);
  }
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
