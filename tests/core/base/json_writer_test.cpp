#include "core/base/json_writer.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/json.h"

using namespace postern;
using namespace std::string_view_literals;

TEST_CASE("the writer puts commas where they belong") {
  JsonWriter writer;
  writer.begin_object()
      .member("a", "x")
      .member("b", -5)
      .key("c")
      .begin_array()
      .integer(1)
      .boolean(true)
      .boolean(false)
      .null()
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .string("y")
      .raw("{\"z\":0}")
      .end_array()
      .key("d")
      .begin_object()
      .member("e", "f")
      .end_object()
      .member("g", std::numeric_limits<std::int64_t>::min())
      .end_object();
  CHECK(
      writer.take() ==
      R"({"a":"x","b":-5,"c":[1,true,false,null,{},[],"y",{"z":0}],"d":{"e":"f"},"g":-9223372036854775808})");
}

TEST_CASE("a writer starts afresh after its text was taken") {
  JsonWriter writer;
  CHECK(writer.integer(1).take() == "1");
  CHECK(writer.begin_array().string("a").end_array().take() == "[\"a\"]");
  CHECK(writer.take().empty());
}

TEST_CASE("the writer escapes what JSON demands, and `<` because of HTML") {
  JsonWriter writer;
  CHECK(writer.string("\"\\/\b\f\n\r\t\x01\x1f\x7f").take() ==
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  CHECK(writer.string("</script><!--").take() == R"("\u003c/script>\u003c!--")");
  CHECK(writer.begin_object().member("<\"", "").end_object().take() == R"({"\u003c\"":""})");
  CHECK(writer.string("\0"sv).take() == R"("\u0000")");
  CHECK(writer.string("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80").take() ==
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST_CASE("the writer replaces invalid UTF-8 and loses nothing around it") {
  JsonWriter writer;
  CHECK(writer
            .string("a\xff"
                    "b")
            .take() ==
        "\"a\xef\xbf\xbd"
        "b\"");
  CHECK(writer.string("\xc3\"").take() == "\"\xef\xbf\xbd\\\"\"");
  CHECK(writer.string("\xed\xa0\x80").take() == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("what the writer writes the reader reads") {
  std::string all;
  for (int value = 1; value < 128; ++value) all.push_back(static_cast<char>(value));
  JsonWriter writer;
  const auto parsed = parse_json(writer.begin_object().member(all, all).end_object().take());
  REQUIRE(parsed.has_value());
  CHECK(json_string(*parsed, all) == all);
}
