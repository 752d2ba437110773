#include "core/base/text.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

using namespace postern;

namespace {
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
}  // namespace

TEST_CASE("integers become decimal text and come back") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{42}, kMin, kMax}) {
    CHECK(parse_decimal(to_decimal(value)) == value);
  }
  CHECK(to_decimal(kMin) == "-9223372036854775808");
  CHECK(to_decimal(kMax) == "9223372036854775807");
}

TEST_CASE("a number with anything around it is no number") {
  for (const std::string text :
       {"", "-", "+1", " 1", "1 ", "1\n", "0x10", "1.0", "1e3", "--1", "1-", "\xd9\xa1", "NaN"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text).has_value());
  }
  CHECK_FALSE(parse_decimal(std::string("1\0", 2)).has_value());
  CHECK_FALSE(parse_decimal({}).has_value());
}

TEST_CASE("a number out of range is refused, not wrapped") {
  CHECK_FALSE(parse_decimal("9223372036854775808").has_value());
  CHECK_FALSE(parse_decimal("-9223372036854775809").has_value());
  CHECK_FALSE(parse_decimal("18446744073709551617").has_value());
  CHECK_FALSE(parse_decimal(std::string(5000, '9')).has_value());
}

TEST_CASE("only ASCII letters have a case") {
  CHECK(to_lower_ascii("AbZ[@`{\xc3\x84") == "abz[@`{\xc3\x84");
  CHECK(equal_ignoring_case("Content-TYPE", "content-type"));
  CHECK_FALSE(equal_ignoring_case("abc", "abcd"));
  CHECK_FALSE(equal_ignoring_case("[", "{"));
  CHECK_FALSE(equal_ignoring_case("K", "\xe2\x84\xaa"));  // the Kelvin sign
}

TEST_CASE("splitting keeps empty pieces") {
  using Pieces = std::vector<std::string_view>;
  CHECK(split("", ',') == Pieces{""});
  CHECK(split(",", ',') == Pieces{"", ""});
  CHECK(split("a,,b", ',') == Pieces{"a", "", "b"});
  CHECK(split("a b", ',') == Pieces{"a b"});
}

TEST_CASE("trimming takes white space off both ends and nothing else") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim(" \n").empty());
  CHECK(trim("\xc2\xa0x") == "\xc2\xa0x");
}

TEST_CASE("HTML's five special characters are escaped for elements and quoted attributes") {
  CHECK(html_escape("<script>alert('x') & \"y\"</script>") ==
        "&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;");
  CHECK(html_escape("&lt;") == "&amp;lt;");
  CHECK(html_escape("J\xc3\xb6rg") == "J\xc3\xb6rg");
}

TEST_CASE("a UTF-8 sequence is measured, an ill-formed one is not") {
  CHECK(utf8_sequence("") == 0);
  CHECK(utf8_sequence("ab") == 1);
  CHECK(utf8_sequence("\xc3\xa4z") == 2);
  CHECK(utf8_sequence("\xe2\x82\xacz") == 3);
  CHECK(utf8_sequence("\xf0\x9f\x98\x80z") == 4);
  CHECK(utf8_sequence("\xf4\x8f\xbf\xbf") == 4);
  CHECK(utf8_sequence("\xf4\x90\x80\x80") == 0);
  // What completes it lies behind the view's end.
  CHECK(utf8_sequence(std::string_view("\xe2\x82\xac").substr(0, 2)) == 0);
}

TEST_CASE("clean text is UTF-8 without control characters") {
  CHECK(is_clean_text(""));
  CHECK(is_clean_text("J\xc3\xb6rg \xf0\x9f\x98\x80 ~"));
  CHECK(is_clean_text("\xc2\xa0"));
  for (const std::string text : {"a\nb", "a\tb", "\x1b[31m", "\x7f", "\xc2\x80", "\xc2\x85",
                                 "\xc2\x9f", "\xff", "\xc3", "a\xed\xa0\x80", "\xc0\x8a"}) {
    CAPTURE(text);
    CHECK_FALSE(is_clean_text(text));
  }
  CHECK_FALSE(is_clean_text(std::string("a\0b", 3)));
}
