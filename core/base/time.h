// Points in time are handed in, never read. Milliseconds since the epoch (UTC) everywhere in the
// core; seconds only where a protocol says seconds, and then the name says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

using EpochMs = std::int64_t;
using DurationMs = std::int64_t;

inline constexpr DurationMs kSecondMs = 1000;
inline constexpr DurationMs kMinuteMs = 60 * kSecondMs;
inline constexpr DurationMs kHourMs = 60 * kMinuteMs;
inline constexpr DurationMs kDayMs = 24 * kHourMs;

// 2026-01-31T23:59:59.123Z (RFC 3339), years 0001 to 9999.
[[nodiscard]] std::string format_iso8601(EpochMs time);

// RFC 3339 with `Z` or an offset, fraction optional (cut to milliseconds); nullopt for anything
// else.
[[nodiscard]] std::optional<EpochMs> parse_iso8601(std::string_view text);

// IMF-fixdate or delta-seconds of a Retry-After header (RFC 9110 10.2.3), as a duration from `now`;
// nullopt when unreadable or negative.
[[nodiscard]] std::optional<DurationMs> parse_retry_after(std::string_view text, EpochMs now);

}  // namespace postern
