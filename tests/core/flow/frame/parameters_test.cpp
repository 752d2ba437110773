#include "core/flow/frame/parameters.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {

// A parameter of each kind in the query, one in the path, one in the body.
constexpr Parameter kParameters[] = {
    {.name = "user_id", .kind = ParameterKind::identifier, .required = true},
    {.name = "a_name", .kind = ParameterKind::name},
    {.name = "a_text", .kind = ParameterKind::text},
    {.name = "a_number", .kind = ParameterKind::integer},
    {.name = "a_flag", .kind = ParameterKind::flag},
    {.name = "a_time", .kind = ParameterKind::timestamp},
    {.name = "some_names", .kind = ParameterKind::names},
    {.name = "some_words", .kind = ParameterKind::words},
    {.name = "a_cursor", .kind = ParameterKind::cursor},
    {.name = "in_path", .kind = ParameterKind::name},
    {.name = "in_body", .kind = ParameterKind::text, .place = ParameterPlace::body}};
constexpr Operation kOperation{.name = "test",
                               .http = "POST /:in_path/test",
                               .access = Access::key,
                               .parameters = kParameters};
// The same without a body.
constexpr Operation kBodiless{.name = "test",
                              .http = "GET /test/:in_path",
                              .access = Access::key,
                              .parameters = std::span(kParameters).first(10)};

Result<Parameters, Problem> read(FlowInput input, const Operation& operation = kOperation) {
  return read_parameters(operation, input);
}
Result<Parameters, Problem> by_query(std::string query) {
  FlowInput input;
  input.query = std::move(query);
  return read(std::move(input));
}
Result<Parameters, Problem> by_rpc(std::string body) {
  FlowInput input;
  input.entry = Entry::rpc;
  input.body = std::move(body);
  return read(std::move(input));
}
std::string refusal(const Result<Parameters, Problem>& result) {
  if (result) {
    return "accepted";
  }
  CHECK(result.error().code == ProblemCode::invalid_request);
  return result.error().detail;
}

}  // namespace

TEST_CASE("a query, a path and a body are read by the names of the declaration") {
  FlowInput input;
  input.path = {{"in_path", "p"}};
  input.query = "user_id=u%2F1&a_number=7&some_names=a+b&a_flag=1&a_time=2026-01-02T03:04:05Z";
  input.body = R"({"in_body":"b"})";
  const auto parameters = read(input);
  REQUIRE(parameters.has_value());
  CHECK(parameters->text("user_id") == "u/1");
  CHECK(parameters->integer("a_number") == 7);
  CHECK(parameters->text("some_names") == "a b");
  CHECK(parameters->flag("a_flag"));
  CHECK(parameters->text("in_path") == "p");
  CHECK(parameters->text("in_body") == "b");
}

TEST_CASE("an RPC call is one object with names in camelCase") {
  const auto parameters = by_rpc(
      R"({"userId":"u","aNumber":7,"aFlag":true,"someNames":["a","b"],"inPath":"p","inBody":"b","aText":null})");
  REQUIRE(parameters.has_value());
  CHECK(parameters->text("user_id") == "u");
  CHECK(parameters->integer("a_number") == 7);
  CHECK(parameters->flag("a_flag"));
  CHECK(parameters->text("some_names") == "a b");
  CHECK(parameters->text("in_path") == "p");
  CHECK(parameters->text("in_body") == "b");
  CHECK_FALSE(parameters->has("a_text"));
}

TEST_CASE("what is absent is what the declaration has for it, and nothing else is") {
  static constexpr Parameter parameters[] = {
      {.name = "how_many", .kind = ParameterKind::integer, .otherwise = "10"}, {.name = "which"}};
  constexpr Operation operation{.name = "test", .http = "GET /test", .parameters = parameters};
  FlowInput input;
  auto read_now = read(input, operation);
  REQUIRE(read_now.has_value());
  CHECK(read_now->integer("how_many") == 10);
  CHECK_FALSE(read_now->has("which"));
  input.query = "how_many=3";
  read_now = read(input, operation);
  REQUIRE(read_now.has_value());
  CHECK(read_now->integer("how_many") == 3);
  // Over RPC null is absent.
  input.entry = Entry::rpc;
  input.body = R"({"howMany":null})";
  read_now = read(input, operation);
  REQUIRE(read_now.has_value());
  CHECK(read_now->integer("how_many") == 10);
}

TEST_CASE("what is required and absent is refused by the caller's own spelling") {
  CHECK(refusal(by_query("")) == "`user_id` is required");
  CHECK(refusal(by_rpc("")) == "`userId` is required");
  CHECK(refusal(by_rpc("{\"userId\":null}")) == "`userId` is required");
}

TEST_CASE("names that are not declared are refused") {
  CHECK(refusal(by_query("user_id=u&more=1")) == "`more` is not a parameter of this operation");
  CHECK(refusal(by_query("userId=u")) == "`userId` is not a parameter of this operation");
  CHECK(refusal(by_rpc(R"({"user_id":"u"})")) == "`user_id` is not a parameter of this operation");
  // What belongs elsewhere is not taken from here.
  CHECK(refusal(by_query("user_id=u&in_path=x")) ==
        "`in_path` is not a parameter of this operation");
  CHECK(refusal(by_query("user_id=u&in_body=x")) ==
        "`in_body` is not a parameter of this operation");
  FlowInput input;
  input.query = "user_id=u";
  input.body = R"({"a_text":"x"})";
  CHECK(refusal(read(input)) ==
        "`a_text` is not read from the body: put it into the query or the path");
  input.path = {{"elsewhere", "x"}};
  CHECK(refusal(read(input)) == "`elsewhere` is not a parameter of this operation");
}

TEST_CASE("a name is repeated back only as far as a name may go") {
  const auto detail = refusal(by_query("user_id=u&" + std::string(5000, 'x') + "=1"));
  CHECK(detail.size() < 150);
}

TEST_CASE("a repeated name is refused, in a query, in JSON and across both") {
  CHECK(refusal(by_query("user_id=u&user_id=v")) == "`user_id` must not be repeated");
  CHECK(refusal(by_rpc(R"({"userId":"u","userId":"v"})")) == "The body is not a JSON object");
  FlowInput input;
  input.path = {{"in_path", "a"}, {"in_path", "b"}};
  CHECK(refusal(read(input)) == "`in_path` must not be repeated");
}

TEST_CASE("a value of another form is refused, and not repeated") {
  const std::string long_text(8193, 'x');
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"user_id", ""},
                                    {"user_id", std::string(256, 'x')},
                                    {"user_id", "a%0Ab"},
                                    {"user_id", "a%7Fb"},
                                    {"a_name", ""},
                                    {"a_name", "-a"},
                                    {"a_name", "a/b"},
                                    {"a_name", "a%20b"},
                                    {"a_name", std::string(65, 'a')},
                                    {"a_text", long_text},
                                    {"a_text", "%1b"},
                                    {"a_number", ""},
                                    {"a_number", "-1"},
                                    {"a_number", "1000001"},
                                    {"a_number", "1.0"},
                                    {"a_number", "1e3"},
                                    {"a_number", "99999999999999999999"},
                                    {"a_flag", ""},
                                    {"a_flag", "yes"},
                                    {"a_flag", "TRUE"},
                                    {"a_time", "yesterday"},
                                    {"a_time", "2026-13-01T00:00:00Z"},
                                    {"some_names", ""},
                                    {"some_names", "a++b"},
                                    {"some_names", "a,b"},
                                    {"some_names", std::string(8193, 'a')},
                                    {"some_words", ""},
                                    {"some_words", "a++b"},
                                    {"some_words", "a+"},
                                    {"some_words", "a%0Ab"},
                                    {"some_words", "%C3%A4"},
                                    {"some_words", "a%7F"},
                                    {"some_words", std::string(8193, 'a')}}) {
    CAPTURE(name);
    CAPTURE(value);
    const auto query = name == "user_id" ? name + "=" + value : "user_id=u&" + name + "=" + value;
    const auto detail = refusal(by_query(query));
    CHECK(detail.starts_with("`" + name + "` must"));
    CHECK((value.size() < 4 || detail.find(value) == std::string::npos));
  }
}

TEST_CASE("the longest and the smallest that are allowed are taken") {
  CHECK(by_query("user_id=" + std::string(255, 'x')).has_value());
  CHECK(by_query("user_id=u&a_text=" + std::string(8192, 'x')).has_value());
  CHECK(by_query("user_id=u&a_text=").has_value());
  CHECK(by_query("user_id=u&a_name=" + std::string(64, 'a')).has_value());
  CHECK(by_query("user_id=u&a_number=0").has_value());
  CHECK(by_query("user_id=u&a_number=1000000").has_value());
  CHECK(by_query("user_id=u&some_names=*").has_value());
  CHECK(by_query("user_id=u&some_words=" + std::string(8192, 'a')).has_value());
}

TEST_CASE("words are handed on separated by blanks, whatever is visible in them") {
  const auto words = by_rpc(R"({"userId":"u","someWords":["a:b.c:GET,PUT:/x/%20/*","~!"]})");
  REQUIRE(words.has_value());
  CHECK(words->text("some_words") == "a:b.c:GET,PUT:/x/%20/* ~!");
  CHECK(by_query("user_id=u&some_words=a/b+c").value().text("some_words") == "a/b c");
}

TEST_CASE("a JSON value of another type is refused") {
  for (const auto* body :
       {R"({"userId":1})", R"({"userId":["u"]})", R"({"userId":{}})", R"({"userId":true})",
        R"({"userId":"u","aNumber":1.5})", R"({"userId":"u","aFlag":1})",
        R"({"userId":"u","someNames":[1]})", R"({"userId":"u","aText":7})"}) {
    CAPTURE(body);
    CHECK(refusal(by_rpc(body)).ends_with("is of another type"));
  }
}

TEST_CASE("what is no JSON object, and no query, is refused") {
  for (const auto* body : {"[]", "1", "\"x\"", "{", "{}x", "\xff", "null"}) {
    CAPTURE(body);
    CHECK(refusal(by_rpc(body)) == "The body is not a JSON object");
  }
  for (const auto* query : {"user_id=%zz", "user_id=a%00b", "user_id=%ff"}) {
    CHECK(refusal(by_query(query)) == "The query is not well formed");
  }
}

TEST_CASE("a body is not read where none is declared, and parameters in one are not overlooked") {
  FlowInput input;
  input.query = "user_id=u";
  for (const auto* body : {"anything", "", "{}", "a=b"}) {
    input.body = body;
    CHECK(read(input, kBodiless).has_value());
  }
  input.body = R"({"a_text":"x"})";
  CHECK(refusal(read(input, kBodiless)) ==
        "`a_text` is not read from the body: put it into the query or the path");
}

TEST_CASE("browser and authority operations read their own query; only the path is given") {
  for (const auto access : {Access::browser, Access::authority}) {
    const Operation operation{.name = "test", .access = access};
    FlowInput input;
    input.path = {{"link", "x"}};
    input.query = "a=%zz&a=b";
    const auto parameters = read(input, operation);
    REQUIRE(parameters.has_value());
    CHECK(parameters->text("link") == "x");
    CHECK_FALSE(parameters->has("a"));
  }
}

TEST_CASE("camel_case turns what follows an underscore into a capital") {
  CHECK(camel_case("user_id") == "userId");
  CHECK(camel_case("min_ttl") == "minTtl");
  CHECK(camel_case("plain") == "plain");
}

TEST_CASE("a cursor may be empty and long, and has no blanks") {
  CHECK(by_query("user_id=u&a_cursor=&in_path=p").error().detail.contains("in_path"));
  const auto longest = std::string(kMaxCursorBytes, 'x');
  CHECK(by_rpc(R"({"userId":"u","aCursor":")" + longest + R"("})").has_value());
  CHECK(by_rpc(R"({"userId":"u","aCursor":""})")->has("a_cursor"));
  for (const std::string& odd : {longest + "x", std::string("a b"), std::string("é"),
                                 std::string("a\\u007f"), std::string("a\\n")}) {
    CHECK(refusal(by_rpc(R"({"userId":"u","aCursor":")" + odd + R"("})")) ==
          "`a_cursor` must be a cursor as it was answered");
  }
}
