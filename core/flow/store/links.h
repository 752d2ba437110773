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
  std::string confirm;  // "backend" or "page"
  bool allow_other_account = false;
  std::string scopes;  // separated by blanks; empty: the integration's
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
// Links that ended a day ago.
[[nodiscard]] SqlStatement sweep_links(EpochMs now);

}  // namespace postern
