// A provider's content: what third parties wrote is read, whatever they wrote.
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/json_repair.h"

using namespace postern;
using namespace std::string_view_literals;

namespace {

// What content is read as, written again; "refused" when it is not read.
std::string again(std::string_view text) {
  const auto parsed = parse_content(text);
  return parsed ? dump_json(*parsed) : "refused";
}

bool refused(std::string_view text, JsonFault fault = JsonFault::not_json) {
  const auto parsed = parse_content(text);
  return !parsed && parsed.error() == fault;
}

}  // namespace

TEST_CASE("content that is strict JSON is read as it is, and not copied") {
  for (const std::string_view text :
       {R"({"a":[1,-2.5,true,null,"x\n\"\\",{}],"b":"é 😀"})"sv, R"("\ud83d\ude00")"sv, "[]"sv}) {
    CHECK_FALSE(repaired_json(text).has_value());
    CHECK(again(text) == dump_json(parse_json(text).value_or(Json{})));
  }
}

TEST_CASE("NUL stays where it is escaped and where it is not") {
  CHECK(again(R"({"subject":"a\u0000b"})") == R"({"subject":"a\u0000b"})");
  CHECK(again("{\"subject\":\"a\0b\"}"sv) == R"({"subject":"a\u0000b"})");
  CHECK(again(R"({"a\u0000":1})") == R"({"a\u0000":1})");
}

TEST_CASE("NUL bytes around the document are no part of it, and hide nothing behind them") {
  CHECK(again("{\"a\":1}\0\0"sv) == R"({"a":1})");
  CHECK(again("\0 {\"a\":\0001}"sv) == R"({"a":1})");
  CHECK(refused("{}\0{\"a\":1}"sv));
}

TEST_CASE("a surrogate without its other half becomes U+FFFD, and pairs stay") {
  const std::string replaced = "\"\xEF\xBF\xBD\"";
  CHECK(again(R"("\ud800")") == replaced);
  CHECK(again(R"("\uDFFF")") == replaced);
  CHECK(again(R"("\ud83dx")") == "\"\xEF\xBF\xBDx\"");
  CHECK(again(R"("\ud83d\ud83d\ude00")") == "\"\xEF\xBF\xBD\xF0\x9F\x98\x80\"");
  CHECK(again(R"("\ude00\ud83d")") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(again(R"("\ud83d\n")") == "\"\xEF\xBF\xBD\\n\"");
  CHECK(again(R"({"\ud800":"\ud800"})") == "{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"}");
  // An escaped backslash is no escape of what follows it.
  CHECK(again(R"("\\ud800")") == R"("\\ud800")");
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD each") {
  CHECK(again("\"caf\xE9\"") == "\"caf\xEF\xBF\xBD\"");
  CHECK(again("\"\xE9t\xE9\"") == "\"\xEF\xBF\xBDt\xEF\xBF\xBD\"");
  CHECK(again("\"\xC0\xAF\"") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(again("\"\xED\xA0\x80\"") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(again("\"\xF0\x9F\x98\"") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(again("{\"\xFF\":1}") == "{\"\xEF\xBF\xBD\":1}");
  // It is content only between quotes.
  CHECK(refused("\xE9{}"));
}

TEST_CASE("raw control characters become what their escapes would be") {
  CHECK(again("\"a\tb\r\nc\x01\x1f\"") == R"("a\tb\r\nc\u0001\u001f")");
  CHECK(again("{\t\"a\":\n1}") == R"({"a":1})");
}

TEST_CASE("byte order marks at the beginning are skipped") {
  CHECK(again("\xEF\xBB\xBF{\"a\":1}") == R"({"a":1})");
  CHECK(again("\xEF\xBB\xBF\xEF\xBB\xBF{}") == "{}");
  CHECK(again("\"\xEF\xBB\xBF\"") == "\"\xEF\xBB\xBF\"");
}

TEST_CASE("members may repeat, and there may be more than strict JSON may have") {
  CHECK(again(R"({"a":1,"a":2,"a":1})") == R"({"a":1,"a":2,"a":1})");
  std::string many = "{\"m\":0";
  for (int i = 0; i < 2000; ++i) many += ",\"m\":0";
  CHECK(again(many + "}") == many + "}");
}

TEST_CASE("the structure is read as strictly as ever") {
  for (const std::string_view text :
       {""sv, "{"sv, "{\"a\":\"cut of"sv, "<!DOCTYPE html>"sv, "{} {}"sv, "[1,]"sv, "\"\\x\""sv,
        "\"\\u12\""sv, "\"\\\xE9\""sv, "\"\\\n\""sv, "'a'"sv, "{\"a\":1e999}"sv, "NaN"sv, "\\"sv}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
  CHECK(refused(std::string(10'000, '['), JsonFault::too_deep));
  CHECK(refused("\"" + std::string(64 * 1024, 'x') + "\"", JsonFault::too_large));
  // What is repaired may be longer; it is limited, too.
  CHECK(refused("\"" + std::string(40 * 1024, '\xE9') + "\"", JsonFault::too_large));
}

TEST_CASE("our own input stays strict") {
  for (const std::string_view text : {R"("\u0000")"sv, R"("\ud800")"sv, "\"\xE9\""sv,
                                      R"({"a":1,"a":2})"sv, "\"\t\""sv, "{}\0"sv}) {
    CHECK_FALSE(parse_json(text).has_value());
    CHECK(parse_content(text).has_value());
  }
}
