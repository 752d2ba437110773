// The table dead_letters, of events that a webhook did not take, each text with the function that
// reads its rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/connection/event.h"
#include "core/effect/effects.h"

namespace postern {

struct DeadLetter {
  ConnectionId id;
  Event event;
  std::string webhook;  // its name (events/webhook.h)
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

}  // namespace postern
