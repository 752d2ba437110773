#include "core/base/time.h"

#include <array>
#include <cstddef>
#include <limits>

#include "core/base/text.h"

namespace postern {
namespace {

constexpr EpochMs kFirstMs = -62'135'596'800'000;  // 0001-01-01T00:00:00.000Z
constexpr EpochMs kLastMs = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z

struct Date {
  int year;
  int month;
  int day;
};

// Years begin in March, so that the leap day is the last one of its year.
constexpr std::int64_t days_from_date(Date date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t month = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719'468;
}

Date date_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = days / 146'097;
  const std::int64_t day = days % 146'097;
  const std::int64_t year_of_era = (day - day / 1460 + day / 36'524 - day / 146'096) / 365;
  const std::int64_t day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  const std::int64_t year = era * 400 + year_of_era + (month >= 10 ? 1 : 0);
  return {static_cast<int>(year), static_cast<int>(month < 10 ? month + 3 : month - 9),
          static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1)};
}

int days_in_month(int year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Reads a fixed layout from the front; after the first thing that does not fit, `ok` stays false.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  int number(std::size_t digits) {
    if (rest.size() < digits) ok = false;
    int value = 0;
    for (std::size_t i = 0; ok && i < digits; ++i) {
      const char c = rest[i];
      if (c < '0' || c > '9') ok = false;
      value = value * 10 + (c - '0');
    }
    if (ok) rest.remove_prefix(digits);
    return ok ? value : 0;
  }

  bool accept(std::string_view expected) {
    if (!ok || !rest.starts_with(expected)) return false;
    rest.remove_prefix(expected.size());
    return true;
  }

  void expect(std::string_view expected) { ok = accept(expected); }

  // The index of one of several words of three letters.
  int word(std::string_view words) {
    for (std::size_t i = 0; i < words.size(); i += 3) {
      if (accept(words.substr(i, 3))) return static_cast<int>(i / 3);
    }
    ok = false;
    return 0;
  }
};

struct Clock {
  std::int64_t hour;
  std::int64_t minute;
  std::int64_t second;
};

Clock scan_clock(Scanner& scanner) {
  const std::int64_t hour = scanner.number(2);
  scanner.expect(":");
  const std::int64_t minute = scanner.number(2);
  scanner.expect(":");
  return {hour, minute, scanner.number(2)};
}

// RFC 3339 section 5.7. A leap second is the last second of a month, in UTC; as in POSIX time it is
// the same moment as the second after it.
std::optional<EpochMs> moment(Date date, Clock clock, int offset_minutes) {
  if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > days_in_month(date.year, date.month) || clock.hour > 23 || clock.minute > 59 ||
      clock.second > 60) {
    return std::nullopt;
  }
  const std::int64_t minutes =
      days_from_date(date) * 1440 + clock.hour * 60 + clock.minute - offset_minutes;
  const EpochMs time = minutes * kMinuteMs + clock.second * kSecondMs;
  if (time < kFirstMs || time > kLastMs) return std::nullopt;
  if (clock.second == 60 && (time % kDayMs != 0 || date_from_days(time / kDayMs).day != 1)) {
    return std::nullopt;
  }
  return time;
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = to_decimal(value);
  out.append(width - digits.size(), '0');
  out += digits;
}

std::optional<EpochMs> parse_imf_fixdate(std::string_view text) {
  Scanner scanner{text};
  const int weekday = scanner.word("SunMonTueWedThuFriSat");
  scanner.expect(", ");
  const int day = scanner.number(2);
  scanner.expect(" ");
  const int month = scanner.word("JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
  scanner.expect(" ");
  const int year = scanner.number(4);
  scanner.expect(" ");
  const Clock clock = scan_clock(scanner);
  scanner.expect(" GMT");
  if (!scanner.ok || !scanner.rest.empty()) return std::nullopt;
  const Date date{year, month, day};
  const auto time = moment(date, clock, 0);
  if (!time) return std::nullopt;
  // 0001-01-01 was a Monday, and is 719,162 days before the epoch.
  if ((days_from_date(date) + 719'162 + 1) % 7 != weekday) return std::nullopt;
  return time;
}

}  // namespace

std::string format_iso8601(EpochMs time) {
  time = time < kFirstMs ? kFirstMs : time > kLastMs ? kLastMs : time;
  // From year one on there is nothing negative, and division rounds the right way.
  const EpochMs since = time - kFirstMs;
  const Date date = date_from_days(since / kDayMs + kFirstMs / kDayMs);
  const EpochMs of_day = since % kDayMs;
  std::string text;
  text.reserve(24);
  append_padded(text, date.year, 4);
  text.push_back('-');
  append_padded(text, date.month, 2);
  text.push_back('-');
  append_padded(text, date.day, 2);
  text.push_back('T');
  append_padded(text, of_day / kHourMs, 2);
  text.push_back(':');
  append_padded(text, of_day / kMinuteMs % 60, 2);
  text.push_back(':');
  append_padded(text, of_day / kSecondMs % 60, 2);
  text.push_back('.');
  append_padded(text, of_day % kSecondMs, 3);
  text.push_back('Z');
  return text;
}

std::optional<EpochMs> parse_iso8601(std::string_view text) {
  Scanner scanner{text};
  const int year = scanner.number(4);
  scanner.expect("-");
  const int month = scanner.number(2);
  scanner.expect("-");
  const int day = scanner.number(2);
  if (!scanner.accept("t")) scanner.expect("T");
  const Clock clock = scan_clock(scanner);

  EpochMs fraction = 0;
  if (scanner.accept(".")) {
    fraction = EpochMs{100} * scanner.number(1);
    for (EpochMs unit = 10; scanner.ok; unit /= 10) {
      if (scanner.rest.empty() || scanner.rest[0] < '0' || scanner.rest[0] > '9') break;
      fraction += scanner.number(1) * unit;
    }
  }

  int offset_minutes = 0;
  if (!scanner.accept("Z") && !scanner.accept("z")) {
    const bool east = scanner.accept("+");
    if (!east) scanner.expect("-");
    const int hours = scanner.number(2);
    scanner.expect(":");
    const int minutes = scanner.number(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset_minutes = east ? hours * 60 + minutes : -(hours * 60 + minutes);
  }
  if (!scanner.ok || !scanner.rest.empty()) return std::nullopt;
  // What follows within a leap second is the same moment as its begin.
  if (clock.second == 60) fraction = 0;
  const auto time = moment({year, month, day}, clock, offset_minutes);
  if (!time) return std::nullopt;
  return *time + fraction;
}

std::optional<DurationMs> parse_retry_after(std::string_view text, EpochMs now) {
  DurationMs wait = 0;
  const auto seconds = parse_decimal(text);
  if (seconds && !text.starts_with('-')) {
    if (__builtin_mul_overflow(*seconds, kSecondMs, &wait)) return std::nullopt;
  } else {
    const auto time = parse_imf_fixdate(text);
    if (!time || __builtin_sub_overflow(*time, now, &wait)) return std::nullopt;
  }
  if (wait < 0) return std::nullopt;
  return wait;
}

}  // namespace postern
