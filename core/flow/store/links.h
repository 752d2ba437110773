// The table connect_links, each text with the function that reads its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/connection/record.h"
#include "core/effect/effects.h"

namespace postern {

struct LinkRow {
  std::string hash;
  std::string attempt;
  ConnectionId id;
  std::string tenant;
  std::string return_to;
  // "backend", "page", or "renew": as page, but only for the account of a connection that lives.
  std::string confirm;
  bool allow_other_account = false;
  std::string scopes;  // separated by blanks; empty: the integration's
  std::string claims;  // the provider's claims challenge that the sign-in must satisfy
  EpochMs created_at = 0;
  EpochMs expires_at = 0;
  EpochMs consumed_at = 0;  // 0: it is not
  std::string cookie_hash;  // of the browser that consumed it
  // How the attempt ended: kOutcomeConnected, with the hash of the code that confirmed it, if one
  // did, as the cause; kOutcomePending; or the word of its failure (code_of(PageKind)) and what
  // caused it. Empty: it has not.
  std::string outcome;
  std::string cause;
  EpochMs ended_at = 0;
};
inline constexpr std::string_view kOutcomeConnected = "connected";
inline constexpr std::string_view kOutcomePending = "pending";
// LinkRow::confirm.
inline constexpr std::string_view kConfirmByBackend = "backend";
inline constexpr std::string_view kConfirmRenew = "renew";
[[nodiscard]] SqlStatement insert_link(const LinkRow& row);
[[nodiscard]] SqlStatement select_link_by_hash(std::string_view hash);
[[nodiscard]] SqlStatement select_link_by_attempt(std::string_view attempt, std::string_view org);
// Only a link that is neither used nor expired; RETURNING one row when it was.
[[nodiscard]] SqlStatement consume_link(std::string_view hash, std::string_view cookie_hash,
                                        EpochMs now);
// For a browser that shows the cookie of the attempt.
[[nodiscard]] SqlStatement select_link_of_browser(std::string_view attempt,
                                                  std::string_view cookie_hash);
// The browser of the attempt has begun once more, with the state of this hash: its time counts from
// now. In one batch with the state. RETURNING one row when it has.
[[nodiscard]] SqlStatement prolong_attempt(std::string_view attempt, std::string_view org,
                                           std::string_view state_hash, EpochMs now);
// What is connected stays so, whatever else is heard of the attempt.
[[nodiscard]] SqlStatement end_attempt(std::string_view attempt, std::string_view org,
                                       std::string_view outcome, std::string_view cause,
                                       EpochMs now);
[[nodiscard]] std::optional<LinkRow> link_of(const SqlOutcome& outcome);
// Links that ended a day ago.
[[nodiscard]] SqlStatement sweep_links(EpochMs now);

}  // namespace postern
