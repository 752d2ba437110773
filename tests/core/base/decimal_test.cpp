#include "core/base/decimal.h"

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>

using postern::double_of_decimal;

TEST_CASE("a decimal is the double that the C library makes of it") {
  // Signs, zeros, halves between two doubles, the ends of the range and what lies beyond them.
  for (const char* text : {"0",
                           "-0",
                           "0.0",
                           "0e999999999",
                           "1",
                           "-1.5",
                           "0.1",
                           "1E+2",
                           "1e-7",
                           "47.641199999999998",
                           "9007199254740993",
                           "9007199254740993.00000000000000000000000000000001",
                           "18446744073709551616",
                           "100000000000000000000000",
                           "2.2250738585072011e-308",
                           "4.9e-324",
                           "2.4703282292062327e-324",
                           "2.4703282292062328e-324",
                           "1e-400",
                           "1.7976931348623157e308",
                           "1.7976931348623159e308",
                           "-1e400",
                           "1e99999999999999999999",
                           "1e-99999999999999999999"}) {
    CAPTURE(text);
    CHECK(std::bit_cast<std::uint64_t>(double_of_decimal(text)) ==
          std::bit_cast<std::uint64_t>(std::strtod(text, nullptr)));
  }
}

TEST_CASE("digits beyond those that count still decide a tie") {
  const std::string tie = "9007199254740993." + std::string(2000, '0');
  CHECK(double_of_decimal(tie) == 9007199254740992.0);
  CHECK(double_of_decimal(tie + "1") == 9007199254740994.0);
  CHECK(double_of_decimal("0." + std::string(1'000'000, '0') + "1") == 0.0);
}
