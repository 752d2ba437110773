// The table oauth_connections, the backup of every record, each text with the function that reads
// its rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/connection/record.h"
#include "core/effect/effects.h"

namespace postern {

// Writes the backup unless a newer version is there already.
[[nodiscard]] SqlStatement upsert_connection(const ConnectionRecord& record);
// A row for another connection of the same account, of whomever, that needs its grant, where the
// provider ends all of an account's grants at once.
[[nodiscard]] SqlStatement select_same_account(const ConnectionRecord& record);
[[nodiscard]] SqlStatement select_connection(const ConnectionId& id);
[[nodiscard]] std::optional<ConnectionRecord> connection_of(const SqlOutcome& outcome);
// Of rows as select_connections gives them.
[[nodiscard]] std::optional<ConnectionRecord> connection_in_row(const SqlRow& row);
// Where a page ends; opaque to callers.
[[nodiscard]] std::string cursor_after(const SqlRow& row);
struct ConnectionQuery {
  std::string org;
  std::optional<SubjectRange> subject;  // nothing: all
  bool organizations_own = false;       // with those of the organization itself
  std::string status;                   // empty: all but revoked
  std::string after_subject;
  std::string after_integration;
  std::int64_t limit = 0;
};
[[nodiscard]] SqlStatement select_connections(const ConnectionQuery& query);

}  // namespace postern
