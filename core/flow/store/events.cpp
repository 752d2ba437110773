#include "core/flow/store/events.h"

#include "core/base/json.h"
#include "core/flow/frame/sql.h"

namespace postern {

#define POSTERN_EVENT_COLUMNS "id, org_id, integration, user_id, type, occurred_at, data"

std::optional<Event> event_at(const SqlRow& row, std::size_t at, ConnectionId* id) {
  auto type = text_at(row, at + 4);
  // It is passed on inside of other JSON, as it is.
  const auto data = parse_json(text_at(row, at + 6));
  if (!is_event_type(type) || !data || !data->is_object()) {
    return std::nullopt;
  }
  *id = {.org = text_at(row, at + 1),
         .integration = text_at(row, at + 2),
         .subject = text_at(row, at + 3)};
  return Event{.id = text_at(row, at),
               .type = std::move(type),
               .at = integer_at(row, at + 5),
               .data = text_at(row, at + 6)};
}

SqlStatement insert_event(const ConnectionId& id, const Event& event) {
  return {.sql = "INSERT OR IGNORE INTO events (" POSTERN_EVENT_COLUMNS
                 ") VALUES (?, ?, ?, ?, ?, ?, ?)",
          .parameters = bind({text(event.id), text(id.org), text(id.integration), text(id.subject),
                              text(event.type), event.at, text(event.data)})};
}

SqlStatement select_events(const EventQuery& query) {
  const auto range = query.subject.value_or(SubjectRange());
  return {
      .sql =
          "SELECT seq, " POSTERN_EVENT_COLUMNS
          " FROM events WHERE org_id = ?1 AND seq > ?2 AND (?3 = '' OR (type <> ?10 AND (user_id "
          "= ?7 OR (user_id >= ?3 AND user_id < ?8)))) AND (?4 = '' OR integration = ?4) AND (?5 "
          "= '' OR type = ?5) AND user_id >= ?9 ORDER BY seq LIMIT ?6",
      .parameters = bind({text(query.org), query.after, text(range.first), text(query.integration),
                          text(query.type), query.limit, text(range.exact), text(range.last),
                          text(query.organizations_own ? std::string_view() : kFirstUser),
                          // Of an integration, and so of no subject, whatever its row says.
                          text(name_of(EventType::admin_consent_claimed))})};
}

SqlStatement select_last_event(std::string_view org) {
  return {.sql = "SELECT MAX(seq) FROM events WHERE org_id = ?", .parameters = bind({text(org)})};
}

SqlStatement select_end_of_attempt(const ConnectionId& id, std::string_view attempt,
                                   EpochMs since) {
  return {.sql =
              "SELECT type, occurred_at, json_extract(data, '$.reason'), json_extract(data, "
              "'$.cause') FROM events WHERE occurred_at >= ? AND org_id = ? AND integration = ? "
              "AND user_id = ? AND type IN ('connected', 'connect_failed') AND json_extract(data, "
              "'$.attempt') = ? ORDER BY type DESC LIMIT 1",
          .parameters =
              bind({since, text(id.org), text(id.integration), text(id.subject), text(attempt)})};
}

std::optional<AttemptEnd> attempt_end_of(const SqlOutcome& outcome) {
  if (outcome.rows.size() != 1) {
    return std::nullopt;
  }
  const auto& row = outcome.rows[0];
  return AttemptEnd{.connected = text_at(row, 0) == name_of(EventType::connected),
                    .at = integer_at(row, 1),
                    .reason = text_at(row, 2),
                    .cause = text_at(row, 3)};
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

}  // namespace postern
