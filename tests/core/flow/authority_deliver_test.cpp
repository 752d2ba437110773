#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <string>

#include "core/connection/journal.h"
#include "core/flow/authority_store.h"
#include "tests/flows/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

constexpr std::string_view kHook = "https://hooks.example.com/in";

// A connection with a webhook that is down, and `count` events that wait for it.
struct Waiting {
  Story story{"waiting", "", ""};
  Object* object = nullptr;
  bool d1_is_down = false;
  int asked = 0;

  explicit Waiting(int count) {
    story.connect_quietly();
    auto& world = story.world;
    world.secrets["WEBHOOKS"] = R"({"acme":[{"url":")" + std::string(kHook) +
                                R"(","secret":"whsec_bmV3LXdlYmhvb2stc2VjcmV0LTAwMDAx"}]})";
    world.internet = [this](const Fetch&) -> Fetch::Reply {
      ++asked;
      return json_reply(503, "");
    };
    world.weather = [this](const Effect& effect) {
      return d1_is_down && std::holds_alternative<Sql>(effect)
                 ? std::optional(HostFault::unavailable)
                 : std::nullopt;
    };
    object = &world.objects[story.object_name()];
    for (int number = 0; number < count; ++number) {
      object->storage[std::string(kEventKeyPrefix) + std::to_string(number)] =
          encode_event({.id = "evt_" + std::to_string(number),
                        .type = "refreshed",
                        .at = world.now,
                        .data = "{}"});
    }
    object->storage[std::string(kEventsKey)] = std::to_string(count);
    object->alarm_at = world.now;
  }

  // All that is due within the time.
  void ring(int minutes = 60) {
    Host host(story.world);
    const auto end = story.world.now + minutes * kMinuteMs;
    while (object->alarm_at != 0 && object->alarm_at < end) {
      story.world.now = std::max(story.world.now + kSecondMs, object->alarm_at);
      host.ring(story.object_name());
    }
    story.world.now = end;
  }
  [[nodiscard]] std::ptrdiff_t rows() const {
    return std::ranges::count_if(
        object->storage, [](const auto& row) { return row.first.starts_with(kEventKeyPrefix); });
  }
  [[nodiscard]] std::ptrdiff_t logged(std::string_view event) const {
    return std::ranges::count(story.world.logs, event, &Log::event);
  }
  std::string letters() {
    Host host(story.world);
    return host.call(rpc("list_dead_letters", "{}")).body;
  }
};

}  // namespace

TEST_CASE("a thousand events wait for a webhook; the oldest beyond go to the dead letters") {
  Waiting waiting(1003);
  waiting.ring();
  CHECK(waiting.rows() == 1000);
  const auto letters = waiting.letters();
  for (const char* id : {R"("evt_0")", R"("evt_1")", R"("evt_2")"}) {
    CHECK(letters.contains(id));
  }
  CHECK_FALSE(letters.contains(R"("evt_3")"));
  CHECK(letters.contains(R"("reason":"too_many_waiting")"));
  CHECK(waiting.logged("dead_letters_lost") == 0);
}

TEST_CASE("while dead letters cannot be written a thousand more wait") {
  Waiting waiting(2000);
  waiting.d1_is_down = true;
  waiting.ring();
  CHECK(waiting.rows() == 2000);
  CHECK(waiting.logged("dead_letters_lost") == 0);
  waiting.d1_is_down = false;
  waiting.ring(6000);
  CHECK(waiting.rows() <= 1000);
  CHECK(waiting.letters().contains(R"("evt_0")"));
}

TEST_CASE("beyond that what was refused twice is lost, and the log says so") {
  for (const int more : {3, 500}) {
    CAPTURE(more);
    Waiting waiting(2000 + more);
    waiting.d1_is_down = true;
    waiting.ring();
    CHECK(waiting.rows() == 2000);
    std::ptrdiff_t lost = 0;
    for (const auto& log : waiting.story.world.logs) {
      lost += log.event == "dead_letters_lost" ? std::stoi(log.fields.back().second) : 0;
    }
    CHECK(lost == more);
    // The receiver is tried with patience meanwhile.
    CHECK(waiting.asked < 40);
  }
}

TEST_CASE("one event that is never taken costs no other") {
  Waiting waiting(2003);
  waiting.d1_is_down = true;
  waiting.story.world.internet = [](const Fetch& request) -> Fetch::Reply {
    for (const auto& [name, value] : request.headers) {
      if (name == "webhook-id" && value == "evt_0") {
        return json_reply(400, "");
      }
    }
    return json_reply(204, "");
  };
  waiting.ring();
  CHECK(waiting.rows() == 0);
  CHECK(waiting.logged("dead_letters_lost") == 1);
}

TEST_CASE("what cannot be given up is given up soon after D1 is back") {
  Waiting waiting(1100);
  waiting.d1_is_down = true;
  waiting.ring(24 * 60);
  CHECK(waiting.rows() == 1100);
  waiting.d1_is_down = false;
  waiting.ring(10);
  CHECK(waiting.rows() == 1000);
}

TEST_CASE("a receiver that is well again gets what could not be given up") {
  Waiting waiting(2003);
  waiting.d1_is_down = true;
  waiting.story.world.internet = [](const Fetch&) -> Fetch::Reply { return json_reply(204, ""); };
  waiting.ring();
  CHECK(waiting.rows() == 0);
  CHECK(waiting.logged("dead_letters_lost") == 0);
}

TEST_CASE("where the count of events cannot be read no later one is overlooked") {
  Waiting waiting(2);
  waiting.ring();
  const auto count = [&] { return waiting.object->storage[std::string(kEventsKey)]; };
  REQUIRE(count() == "2");
  waiting.object->storage[std::string(kEventsKey)] = "of another kind";
  auto& world = waiting.story.world;
  world.internet = [](const Fetch& request) -> Fetch::Reply {
    return request.url == kHook ? json_reply(204, "")
                                : token_reply({.access_token = "a-2", .refresh_token = "r-2"});
  };
  world.now += kHourMs;
  Host host(world);
  CHECK(host.call(rpc("refresh", R"({"userId":"user-1"})")).status == 200);
  CHECK(count() == "3");
  waiting.ring();
  CHECK(waiting.rows() == 0);
}
