#include "core/connection/schedule.h"

#include <algorithm>
#include <iterator>

namespace postern {

namespace {

constexpr std::string_view kModes[] = {"on_demand", "keep_alive", "keep_fresh"};
constexpr DurationMs kTellAheadMs = 14 * kDayMs;
// Where no token says which resource it is for.
constexpr std::string_view kAnyResource = "graph";

bool can_refresh(const ConnectionRecord& record) {
  return record.status == Status::connected && !record.sealed_refresh_token.empty();
}

}  // namespace

std::string_view name_of(RefreshMode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}

std::optional<RefreshMode> parse_refresh_mode(std::string_view text) {
  const auto* found = std::ranges::find(kModes, text);
  return found == std::end(kModes) ? std::nullopt
                                   : std::optional(static_cast<RefreshMode>(found - kModes));
}

DurationMs spread(const ConnectionRecord& record, DurationMs range_ms) {
  // FNV-1a: to be even is all that is asked of it.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const char c : record.id.org + '/' + record.id.user_id) {
    mix(static_cast<unsigned char>(c));
  }
  // So that nobody is always the first.
  for (auto left = static_cast<std::uint64_t>(record.refresh_minted_at); left != 0; left >>= 8) {
    mix(left & 0xff);
  }
  return static_cast<DurationMs>(hash % (static_cast<std::uint64_t>(range_ms) + 1));
}

DueRefresh next_refresh(const ConnectionRecord& record, const RefreshPolicy& policy) {
  DueRefresh due;
  if (policy.mode == RefreshMode::on_demand || !can_refresh(record)) {
    return due;
  }
  if (policy.idle_ms != 0) {
    due = {
        .at = record.refresh_minted_at + policy.idle_ms / 2 - spread(record, policy.idle_ms / 20),
        .resource =
            record.tokens.empty() ? std::string(kAnyResource) : record.tokens.front().resource};
  }
  for (const auto& token : record.tokens) {
    if (policy.mode != RefreshMode::keep_fresh || token.expires_at == 0) {
      continue;
    }
    const auto lifetime = token.expires_at - token.minted_at;
    const auto ahead = std::min(policy.ahead_ms, lifetime - lifetime / 4);
    const auto at = token.expires_at - ahead - spread(record, lifetime / 16);
    if (due.at == 0 || at < due.at) {
      due = {.at = at, .resource = token.resource};
    }
  }
  return due;
}

EpochMs expires_for_good_at(const ConnectionRecord& record, const RefreshPolicy& policy) {
  return policy.lifetime_ms == 0 || !can_refresh(record) ? 0
                                                         : record.granted_at + policy.lifetime_ms;
}

EpochMs expiry_told_at(const ConnectionRecord& record, const RefreshPolicy& policy) {
  const auto end = expires_for_good_at(record, policy);
  return end == 0 ? 0 : end - std::min(kTellAheadMs, policy.lifetime_ms / 4);
}

}  // namespace postern
