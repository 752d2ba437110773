#include "core/flow/authority/store.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

Event padded_event(int number) {
  return {.id = "evt_" + std::to_string(number),
          .type = "refresh_retry",
          .at = World::kBeginning,
          .data = R"({"pad":")" + std::string(150, 'x') + "\"}"};
}

// A refresh while D1 is down and `count` events wait for it already; what waits afterwards.
std::vector<Event> waiting_after_refresh(Story& story, int count) {
  story.connect_quietly();
  auto& owed = story.world.objects[story.object_name()].storage[std::string(kOutboxKey)];
  Outbox outbox{.kv_done = true, .d1_done = true};
  for (int number = 0; number < count; ++number) {
    outbox.events += encode_event(padded_event(number));
  }
  owed = encode_outbox(outbox);
  story.world.logs.clear();
  story.world.now += kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.fail_next("sql");
  story.quietly([&](Host& silent) {
    CHECK(silent.call(rpc("refresh", R"({"userId":"user-1"})")).status == 200);
  });
  const auto left = decode_outbox(owed);
  REQUIRE(left.has_value());
  auto events = decode_events(left->events);
  REQUIRE(events.has_value());
  return std::move(*events);
}

std::string dropped(const World& world) {
  const auto log = std::ranges::find(world.logs, "events_dropped", &Log::event);
  return log == world.logs.end() ? "" : log->fields.back().second;
}

}  // namespace

TEST_CASE("events that D1 does not get wait, each of them, up to 64 KiB") {
  Story story("waiting", "", "");
  const auto each = encode_event(padded_event(100)).size();
  const int most = static_cast<int>((std::size_t{64} * 1024) / each) - 2;
  const auto events = waiting_after_refresh(story, most);
  CHECK(std::ssize(events) == most + 1);
  CHECK(events.front().id == "evt_0");
  CHECK(events.back().type == "refreshed");
  CHECK(dropped(story.world) == "");
}

TEST_CASE("beyond that the older half goes, and the log says how many") {
  Story story("dropped", "", "");
  const auto events = waiting_after_refresh(story, 400);
  CHECK(std::ssize(events) == 201);
  CHECK(events.front().id == "evt_200");
  CHECK(events.back().type == "refreshed");
  CHECK(dropped(story.world) == "200");
}
