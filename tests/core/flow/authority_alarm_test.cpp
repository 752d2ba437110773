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
Day a_day(const HttpReply& arm_says, bool d1_is_down) {
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

TEST_CASE("a resource that fails for ever does not keep a grant from being used") {
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
