#include "core/base/time.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>

using namespace postern;

namespace {
constexpr EpochMs kFirst = -62'135'596'800'000;
constexpr EpochMs kLast = 253'402'300'799'999;
constexpr EpochMs kEarliest = std::numeric_limits<EpochMs>::min();
constexpr EpochMs kLatest = std::numeric_limits<EpochMs>::max();
constexpr EpochMs kImfExample = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT
}  // namespace

TEST_CASE("moments are written in UTC with milliseconds") {
  CHECK(format_iso8601(0) == "1970-01-01T00:00:00.000Z");
  CHECK(format_iso8601(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(format_iso8601(1'769'903'999'123) == "2026-01-31T23:59:59.123Z");
  CHECK(format_iso8601(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(format_iso8601(kFirst) == "0001-01-01T00:00:00.000Z");
  CHECK(format_iso8601(kLast) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("a moment outside the years 1 to 9999 is written as the nearest one inside") {
  CHECK(format_iso8601(kEarliest) == "0001-01-01T00:00:00.000Z");
  CHECK(format_iso8601(kLatest) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("the examples of RFC 3339 section 5.8 are read") {
  CHECK(parse_iso8601("1985-04-12T23:20:50.52Z") == 482'196'050'520);
  CHECK(parse_iso8601("1996-12-19T16:39:57-08:00") == 851'042'397'000);
  CHECK(parse_iso8601("1996-12-20T00:39:57Z") == 851'042'397'000);
  CHECK(parse_iso8601("1937-01-01T12:00:27.87+00:20") == -1'041'337'172'130);
  CHECK(parse_iso8601("1990-12-31T23:59:60Z") == 662'688'000'000);
  CHECK(parse_iso8601("1990-12-31T15:59:60-08:00") == 662'688'000'000);
}

TEST_CASE("every day of four centuries is written and read back") {
  for (EpochMs day = -80'000; day < 80'000; ++day) {
    const EpochMs time = day * kDayMs + 86'399'999;
    if (parse_iso8601(format_iso8601(time)) != time) FAIL_CHECK(day);
  }
  CHECK(parse_iso8601(format_iso8601(kFirst)) == kFirst);
  CHECK(parse_iso8601(format_iso8601(kLast)) == kLast);
}

TEST_CASE("29 February exists in leap years only") {
  for (const std::string year : {"2024", "2000", "2400", "0004"}) {
    CAPTURE(year);
    CHECK(parse_iso8601(year + "-02-29T00:00:00Z").has_value());
    CHECK_FALSE(parse_iso8601(year + "-02-30T00:00:00Z").has_value());
  }
  for (const std::string year : {"2023", "1900", "2100", "0001"}) {
    CAPTURE(year);
    CHECK_FALSE(parse_iso8601(year + "-02-29T00:00:00Z").has_value());
  }
}

TEST_CASE("fields out of range are refused") {
  for (const std::string text :
       {"2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-06-31T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "0000-12-31T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_iso8601(text).has_value());
  }
}

TEST_CASE("anything but the layout of RFC 3339 is refused") {
  for (const std::string text : {"",
                                 "2026",
                                 "2026-01-01",
                                 "2026-01-01T00:00:00",
                                 "2026-01-01 00:00:00Z",
                                 "2026-01-01T00:00Z",
                                 "2026-01-01T00:00:00.Z",
                                 "2026-01-01T00:00:00,5Z",
                                 "2026-01-01T00:00:00Z ",
                                 " 2026-01-01T00:00:00Z",
                                 "2026-01-01T00:00:00ZZ",
                                 "2026-01-01T00:00:00+0100",
                                 "2026-01-01T00:00:00+01",
                                 "+2026-01-01T00:00:00Z",
                                 "-026-01-01T00:00:00Z",
                                 "12026-01-01T00:00:00Z",
                                 "2026-1-1T00:00:00Z",
                                 "2026-01-01T0:00:00Z",
                                 "2026-01-01T00:00:00 Z",
                                 "2026-01-01T00:00:00*01:00",
                                 "20260101T000000Z",
                                 "2026-01-01T00:00:00.1.2Z",
                                 "2026-W01-1T00:00:00Z",
                                 "2026-01-01T-1:00:00Z",
                                 "2026-01-01T00:00:00UTC"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_iso8601(text).has_value());
  }
}

TEST_CASE("an offset is taken off, and lower case letters are letters") {
  CHECK(parse_iso8601("1970-01-01T05:30:00+05:30") == 0);
  CHECK(parse_iso8601("1969-12-31T19:00:00-05:00") == 0);
  CHECK(parse_iso8601("1970-01-01t00:00:00z") == 0);
  CHECK(parse_iso8601("1970-01-01T00:00:00-00:00") == 0);
  CHECK(parse_iso8601("1970-01-01T23:59:00+23:59") == 0);
}

TEST_CASE("an offset that leads out of the years 1 to 9999 is refused") {
  CHECK_FALSE(parse_iso8601("0001-01-01T00:00:00+00:01").has_value());
  CHECK_FALSE(parse_iso8601("9999-12-31T23:59:59-00:01").has_value());
  CHECK_FALSE(parse_iso8601("9999-12-31T23:59:60Z").has_value());
}

TEST_CASE("a fraction is cut to milliseconds, however long it is") {
  CHECK(parse_iso8601("1970-01-01T00:00:00.1Z") == 100);
  CHECK(parse_iso8601("1970-01-01T00:00:00.12Z") == 120);
  CHECK(parse_iso8601("1970-01-01T00:00:00.1239Z") == 123);
  CHECK(parse_iso8601("1970-01-01T00:00:00.1234567Z") == 123);
  CHECK(parse_iso8601("1970-01-01T00:00:00." + std::string(5000, '9') + "Z") == 999);
  CHECK(parse_iso8601("1969-12-31T23:59:59.9999Z") == -1);
}

TEST_CASE("a leap second is the end of a month in UTC, or nothing") {
  CHECK(parse_iso8601("2016-12-31T23:59:60Z") == parse_iso8601("2017-01-01T00:00:00Z"));
  CHECK(parse_iso8601("2016-12-31T23:59:60.9Z") == parse_iso8601("2017-01-01T00:00:00Z"));
  CHECK_FALSE(parse_iso8601("2016-12-30T23:59:60Z").has_value());
  CHECK_FALSE(parse_iso8601("2016-12-31T22:59:60Z").has_value());
  CHECK_FALSE(parse_iso8601("2016-12-31T23:59:60+01:00").has_value());
  CHECK_FALSE(parse_iso8601("2016-12-31T23:58:60Z").has_value());
  CHECK_FALSE(parse_iso8601("2017-01-01T00:00:60Z").has_value());
}

TEST_CASE("Retry-After in seconds is a duration") {
  CHECK(parse_retry_after("120", 5) == 120'000);
  CHECK(parse_retry_after("0", kLatest) == 0);
}

TEST_CASE("Retry-After as a date is the time until then") {
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  CHECK(parse_retry_after(date, kImfExample - 1500) == 1500);
  CHECK(parse_retry_after(date, kImfExample) == 0);
  CHECK_FALSE(parse_retry_after(date, kImfExample + 1).has_value());
  CHECK(parse_retry_after("Thu, 29 Feb 2024 00:00:00 GMT", 1'709'164'799'000) == 1000);
  CHECK(parse_retry_after("Mon, 01 Jan 0001 00:00:00 GMT", kFirst) == 0);
  CHECK(parse_retry_after("Sat, 31 Dec 2016 23:59:60 GMT", 1'483'228'800'000) == 0);
}

TEST_CASE("a Retry-After that cannot be read is refused") {
  for (const std::string text : {"",
                                 " ",
                                 "-1",
                                 "-0",
                                 "+5",
                                 "1.5",
                                 "5s",
                                 "soon",
                                 "1e3",
                                 " 5",
                                 "5 ",
                                 "9223372036854775807",
                                 "9223372036854776",
                                 "18446744073709552",
                                 "99999999999999999999",
                                 "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994",
                                 "Mon, 06 Nov 1994 08:49:37 GMT",
                                 "Sun, 6 Nov 1994 08:49:37 GMT",
                                 "Sun, 06 Nov 1994 08:49:37 UTC",
                                 "Sun, 06 Nov 1994 08:49:37 +0000",
                                 "sun, 06 nov 1994 08:49:37 gmt",
                                 "Sun, 31 Feb 1994 08:49:37 GMT",
                                 "Sun, 06 Nov 1994 25:49:37 GMT",
                                 "Sun, 06 Nov 1994 08:49:37 GMT ",
                                 "Sun, 06 Nov 1994 08:49 GMT",
                                 "Thu, 29 Feb 2023 00:00:00 GMT",
                                 "Sun, 06 Xyz 1994 08:49:37 GMT",
                                 "unN, 06 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_retry_after(text, 0).has_value());
  }
}

TEST_CASE("a Retry-After does not overflow, whatever the clock says") {
  CHECK_FALSE(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kEarliest).has_value());
  CHECK_FALSE(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kLatest).has_value());
  CHECK(parse_retry_after("9223372036854775", 0) == 9'223'372'036'854'775'000);
}
