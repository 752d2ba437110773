#include "core/base/form.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

TEST_CASE("a form is written as browsers write it") {
  CHECK(form_encode({}).empty());
  CHECK(form_encode({{"a", "1"}, {"b c", "x&y=z+~"}}) == "a=1&b+c=x%26y%3Dz%2B%7E");
  CHECK(form_encode({{"*-._", "\xc3\xa4"}, {"", ""}}) == "*-._=%C3%A4&=");
}

TEST_CASE("a form is read with plus as space, empty pieces skipped and order kept") {
  CHECK(form_decode("a=1&b+c=x%26y%3dz%2B&&d&a=2&") ==
        FormFields{{"a", "1"}, {"b c", "x&y=z+"}, {"d", ""}, {"a", "2"}});
  CHECK(form_decode("") == FormFields{});
  CHECK(form_decode("a==b") == FormFields{{"a", "=b"}});
  CHECK(form_decode("=") == FormFields{{"", ""}});
}

TEST_CASE("what is written is what is read") {
  FormFields fields;
  for (int value = 1; value < 128; ++value) fields.emplace_back("k", std::string(1, char(value)));
  fields.emplace_back("", "");
  fields.emplace_back("\xf0\x9f\x98\x80", "\xe2\x82\xac");
  CHECK(form_decode(form_encode(fields), fields.size()) == fields);
}

TEST_CASE("a percent sign without two hex digits is refused") {
  for (const std::string text :
       {"a=%", "a=%4", "a=%zz", "a=%4g", "a=%g4", "%=a", "a=%%41", "a=%+1", "a=%4&b=1"}) {
    CAPTURE(text);
    CHECK_FALSE(form_decode(text).has_value());
  }
}

TEST_CASE("NUL and invalid UTF-8 are refused, encoded or not, in names and values") {
  for (const std::string text : {"a=%00", "%00=a", "a=%ff", "a=%c3", "a=%ed%a0%80", "a=%c0%80",
                                 "a=\xff", "\xff=a", "a=%c3&b=%a4"}) {
    CAPTURE(text);
    CHECK_FALSE(form_decode(text).has_value());
  }
  CHECK_FALSE(form_decode(std::string("a=\0", 3)).has_value());
}

TEST_CASE("a form with more fields than allowed is refused") {
  CHECK(form_decode("a=1&b=2", 2).has_value());
  CHECK_FALSE(form_decode("a=1&b=2&c=3", 2).has_value());
  std::string flood;
  for (int i = 0; i < 65; ++i) flood += "a&";
  CHECK_FALSE(form_decode(flood).has_value());
}

TEST_CASE("a repeated field has no single value") {
  const FormFields fields = {{"code", "1"}, {"state", "x"}, {"code", "2"}};
  CHECK_FALSE(form_single(fields, "code").has_value());
  CHECK(form_count(fields, "code") == 2);
  CHECK(form_single(fields, "state") == "x");
  CHECK_FALSE(form_single(fields, "State").has_value());
  CHECK(form_count(fields, "absent") == 0);
  CHECK_FALSE(form_single({{"code", "1"}, {"code", "1"}}, "code").has_value());
}

TEST_CASE("percent-encoding leaves only unreserved characters") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode(" /?#[]@!$&'()*+,;=%") ==
        "%20%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25");
  CHECK(percent_encode(std::string("\0\xff", 2)) == "%00%FF");
}

TEST_CASE("percent-decoding undoes percent-encoding and leaves plus alone") {
  std::string all;
  for (int value = 0; value < 256; ++value) all.push_back(static_cast<char>(value));
  CHECK(percent_decode(percent_encode(all)) == all);
  CHECK(percent_decode("a+b%2b%2B") == "a+b++");
  CHECK_FALSE(percent_decode("100%").has_value());
  CHECK_FALSE(percent_decode(std::string_view("%41").substr(0, 2)).has_value());
  CHECK_FALSE(percent_decode("%u0041").has_value());
}

TEST_CASE("UTF-8 is told from what only looks like it") {
  for (const std::string text :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
  for (const std::string text : {"\x80",
                                 "\xbf",
                                 "\xc0\xaf",
                                 "\xc1\xbf",
                                 "\xc2",
                                 "\xc2\x7f",
                                 "\xc2\xc0",
                                 "\xe0\x9f\xbf",
                                 "\xe0\x80\xaf",
                                 "\xed\xa0\x80",
                                 "\xed\xbf\xbf",
                                 "\xe2\x82",
                                 "\xf0\x8f\xbf\xbf",
                                 "\xf0\x80\x80\xaf",
                                 "\xf4\x90\x80\x80",
                                 "\xf5\x80\x80\x80",
                                 "\xf0\x9f\x98",
                                 "\xf8\x88\x80\x80\x80",
                                 "\xfe",
                                 "\xff",
                                 "a\xe2\x82",
                                 "\xe2\x82z"}) {
    CAPTURE(text);
    CHECK_FALSE(is_utf8(text));
  }
}
