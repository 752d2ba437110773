// The table events, the log, each text with the function that reads its rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/connection/event.h"
#include "core/effect/effects.h"

namespace postern {

// Once: an event that is there already stays as it is.
[[nodiscard]] SqlStatement insert_event(const ConnectionId& id, const Event& event);
struct EventRow {
  std::int64_t seq = 0;  // where it stands in the log
  ConnectionId id;
  Event event;
};
struct EventQuery {
  std::string org;
  std::optional<SubjectRange> subject;  // nothing: all
  bool organizations_own = false;       // with those of the organization itself
  std::string integration;              // empty: all
  std::string type;                     // empty: all
  std::int64_t after = 0;               // seq
  std::int64_t limit = 0;
};
[[nodiscard]] SqlStatement select_events(const EventQuery& query);
// What the log tells of the end of an attempt to connect that began then.
[[nodiscard]] SqlStatement select_end_of_attempt(const ConnectionId& id, std::string_view attempt,
                                                 EpochMs since);
struct AttemptEnd {
  bool connected = false;
  EpochMs at = 0;
  std::string reason;  // of one that failed
  std::string cause;
};
[[nodiscard]] std::optional<AttemptEnd> attempt_end_of(const SqlOutcome& outcome);
// From the log, or from the dead letters where the log has it no longer.
[[nodiscard]] SqlStatement select_event(std::string_view org, std::string_view event_id);
[[nodiscard]] std::optional<EventRow> event_in_row(const SqlRow& row);
// The organization's last `seq`; NULL where it has no event.
[[nodiscard]] SqlStatement select_last_event(std::string_view org);
// Events of more than thirty days ago, some at a time: it goes with what somebody waits for.
[[nodiscard]] SqlStatement sweep_events(EpochMs now);

// Events and dead letters are kept for so long.
inline constexpr DurationMs kEventLifeMs = 30 * kDayMs;
// From seven columns, beginning with the event's id.
[[nodiscard]] std::optional<Event> event_at(const SqlRow& row, std::size_t at, ConnectionId* id);

}  // namespace postern
