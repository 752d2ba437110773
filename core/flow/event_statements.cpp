#include "core/flow/event_statements.h"

#include "core/base/json.h"
#include "core/flow/frame/sql.h"

namespace postern {

namespace {

constexpr DurationMs kEventLifeMs = 30 * kDayMs;

#define POSTERN_EVENT_COLUMNS "id, org_id, integration, user_id, type, occurred_at, data"
#define POSTERN_LETTER_COLUMNS                                                                   \
  "event_id, org_id, integration, user_id, type, occurred_at, data, webhook, attempts, reason, " \
  "failed_at"

// From seven columns, beginning with the event's id.
std::optional<Event> event_at(const SqlRow& row, std::size_t at, ConnectionId* id) {
  auto type = text_at(row, at + 4);
  // It is passed on inside of other JSON, as it is.
  const auto data = parse_json(text_at(row, at + 6));
  if (!is_event_type(type) || !data || !data->is_object()) {
    return std::nullopt;
  }
  *id = {.org = text_at(row, at + 1),
         .integration = text_at(row, at + 2),
         .user_id = text_at(row, at + 3)};
  return Event{.id = text_at(row, at),
               .type = std::move(type),
               .at = integer_at(row, at + 5),
               .data = text_at(row, at + 6)};
}

}  // namespace

SqlStatement insert_event(const ConnectionId& id, const Event& event) {
  return {.sql = "INSERT OR IGNORE INTO events (" POSTERN_EVENT_COLUMNS
                 ") VALUES (?, ?, ?, ?, ?, ?, ?)",
          .parameters = bind({text(event.id), text(id.org), text(id.integration), text(id.user_id),
                              text(event.type), event.at, text(event.data)})};
}

SqlStatement select_events(const EventQuery& query) {
  return {.sql = "SELECT seq, " POSTERN_EVENT_COLUMNS
                 " FROM events WHERE org_id = ?1 AND seq > ?2 AND (?3 = '' OR user_id = ?3) AND "
                 "(?4 = '' OR integration = ?4) AND (?5 = '' OR type = ?5) ORDER BY seq LIMIT ?6",
          .parameters = bind({text(query.org), query.after, text(query.user_id),
                              text(query.integration), text(query.type), query.limit})};
}

SqlStatement select_last_event(std::string_view org) {
  return {.sql = "SELECT MAX(seq) FROM events WHERE org_id = ?", .parameters = bind({text(org)})};
}

SqlStatement select_event(std::string_view org, std::string_view event_id) {
  return {.sql = "SELECT 0, " POSTERN_EVENT_COLUMNS
                 " FROM events WHERE org_id = ?1 AND id = ?2 UNION SELECT 0, event_id, org_id, "
                 "integration, user_id, type, occurred_at, data FROM dead_letters WHERE org_id = "
                 "?1 AND event_id = ?2",
          .parameters = bind({text(org), text(event_id)})};
}

std::optional<EventRow> event_in_row(const SqlRow& row) {
  EventRow found{.seq = integer_at(row, 0), .id = {}, .event = {}};
  auto event = event_at(row, 1, &found.id);
  if (!event) {
    return std::nullopt;
  }
  found.event = std::move(*event);
  return found;
}

SqlStatement sweep_events(EpochMs now) {
  return {.sql =
              "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE occurred_at < ? "
              "LIMIT 500)",
          .parameters = bind({now - kEventLifeMs})};
}

SqlStatement sweep_dead_letters(EpochMs now) {
  return {.sql =
              "DELETE FROM dead_letters WHERE seq IN (SELECT seq FROM dead_letters WHERE "
              "failed_at < ? LIMIT 500)",
          .parameters = bind({now - kEventLifeMs})};
}

SqlStatement insert_dead_letter(const DeadLetter& letter) {
  return {
      .sql = "INSERT OR REPLACE INTO dead_letters (" POSTERN_LETTER_COLUMNS
             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      .parameters = bind({text(letter.event.id), text(letter.id.org), text(letter.id.integration),
                          text(letter.id.user_id), text(letter.event.type), letter.event.at,
                          text(letter.event.data), text(letter.webhook), letter.attempts,
                          text(letter.reason), letter.failed_at})};
}

SqlStatement select_dead_letters(std::string_view org, std::int64_t after, std::int64_t limit) {
  return {.sql = "SELECT " POSTERN_LETTER_COLUMNS
                 ", seq FROM dead_letters WHERE org_id = ? AND seq > ? ORDER BY seq LIMIT ?",
          .parameters = bind({text(org), after, limit})};
}

std::optional<DeadLetter> dead_letter_in_row(const SqlRow& row) {
  DeadLetter letter;
  auto event = event_at(row, 0, &letter.id);
  if (!event) {
    return std::nullopt;
  }
  letter.event = std::move(*event);
  letter.webhook = text_at(row, 7);
  letter.attempts = integer_at(row, 8);
  letter.reason = text_at(row, 9);
  letter.failed_at = integer_at(row, 10);
  return letter;
}

SqlStatement delete_dead_letters(std::string_view org, std::string_view event_id) {
  return {.sql = "DELETE FROM dead_letters WHERE org_id = ? AND event_id = ?",
          .parameters = bind({text(org), text(event_id)})};
}

SqlStatement upsert_integration_fault(std::string_view org, std::string_view integration,
                                      const IntegrationFault& fault) {
  return {.sql =
              "INSERT INTO integration_faults (org_id, integration, reason, error, reference, "
              "since, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, integration) "
              "DO UPDATE SET reason = excluded.reason, error = excluded.error, reference = "
              "excluded.reference, last_seen = excluded.last_seen",
          .parameters = bind({text(org), text(integration), text(fault.reason), text(fault.error),
                              text(fault.reference), fault.since, fault.last_seen})};
}

SqlStatement select_integration_fault(std::string_view org, std::string_view integration) {
  return {.sql =
              "SELECT reason, error, reference, since, last_seen FROM integration_faults WHERE "
              "org_id = ? AND integration = ?",
          .parameters = bind({text(org), text(integration)})};
}

std::optional<IntegrationFault> integration_fault_of(const SqlOutcome& outcome) {
  if (outcome.rows.size() != 1) {
    return std::nullopt;
  }
  const auto& row = outcome.rows[0];
  return IntegrationFault{.reason = text_at(row, 0),
                          .error = text_at(row, 1),
                          .reference = text_at(row, 2),
                          .since = integer_at(row, 3),
                          .last_seen = integer_at(row, 4)};
}

SqlStatement delete_integration_fault(std::string_view org, std::string_view integration,
                                      EpochMs worked_at) {
  return {.sql =
              "DELETE FROM integration_faults WHERE org_id = ? AND integration = ? AND "
              "last_seen <= ?",
          .parameters = bind({text(org), text(integration), worked_at})};
}

}  // namespace postern
