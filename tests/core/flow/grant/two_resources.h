// A connection with tokens for two resources, and a provider that refuses some.
#pragma once

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

inline std::string resource_of(const Fetch& request) {
  return request.body.contains("management.azure.com") ? "arm" : "graph";
}

// A connection with tokens for two resources, of which the provider refuses those in `refused`.
struct TwoResources {
  Story story{"two-resources", "", ""};
  World& world = story.world;
  Host host{world};
  std::map<std::string, std::string> refused;  // with which error
  std::string more;                            // what the refusal says besides
  std::string last_body;
  std::map<std::string, int> asked;  // in vain
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
      last_body = request.body;
      if (refused.contains(resource)) {
        ++asked[resource];
        return error_reply(400, refused[resource], more);
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

}  // namespace postern::testing
