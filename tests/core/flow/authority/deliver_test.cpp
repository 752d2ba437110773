#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/connection/journal.h"
#include "core/flow/authority/store.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

constexpr std::string_view kHook = "https://hooks.example.com/in";

std::string id_of(int number) {
  return "evt_" + std::to_string(number);
}

// A connection with a webhook that is down, and `count` events that wait for it.
struct Waiting {
  Story story{"waiting", "", ""};
  Object* object = nullptr;
  bool d1_is_down = false;
  int asked = 0;
  std::map<std::string, int> asks;  // by the event
  // What the receiver takes: of the event, at the ask of this number.
  std::function<bool(std::string_view id, int ask)> takes = [](std::string_view, int) {
    return false;
  };

  explicit Waiting(int count) {
    story.connect_quietly();
    auto& world = story.world;
    world.secrets["WEBHOOKS"] = R"({"acme":[{"url":")" + std::string(kHook) +
                                R"(","secret":"whsec_bmV3LXdlYmhvb2stc2VjcmV0LTAwMDAx"}]})";
    world.internet = [this](const Fetch& request) -> Fetch::Reply {
      const auto id = std::ranges::find(request.headers, "webhook-id",
                                        [](const auto& header) { return header.first; });
      REQUIRE(id != request.headers.end());
      ++asked;
      return json_reply(takes(id->second, ++asks[id->second]) ? 204 : 503, "");
    };
    world.weather = [this](const Effect& effect) {
      return d1_is_down && std::holds_alternative<Sql>(effect)
                 ? std::optional(HostFault::unavailable)
                 : std::nullopt;
    };
    object = &world.objects[story.object_name()];
    for (int number = 0; number < count; ++number) {
      object->storage[std::string(kEventKeyPrefix) + std::to_string(number)] =
          encode_event({.id = id_of(number), .type = "refreshed", .at = world.now, .data = "{}"});
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
  [[nodiscard]] std::ptrdiff_t lost() const {
    std::ptrdiff_t count = 0;
    for (const auto& log : story.world.logs) {
      count += log.event == "dead_letters_lost" ? std::stoi(log.fields.back().second) : 0;
    }
    return count;
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
    CHECK(waiting.lost() == more);
    // The receiver is tried with patience meanwhile.
    CHECK(waiting.asked < 40);
  }
}

TEST_CASE("each event that is lost was refused twice itself") {
  Waiting waiting(2003);
  waiting.d1_is_down = true;
  waiting.ring();
  CHECK(waiting.logged("dead_letters_lost") == 3);
  for (int number = 0; number < 3; ++number) {
    CAPTURE(number);
    CHECK(waiting.asks[id_of(number)] == 2);
  }
}

TEST_CASE("what was refused once and is then taken is not lost") {
  for (const bool first_is_taken : {true, false}) {
    CAPTURE(first_is_taken);
    Waiting waiting(2003);
    waiting.d1_is_down = true;
    waiting.takes = [&](std::string_view id, int ask) {
      if (id == id_of(0)) {
        return first_is_taken && ask > 1;
      }
      return ask > 1 || (id != id_of(1) && id != id_of(2));
    };
    waiting.ring();
    CHECK(waiting.rows() == 0);
    CHECK(waiting.lost() == (first_is_taken ? 0 : 1));
    for (int number = 0; number < 3; ++number) {
      CAPTURE(number);
      CHECK(waiting.asks[id_of(number)] == 2);
    }
  }
}

// Further beyond all room than a hundred the bound comes first: what is beyond is let go untried,
// though the receiver may have taken it.
TEST_CASE("an event that is never taken costs no other, up to a hundred beyond all room") {
  for (const auto& [more, lost] : {std::pair(3, 1), {100, 1}, {101, 101}}) {
    CAPTURE(more);
    Waiting waiting(2000 + more);
    waiting.d1_is_down = true;
    waiting.takes = [](std::string_view id, int) { return id != id_of(0); };
    waiting.ring();
    CHECK(waiting.rows() == 0);
    CHECK(waiting.lost() == lost);
    CHECK(std::ssize(waiting.asks) == 2001 + more - lost);
  }
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
  waiting.takes = [](std::string_view, int) { return true; };
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
