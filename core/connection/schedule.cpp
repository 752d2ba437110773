#include "core/connection/schedule.h"

#include <algorithm>
#include <iterator>

#include "core/connection/application.h"
#include "core/connection/token_name.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

constexpr std::string_view kModes[] = {"on_demand", "keep_alive", "keep_fresh"};
constexpr DurationMs kTellAheadMs = 14 * kDayMs;
// However short a provider's times are: nobody is asked more often than this unasked.
constexpr DurationMs kLeastPauseMs = kMinuteMs;

bool can_refresh(const ConnectionRecord& record) {
  return record.status == Status::connected &&
         (!record.sealed_refresh_token.empty() || is_application(record));
}

// Where no token says which one it is for.
std::string_view first_resource(const ConnectionRecord& record) {
  const auto* provider = find_provider(record.provider);
  return provider == nullptr ? std::string_view() : default_api(*provider).name;
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
  if (range_ms <= 0) {
    return 0;
  }
  // FNV-1a: to be even is all that is asked of it.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const char c : record.id.org + '/' + record.id.subject) {
    mix(static_cast<unsigned char>(c));
  }
  // So that nobody is always the first.
  for (auto left = static_cast<std::uint64_t>(record.refresh_minted_at); left != 0; left >>= 8) {
    mix(left & 0xff);
  }
  return static_cast<DurationMs>(hash % (static_cast<std::uint64_t>(range_ms) + 1));
}

DueRefresh next_refresh(const ConnectionRecord& record, const RefreshPolicy& policy,
                        std::span<const std::string> refused) {
  DueRefresh due;
  if (policy.mode == RefreshMode::on_demand || !can_refresh(record)) {
    return due;
  }
  const auto add = [&due](EpochMs at, EpochMs minted_at, std::string_view resource) {
    at = std::max(at, minted_at + kLeastPauseMs);
    if (due.at == 0 || at < due.at) {
      due = {.at = at, .resource = std::string(resource)};
    }
  };
  // Any resource keeps the refresh token alive: the one that worked last.
  const StoredAccessToken* latest = nullptr;
  for (const auto& token : record.tokens) {
    if (is_of_guest(token.resource) || std::ranges::contains(refused, token.resource)) {
      continue;
    }
    latest = latest == nullptr || token.minted_at >= latest->minted_at ? &token : latest;
    if (policy.mode == RefreshMode::keep_fresh && token.expires_at != 0) {
      const auto lifetime = token.expires_at - token.minted_at;
      const auto ahead = std::min(policy.ahead_ms, lifetime - lifetime / 4);
      add(token.expires_at - ahead - spread(record, lifetime / 16), token.minted_at,
          token.resource);
    }
  }
  // An application has no grant that would die of idleness, nor one that ends.
  if (policy.idle_ms != 0 && !is_application(record) &&
      (latest != nullptr || (record.tokens.empty() && refused.empty()))) {
    add(record.refresh_minted_at + policy.idle_ms / 2 - spread(record, policy.idle_ms / 20),
        record.refresh_minted_at, latest != nullptr ? latest->resource : first_resource(record));
  }
  due.since = latest != nullptr ? std::max(due.at, latest->minted_at) : due.at;
  return due;
}

EpochMs expires_for_good_at(const ConnectionRecord& record, const RefreshPolicy& policy) {
  const bool ends = policy.lifetime_ms != 0 && can_refresh(record) && !is_application(record);
  return ends ? record.granted_at + policy.lifetime_ms : 0;
}

EpochMs expiry_told_at(const ConnectionRecord& record, const RefreshPolicy& policy) {
  const auto end = expires_for_good_at(record, policy);
  return end == 0 ? 0 : end - std::min(kTellAheadMs, policy.lifetime_ms / 4);
}

}  // namespace postern
