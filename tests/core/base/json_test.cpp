#include "core/base/json.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <string_view>

using namespace postern;
using namespace std::string_view_literals;

namespace {

bool refused(std::string_view text, JsonFault fault = JsonFault::not_json) {
  const auto parsed = parse_json(text);
  return !parsed && parsed.error() == fault;
}

// What a text parses to, written again; "refused" when it does not parse.
std::string again(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed ? dump_json(*parsed) : "refused";
}

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("documents of every kind are read") {
  CHECK(
      again(
          R"( { "a" : [ 1 , -2.5 , true , false , null , "x" , { } , [ ] ] , "b" : { "c" : 0 } } )") ==
      R"({"a":[1,-2.5,true,false,null,"x",{},[]],"b":{"c":0}})");
  CHECK(again("\"x\"") == "\"x\"");
  CHECK(again("null") == "null");
  CHECK(again("-0") == "0");
  CHECK(again("[[],[[]],{\"a\":[]}]") == "[[],[[]],{\"a\":[]}]");
  CHECK(again("{\"\":0}") == "{\"\":0}");
  CHECK(again("[123e65,1E-2,0e+1]") == "[123e65,1E-2,0e+1]");
}

TEST_CASE("a document may be as large as allowed and no larger") {
  const std::string text = "\"" + std::string(64 * 1024 - 2, 'x') + "\"";
  CHECK(parse_json(text).has_value());
  CHECK(refused(text + " ", JsonFault::too_large));
  const auto small = parse_json("[1]", {.max_bytes = 2});
  CHECK_FALSE(small.has_value());
}

TEST_CASE("a document may be as deep as allowed and no deeper") {
  CHECK(parse_json(nested(32, "[", "]")).has_value());
  CHECK(parse_json(nested(31, "{\"a\":", "}").insert(std::size_t{31} * 5, "[]")).has_value());
  CHECK(refused(nested(33, "[", "]"), JsonFault::too_deep));
  CHECK(refused("[" + nested(32, "{\"a\":", "}"), JsonFault::too_deep));
  CHECK(parse_json("1", {.max_depth = 0}).has_value());
  const auto flat = parse_json("[]", {.max_depth = 0});
  CHECK_FALSE(flat.has_value());
}

TEST_CASE("ten thousand brackets fail at the limit, closed or not") {
  CHECK(refused(nested(10'000, "[", "]"), JsonFault::too_deep));
  CHECK(refused(std::string(10'000, '['), JsonFault::too_deep));
  CHECK(refused(nested(10'000, "{\"a\":", ""), JsonFault::too_deep));
  CHECK(refused(nested(10'000, "[{\"\":", ""), JsonFault::too_deep));
}

TEST_CASE("depth is counted down again when a container ends") {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "[[]],{\"a\":{}},";
  CHECK(parse_json(text + "0]").has_value());
}

TEST_CASE("a repeated key is refused, however it is spelled and wherever it is") {
  CHECK(refused(R"({"a":1,"a":1})", JsonFault::duplicate_key));
  CHECK(refused(R"({"a":1,"b":2,"\u0061":3})", JsonFault::duplicate_key));
  CHECK(refused(R"([{"x":{"k":[],"l":0,"k":{}}}])", JsonFault::duplicate_key));
  CHECK(refused(R"({"":1,"":2})", JsonFault::duplicate_key));
  CHECK(again(R"({"a":{"a":{"a":1}},"A":2})") == R"({"a":{"a":{"a":1}},"A":2})");
  CHECK(again(R"([{"a":1},{"a":2}])") == R"([{"a":1},{"a":2}])");
}

TEST_CASE("NUL is refused in strings and keys, escaped or not") {
  CHECK(refused(R"("\u0000")"));
  CHECK(refused(R"({"a\u0000b":1})"));
  CHECK(refused(R"(["a","b\u0000"])"));
  CHECK(refused("\"a\0b\""sv));
}

TEST_CASE("nothing may follow the document, a NUL byte neither") {
  CHECK(refused("{}\0"sv));
  CHECK(refused("{}\0{\"admin\":true}"sv));
  CHECK(refused("1 2"));
  CHECK(refused("{} x"));
  CHECK(refused("[]]"));
  CHECK(refused("{}}"));
  CHECK(refused("null,"));
  CHECK(again("{} \r\n\t") == "{}");
}

TEST_CASE("lone surrogates are refused and pairs are joined") {
  CHECK(refused(R"("\ud800")"));
  CHECK(refused(R"("\udc00")"));
  CHECK(refused(R"("\ud800\ud800")"));
  CHECK(refused(R"("\ud800x")"));
  CHECK(refused(R"("\udfff\ud800")"));
  CHECK(refused(R"("\ud800\u0041")"));
  CHECK(refused(R"({"\ud834":1})"));
  CHECK(again(R"("\ud83d\ude00")") == "\"\xf0\x9f\x98\x80\"");
}

TEST_CASE("invalid UTF-8 is refused") {
  for (const std::string_view bytes :
       {"\x80", "\xff", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe"}) {
    CHECK(refused("\"" + std::string(bytes) + "\""));
    CHECK(refused("{\"" + std::string(bytes) + "\":1}"));
    CHECK(refused(bytes));
  }
  CHECK(refused("\xff\xfe{\0}\0"sv));
}

TEST_CASE("a byte order mark before the document is skipped, as RFC 8259 section 8.1 allows") {
  CHECK(again("\xef\xbb\xbf{}") == "{}");
  CHECK(refused("\xef\xbb\xbf\xef\xbb\xbf{}"));
}

TEST_CASE("integers have a value up to 64 bits, and what is beyond is still what was written") {
  const auto parsed = parse_json(
      R"({"max":9223372036854775807,"min":-9223372036854775808,"over":9223372036854775808,
          "most":18446744073709551615,"huge":18446744073709551616,"under":-9223372036854775809,
          "real":3600.0,"zero":0,"nine":9,"ten":10})");
  REQUIRE(parsed.has_value());
  CHECK(json_integer(*parsed, "max") == std::numeric_limits<std::int64_t>::max());
  CHECK(json_integer(*parsed, "min") == std::numeric_limits<std::int64_t>::min());
  CHECK(json_integer(*parsed, "zero") == 0);
  CHECK(json_integer(*parsed, "nine") == 9);
  CHECK(json_integer(*parsed, "ten") == 10);
  for (const auto& [name, written] : {std::pair{"over", "9223372036854775808"},
                                      {"most", "18446744073709551615"},
                                      {"huge", "18446744073709551616"},
                                      {"under", "-9223372036854775809"},
                                      {"real", "3600.0"}}) {
    CAPTURE(name);
    CHECK_FALSE(json_integer(*parsed, name).has_value());
    CHECK(json_member(*parsed, name)->kind == JsonKind::number);
    CHECK(json_member(*parsed, name)->text == written);
  }
}

TEST_CASE("numbers go through as they were written") {
  for (const std::string_view number : {"0.1", "1.10", "-0.0", "1e5", "1E+05", "2.50e-3", "5e-324",
                                        "123456789.123456789123456789"}) {
    CHECK(again(number) == number);
  }
}

TEST_CASE("a number beyond 10^300 is refused, so that it is one for every reader") {
  CHECK(refused("1e400"));
  CHECK(refused("1e+400"));
  CHECK(refused("1E100"));
  CHECK(refused("[-1e9999]"));
  CHECK(refused("1e99999999999999999999"));
  CHECK(refused(std::string(400, '9')));
  CHECK(refused(std::string(201, '9') + ".5"));
  CHECK(refused(std::string(201, '9') + "e1"));
  CHECK(parse_json(std::string(200, '9')).has_value());
  CHECK(parse_json("1e99").has_value());
  CHECK(parse_json("1e+099").has_value());
  CHECK(parse_json("0." + std::string(400, '9')).has_value());
}

TEST_CASE("an exponent below -330 is refused: to compute such numbers takes long") {
  CHECK(refused("1e-331"));
  CHECK(refused("1E-0331"));
  CHECK(refused("1e-99999999999999999999"));
  CHECK(refused("[1.5e-330,1.5e-1000]"));
  CHECK(refused(R"({"a\\":1e-400})"));
  CHECK(refused(R"(["1e-3\"",1e-400])"));
  CHECK(parse_json("1e-330").has_value());
  CHECK(parse_json("1e-0330").has_value());
  CHECK(parse_json(R"(["1e-400","\"1e-400",true,false,1e-9])").has_value());
}

TEST_CASE("an object has at most so many members") {
  const auto object = [](std::size_t members) {
    std::string text = "{\"a\":{}";
    for (std::size_t i = 1; i < members; ++i) text += ",\"" + std::to_string(i) + "\":1";
    return text + "}";
  };
  CHECK(parse_json(object(kMaxJsonMembers)).has_value());
  CHECK(refused(object(kMaxJsonMembers + 1), JsonFault::too_many_members));
  // An array is no object.
  std::string list = "[0";
  for (std::size_t i = 0; i < 2 * kMaxJsonMembers; ++i) list += ",0";
  CHECK(parse_json(list + "]").has_value());
}

TEST_CASE("a member is found by name and type, and not otherwise") {
  const auto parsed = parse_json(R"({"s":"x","i":5,"b":true,"n":null,"t":"5"})");
  REQUIRE(parsed.has_value());
  CHECK(json_string(*parsed, "s") == "x");
  CHECK(json_integer(*parsed, "i") == 5);
  CHECK(json_boolean(*parsed, "b") == true);
  CHECK(json_member(*parsed, "n") != nullptr);
  CHECK(json_member(*parsed, "absent") == nullptr);
  CHECK_FALSE(json_string(*parsed, "i").has_value());
  CHECK_FALSE(json_string(*parsed, "n").has_value());
  CHECK_FALSE(json_string(*parsed, "absent").has_value());
  CHECK_FALSE(json_integer(*parsed, "t").has_value());
  CHECK_FALSE(json_integer(*parsed, "b").has_value());
  CHECK_FALSE(json_boolean(*parsed, "i").has_value());
}

TEST_CASE("what is no object has no members") {
  for (const std::string_view text : {"[1]", "\"s\"", "null", "1"}) {
    const auto parsed = parse_json(text);
    REQUIRE(parsed.has_value());
    CHECK(json_member(*parsed, "s") == nullptr);
    CHECK_FALSE(json_string(*parsed, "s").has_value());
    CHECK_FALSE(json_integer(*parsed, "s").has_value());
    CHECK_FALSE(json_boolean(*parsed, "s").has_value());
  }
}

TEST_CASE("a list is asked for a string") {
  const auto parsed = parse_json(R"({"l":["a",1,null,["b"]],"s":"a","o":{"x":"a"}})");
  REQUIRE(parsed.has_value());
  CHECK(json_lists(*parsed, "l", "a"));
  for (const std::string_view absent : {"b", "1", "", "null"})
    CHECK_FALSE(json_lists(*parsed, "l", absent));
  CHECK_FALSE(json_lists(*parsed, "s", "a"));
  CHECK_FALSE(json_lists(*parsed, "o", "a"));
  CHECK_FALSE(json_lists(*parsed, "none", "a"));
}

TEST_CASE("a dumped document holds no white space and no `<`, and its members in their order") {
  CHECK(again("{ \"<k\" : \"x\", \"a\": [1, \"</script>\", true , false,null], \"A\":{} }") ==
        R"({"\u003ck":"x","a":[1,"\u003c/script>",true,false,null],"A":{}})");
}
