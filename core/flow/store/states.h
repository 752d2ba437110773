// The table oauth_states, each text with the function that reads its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/connection/record.h"
#include "core/effect/effects.h"

namespace postern {

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
  std::string scopes;          // separated by blanks; empty: the integration's
  std::string dropped_scopes;  // that were asked for before, and that this account cannot have
  EpochMs created_at = 0;
  EpochMs expires_at = 0;
};
// In one batch with `consume_link`, and before it: inserts only while the link can still be used.
[[nodiscard]] SqlStatement insert_state_for_link(const StateRow& row, std::string_view link_hash,
                                                 EpochMs now);
[[nodiscard]] SqlStatement insert_state(const StateRow& row);
// In one batch with `consume_state` of the earlier one, and before it: inserts only while that can
// still be used, by its own browser.
[[nodiscard]] SqlStatement insert_state_for_state(const StateRow& row,
                                                  std::string_view earlier_hash, EpochMs now);
// The one statement that consumes a state. A wrong cookie, mode or time matches nothing and burns
// nothing.
[[nodiscard]] SqlStatement consume_state(std::string_view state_hash, std::string_view cookie_hash,
                                         std::string_view mode, EpochMs now);
// The same for a code that a caller hands over: bound to its organization and subject as well, and
// to the directory that the caller names, if any.
[[nodiscard]] SqlStatement consume_caller_state(std::string_view state_hash, const ConnectionId& id,
                                                std::string_view tenant, EpochMs now);
[[nodiscard]] SqlStatement select_state(std::string_view state_hash);
// One that is not consumed, whether it lives or not.
[[nodiscard]] SqlStatement select_state_of_attempt(std::string_view attempt, std::string_view org);
[[nodiscard]] std::optional<StateRow> state_of(const SqlOutcome& outcome);
// States that ended a day ago.
[[nodiscard]] SqlStatement sweep_states(EpochMs now);

}  // namespace postern
