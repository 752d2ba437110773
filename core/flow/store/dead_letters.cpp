#include "core/flow/store/dead_letters.h"

#include "core/flow/frame/sql.h"
#include "core/flow/store/events.h"

namespace postern {

#define POSTERN_LETTER_COLUMNS                                                                   \
  "event_id, org_id, integration, user_id, type, occurred_at, data, webhook, attempts, reason, " \
  "failed_at"

SqlStatement insert_dead_letter(const DeadLetter& letter) {
  return {
      .sql = "INSERT OR REPLACE INTO dead_letters (" POSTERN_LETTER_COLUMNS
             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      .parameters = bind({text(letter.event.id), text(letter.id.org), text(letter.id.integration),
                          text(letter.id.subject), text(letter.event.type), letter.event.at,
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

SqlStatement sweep_dead_letters(EpochMs now) {
  return {.sql =
              "DELETE FROM dead_letters WHERE seq IN (SELECT seq FROM dead_letters WHERE "
              "failed_at < ? LIMIT 500)",
          .parameters = bind({now - kEventLifeMs})};
}

SqlStatement delete_dead_letters(std::string_view org, std::string_view event_id) {
  return {.sql = "DELETE FROM dead_letters WHERE org_id = ? AND event_id = ?",
          .parameters = bind({text(org), text(event_id)})};
}

}  // namespace postern
