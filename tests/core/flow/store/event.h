// Events, and those that a webhook did not take.
#pragma once

#include <string>
#include <utility>

#include "core/flow/store/dead_letters.h"
#include "core/flow/store/events.h"
#include "tests/core/flow/store/table.h"

namespace postern::testing {

inline Event event(std::string id, EventType type = EventType::refreshed, EpochMs at = kNow) {
  return {.id = std::move(id), .type = std::string(name_of(type)), .at = at, .data = R"({"a":1})"};
}

inline DeadLetter letter(std::string event_id, std::string url, EpochMs failed_at = kNow) {
  return {.id = kId,
          .event = event(std::move(event_id)),
          .webhook = std::move(url),
          .attempts = 10,
          .reason = "503",
          .failed_at = failed_at};
}

// The ids that a query finds, in its order.
inline std::string ids(Database& d1, const EventQuery& query) {
  std::string all;
  for (const auto& row : run(d1, select_events(query)).rows) {
    const auto found = event_in_row(row);
    CHECK((found && found->id.org == query.org));
    all += (all.empty() ? "" : " ") + (found ? found->event.id : "?");
  }
  return all;
}

}  // namespace postern::testing
