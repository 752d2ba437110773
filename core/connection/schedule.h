// When a connection is refreshed though nobody asks for it, and when its grant ends whatever is
// done. Pure: an integration's policy and a record in, a time out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/connection/record.h"
#include "core/provider/catalogue.h"

namespace postern {

enum class RefreshMode : std::uint8_t {
  on_demand,   // when somebody asks and less than the refresh window is left
  keep_alive,  // besides, before the refresh token dies of not being used
  keep_fresh,  // besides, so that a token always has `ahead_ms` of life left
};
[[nodiscard]] std::string_view name_of(RefreshMode mode);
[[nodiscard]] std::optional<RefreshMode> parse_refresh_mode(std::string_view text);

// Of an integration: what its operator chose, and what the provider does.
struct RefreshPolicy {
  RefreshMode mode = RefreshMode::keep_alive;
  // keep_fresh; at most three quarters of a token's lifetime, as for min_ttl.
  DurationMs ahead_ms = 4 * kHourMs;
  // A refresh token dies when it is not used for so long; 0: never, or unknown.
  DurationMs idle_ms = 0;
  // A grant dies so long after the sign-in; 0: never, or unknown.
  DurationMs lifetime_ms = 0;
  // What the integration asks people for, separated by blanks: of a record that says nothing else.
  std::string scopes;
  // Provider::apis as they are in the integration's cloud; empty: as the catalogue has them.
  std::span<const Api> apis;
};

struct DueRefresh {
  EpochMs at = 0;  // 0: never by itself
  std::string resource;
  // When a token was got the last time, if that is later: what kept this one may be mended since.
  EpochMs since = 0;
};
// The first refresh that is to be made unasked. Spread over time: connections that were made
// together are not refreshed together, and the same record always has the same time.
// `refused`: resources to leave out.
[[nodiscard]] DueRefresh next_refresh(const ConnectionRecord& record, const RefreshPolicy& policy,
                                      std::span<const std::string> refused = {});

// When the grant is over for good, after which only a new sign-in helps; 0: never, or unknown.
[[nodiscard]] EpochMs expires_for_good_at(const ConnectionRecord& record,
                                          const RefreshPolicy& policy);
// When that is told ahead; 0: never.
[[nodiscard]] EpochMs expiry_told_at(const ConnectionRecord& record, const RefreshPolicy& policy);

// Between 0 and `range_ms`, the same for the same record; 0 where that is less.
[[nodiscard]] DurationMs spread(const ConnectionRecord& record, DurationMs range_ms);

}  // namespace postern
