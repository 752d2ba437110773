// What an authority goes on with when its own storage is gone.
#include "core/flow/authority/state.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

// A connection whose object loses its storage, with a token request on its way or not: nobody
// knows.
struct Lost {
  Story story{"lost", "", ""};
  World& world = story.world;
  Host host{world};
  std::vector<EpochMs> left;

  Lost(const std::string& replay, DurationMs age) {
    story.connect_quietly();
    world.environment["AZURE_REPLAY"] = replay;
    world.now += age;
    world.internet = [this](const Fetch&) -> Fetch::Reply {
      left.push_back(world.now);
      return token_reply({.access_token = "access-2", .refresh_token = "refresh-2"});
    };
    world.objects[story.object_name()] = {};
    world.forget_memory();
  }
  Outcome ask() { return host.call(story.get_token()); }
};

}  // namespace

TEST_CASE("a token from a backup is shown when nothing can be on its way, where it works once") {
  for (const auto& [replay, waits] : {std::pair("single_use", true),
                                      {"reuse_leeway:24", true},
                                      {"reuse_leeway:25", false},
                                      {"old_stays_valid", false}}) {
    CAPTURE(replay);
    Lost lost(replay, 61 * kMinuteMs);
    const auto began = lost.world.now;
    const auto first = lost.ask();
    CHECK((first.status == 200) == !waits);
    CHECK(first.body.contains("provider_unavailable") == waits);
    for (int second = 0; lost.left.empty() && second < 60; ++second) {
      lost.world.now += kSecondMs;
      (void)lost.ask();
    }
    REQUIRE(lost.left.size() == 1);
    CHECK(lost.left.front() - began == (waits ? 25 * kSecondMs : 0));
    CHECK(lost.ask().body.contains("access-2"));
  }
}

TEST_CASE("meanwhile the token that is there is served while it lives") {
  Lost lost("single_use", 57 * kMinuteMs);
  CHECK(lost.ask().body.contains("access-1"));
  CHECK(lost.left.empty());
  lost.world.now += 25 * kSecondMs;
  CHECK(lost.ask().body.contains("access-2"));
}

TEST_CASE("a storage lost while the clock was ahead keeps nobody waiting once it is back") {
  Lost lost("single_use", 61 * kMinuteMs);
  const auto began = lost.world.now;
  lost.world.now += 5 * kHourMs;
  (void)lost.ask();
  CHECK(lost.left.empty());
  lost.world.now = began + kMinuteMs;
  CHECK(lost.ask().body.contains("access-2"));
}

TEST_CASE("where nobody comes again the alarm asks soon after") {
  Lost lost("single_use", 61 * kMinuteMs);
  lost.world.environment["AZURE_REFRESH_MODE"] = "keep_fresh";
  const auto began = lost.world.now;
  (void)lost.ask();
  auto& object = lost.world.objects[lost.story.object_name()];
  int rings = 0;
  for (; lost.left.empty() && rings < 20; ++rings) {
    REQUIRE(object.alarm_at != 0);
    lost.world.now = std::max(lost.world.now, object.alarm_at);
    (void)lost.host.ring(lost.story.object_name());
  }
  REQUIRE(lost.left.size() == 1);
  CHECK(rings <= 3);
  CHECK(lost.left.front() - began >= 25 * kSecondMs);
  CHECK(lost.left.front() - began <= 2 * kMinuteMs);
}
