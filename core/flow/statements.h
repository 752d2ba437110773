// Every SQL text that Postern sends to D1, each with the function that reads its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/connection/record.h"
#include "core/effect/effects.h"

namespace postern {

// --- connect links ---
struct LinkRow {
  std::string hash;
  std::string attempt;
  ConnectionId id;
  std::string tenant;
  std::string return_to;
  std::string confirm;  // "backend" or "page"
  bool allow_other_account = false;
  std::string claims;  // the provider's claims challenge that the sign-in must satisfy
  EpochMs created_at = 0;
  EpochMs expires_at = 0;
  EpochMs consumed_at = 0;  // 0: it is not
};
[[nodiscard]] SqlStatement insert_link(const LinkRow& row);
[[nodiscard]] SqlStatement select_link_by_hash(std::string_view hash);
[[nodiscard]] SqlStatement select_link_by_attempt(std::string_view attempt, std::string_view org);
// Only a link that is neither used nor expired; RETURNING one row when it was.
[[nodiscard]] SqlStatement consume_link(std::string_view hash, EpochMs now);
[[nodiscard]] std::optional<LinkRow> link_of(const SqlOutcome& outcome);
// Links and states that ended a day ago.
[[nodiscard]] SqlStatement sweep_links(EpochMs now);
[[nodiscard]] SqlStatement sweep_states(EpochMs now);

// --- states ---
struct StateRow {
  std::string state_hash;
  std::string cookie_hash;  // empty in mode "caller"
  std::string mode;         // "browser" or "caller"
  std::string attempt;
  ConnectionId id;
  std::string tenant;
  std::string redirect_uri;
  std::string code_challenge;
  std::string sealed_verifier;  // empty in mode "caller": the caller keeps it
  std::string return_to;
  std::string confirm;
  bool allow_other_account = false;
  EpochMs created_at = 0;
  EpochMs expires_at = 0;
};
// In one batch with `consume_link`, and before it: inserts only while the link can still be used.
[[nodiscard]] SqlStatement insert_state_for_link(const StateRow& row, std::string_view link_hash,
                                                 EpochMs now);
[[nodiscard]] SqlStatement insert_state(const StateRow& row);
// The one statement that consumes a state. A wrong cookie, mode or time matches nothing and burns
// nothing.
[[nodiscard]] SqlStatement consume_state(std::string_view state_hash, std::string_view cookie_hash,
                                         std::string_view mode, EpochMs now);
// The same for a code that a caller hands over: bound to its organization and subject as well.
[[nodiscard]] SqlStatement consume_caller_state(std::string_view state_hash, const ConnectionId& id,
                                                EpochMs now);
[[nodiscard]] SqlStatement select_state(std::string_view state_hash);
[[nodiscard]] std::optional<StateRow> state_of(const SqlOutcome& outcome);

// --- connections ---
// Writes the backup unless a newer version is there already.
[[nodiscard]] SqlStatement upsert_connection(const ConnectionRecord& record);
[[nodiscard]] SqlStatement select_connection(const ConnectionId& id);
[[nodiscard]] std::optional<ConnectionRecord> connection_of(const SqlOutcome& outcome);
// Of rows as select_connections gives them.
[[nodiscard]] std::optional<ConnectionRecord> connection_in_row(const SqlRow& row);
// Where a page ends; opaque to callers.
[[nodiscard]] std::string cursor_after(const SqlRow& row);
struct ConnectionQuery {
  std::string org;
  std::string user_id;  // empty: all
  std::string status;   // empty: all but revoked
  std::string after_user_id;
  std::string after_integration;
  std::int64_t limit = 0;
};
[[nodiscard]] SqlStatement select_connections(const ConnectionQuery& query);

[[nodiscard]] SqlStatement select_one();

}  // namespace postern
