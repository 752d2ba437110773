// The SQL texts about events, dead letters and integrations' faults, each with the function that
// reads its rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/connection/event.h"
#include "core/effect/effects.h"

namespace postern {

// --- the log of events ---
// Once: an event that is there already stays as it is.
[[nodiscard]] SqlStatement insert_event(const ConnectionId& id, const Event& event);
struct EventRow {
  std::int64_t seq = 0;  // where it stands in the log
  ConnectionId id;
  Event event;
};
struct EventQuery {
  std::string org;
  std::string user_id;      // empty: all
  std::string integration;  // empty: all
  std::string type;         // empty: all
  std::int64_t after = 0;   // seq
  std::int64_t limit = 0;
};
[[nodiscard]] SqlStatement select_events(const EventQuery& query);
// From the log, or from the dead letters where the log has it no longer.
[[nodiscard]] SqlStatement select_event(std::string_view org, std::string_view event_id);
[[nodiscard]] std::optional<EventRow> event_in_row(const SqlRow& row);
// The last `seq` of all organizations'.
[[nodiscard]] SqlStatement select_last_event();
// Events of more than thirty days ago, some at a time: it goes with what somebody waits for.
[[nodiscard]] SqlStatement sweep_events(EpochMs now);

// --- dead letters ---
struct DeadLetter {
  ConnectionId id;
  Event event;
  std::string webhook;  // its name (webhook.h)
  std::int64_t attempts = 0;
  std::string reason;  // the last answer's status, or the host's fault
  EpochMs failed_at = 0;
};
[[nodiscard]] SqlStatement insert_dead_letter(const DeadLetter& letter);
[[nodiscard]] SqlStatement select_dead_letters(std::string_view org, std::int64_t after,
                                               std::int64_t limit);
// Where a row of it says its place, for the cursor.
inline constexpr std::size_t kLetterPlace = 11;
[[nodiscard]] std::optional<DeadLetter> dead_letter_in_row(const SqlRow& row);
// Of more than thirty days ago, some at a time.
[[nodiscard]] SqlStatement sweep_dead_letters(EpochMs now);
[[nodiscard]] SqlStatement delete_dead_letters(std::string_view org, std::string_view event_id);

// --- integrations that a provider refuses ---
struct IntegrationFault {
  std::string reason;
  std::string error;
  std::string reference;
  EpochMs since = 0;
  EpochMs last_seen = 0;
};
[[nodiscard]] SqlStatement upsert_integration_fault(std::string_view org,
                                                    std::string_view integration,
                                                    const IntegrationFault& fault);
[[nodiscard]] SqlStatement select_integration_fault(std::string_view org,
                                                    std::string_view integration);
[[nodiscard]] std::optional<IntegrationFault> integration_fault_of(const SqlOutcome& outcome);
// Unless it was seen after `worked_at`.
[[nodiscard]] SqlStatement delete_integration_fault(std::string_view org,
                                                    std::string_view integration,
                                                    EpochMs worked_at);

}  // namespace postern
