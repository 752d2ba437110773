// From a row of the table and parameters to what an API is asked.
#include "core/flow/resource/template.h"

#include <array>
#include <doctest/doctest.h>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/operation/call_checks.h"
#include "core/operation/table.h"

using namespace postern;

namespace {

using enum ParameterKind;
using Given = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr std::array kParameters = {
    Parameter{.name = "id"},
    Parameter{.name = "path"},
    Parameter{.name = "q"},
    Parameter{.name = "top", .kind = integer},
    Parameter{.name = "count", .kind = flag},
    Parameter{.name = "select"},
    Parameter{.name = "search"},
    Parameter{.name = "words", .kind = words},
    Parameter{.name = "thing", .kind = json},
};

Parameters parameters_of(Given given) {
  Parameters parameters;
  for (const auto& [name, value] : given) {
    parameters.set(name, value);
  }
  return parameters;
}

Operation with_call(ApiCall call) {
  return {.name = "call", .parameters = kParameters, .call = call};
}

std::string target(std::string_view text, Given given) {
  const auto expanded =
      expand_target(with_call({.api = "graph", .target = text}), parameters_of(given));
  return expanded ? *expanded : expanded.error().detail;
}

std::string body(std::string_view text, Given given) {
  return expand_body(with_call({.api = "graph", .target = "POST /", .body = text}),
                     parameters_of(given));
}

}  // namespace

TEST_CASE("a value in a path is one segment, whatever is in it") {
  CHECK(target("GET /users/{id}/x", {{"id", "ada"}}) == "/users/ada/x");
  CHECK(target("GET /users/{id}", {{"id", "a/b?c#d%2e&e f"}}) ==
        "/users/a%2Fb%3Fc%23d%252e%26e%20f");
  CHECK(target("GET /users/{id}", {{"id", "ä"}}) == "/users/%C3%A4");
  for (const std::string_view odd :
       {".", "..", "", "a/../b", "a\\..\\b", "../a", "a/.", "%2e%2E", ".%2e", "a/%2e%2e/b"}) {
    CHECK(target("GET /users/{id}", {{"id", odd}}).starts_with("`id` names nothing"));
    CHECK(target("GET /[users/{id}|me]", {{"id", odd}}).starts_with("`id` names nothing"));
  }
  CHECK(target("GET /users/{id}", {{"id", "..."}}) == "/users/...");
  CHECK(target("GET /users/{id}", {{"id", "a/..b//%2e%2e%2e"}}) ==
        "/users/a%2F..b%2F%2F%252e%252e%252e");
}

TEST_CASE("a path of several segments keeps its slashes, and climbs nowhere") {
  CHECK(target("GET /{+path}?v=1", {{"path", "/subscriptions/a b/x"}}) ==
        "/subscriptions/a%20b/x?v=1");
  CHECK(target("GET /root:/{+path}:/children", {{"path", "a:b/c'd"}}) ==
        "/root:/a%3Ab/c%27d:/children");
  for (const std::string_view odd :
       {"", "/", "a//b", "a/../b", "a/.", "..", "/a/", "./a", "a/%2E%2E/b", "a/b\\..\\c"}) {
    CHECK(target("GET /{+path}", {{"path", odd}}).starts_with("`path` names nothing"));
  }
}

TEST_CASE("a value in an OData string ends no string") {
  CHECK(target("GET /search(q='{'q}')", {{"q", "it's"}}) == "/search(q='it%27%27s')");
  CHECK(target("GET /search(q='{'q}')", {{"q", "')/x?a=b&c"}}) ==
        "/search(q='%27%27%29%2Fx%3Fa%3Db%26c')");
}

TEST_CASE("fields of a query are those that are there") {
  constexpr std::string_view list = "GET /users{?$search,$select,$top=top~50,$count}";
  CHECK(target(list, {}) == "/users?$top=50");
  CHECK(target("GET /users{?$select}", {}) == "/users");
  CHECK(target("GET /users?v=1{?$select,q}", {{"select", "id, name"}, {"q", "a&b"}}) ==
        "/users?v=1&$select=id%2Cname&q=a%26b");
  CHECK(target(list, {{"top", "5"}, {"count", "1"}}) == "/users?$top=5&$count=true");
  CHECK(target("GET /users{?$count}", {{"count", "0"}}) == "/users?$count=false");
  CHECK(target("GET /users?v={q}", {{"q", ".."}}) == "/users?v=..");
}

TEST_CASE("a search stands between quotes") {
  constexpr std::string_view list = "GET /users{?$search}";
  CHECK(target(list, {{"search", "displayName:a"}}) == "/users?$search=%22displayName%3Aa%22");
  CHECK(target(list, {{"search", R"(say "a\b")"}}) ==
        "/users?$search=%22say%20%5C%22a%5C%5Cb%5C%22%22");
  CHECK(target(list, {{"search", R"("a:b" OR "c:d")"}}) ==
        "/users?$search=%22a%3Ab%22%20OR%20%22c%3Ad%22");
}

TEST_CASE("of alternatives the first whose parameters are there") {
  constexpr std::string_view list = "GET /drive/[items/{id}|root:/{+path}:|root]/children{?$top}";
  CHECK(target(list, {}) == "/drive/root/children");
  CHECK(target(list, {{"path", "a/b"}, {"top", "2"}}) == "/drive/root:/a/b:/children?$top=2");
  CHECK(target(list, {{"path", "a/b"}, {"id", "x"}}) == "/drive/items/x/children");
  CHECK(target("GET /s[/groups/{id}|]/r", {}) == "/s/r");
  CHECK(target("GET /s[/groups/{id}|]/r", {{"id", "g"}}) == "/s/groups/g/r");
}

TEST_CASE("what stands in a path is known, for cursors") {
  using Names = std::vector<std::string_view>;
  CHECK(path_references("GET /a/{id}/{+path}(q='{'q}')?v={top}{?$select}") ==
        Names{"id", "path", "q"});
  CHECK(path_references("GET /me/[view?start={id}|events/{path}]{?$top}") == Names{"path"});
  CHECK(path_references("GET /me{?$top}").empty());
}

TEST_CASE("a body is a parameter, or members of an object") {
  CHECK(body("", {{"id", "x"}}).empty());
  CHECK(body("{thing}", {{"thing", R"({"a":1.50,"b":[null]})"}}) == R"({"a":1.50,"b":[null]})");
  CHECK(
      body("id,text=q,top,count,words,thing",
           {{"id", "a\"b"}, {"top", "07"}, {"count", "true"}, {"words", "x y"}, {"thing", "[]"}}) ==
      R"({"id":"a\"b","top":7,"count":true,"words":["x","y"],"thing":[]})");
  CHECK(body("id,q", {}) == "{}");
  CHECK(body("body.content=q,body.kind='text',id,options.$top=top", {{"q", "hi"}, {"top", "3"}}) ==
        R"({"body":{"content":"hi","kind":"text"},"options":{"$top":3}})");
  CHECK(body("options.$top=top,id", {{"id", "x"}}) == R"({"id":"x"})");
}

// --- what the compiler refuses of rows ---
namespace {

constexpr Operation row(ApiCall call) {
  return {.name = "call", .parameters = kParameters, .call = call};
}
constexpr std::array kGood = {
    row({.api = "a",
         .target = "POST /[x/{id}|y]/{+path}/{'q}?a={select}{?$top,b=count~1,search}",
         .body = "words,o.x='text',thing"})};
static_assert(call_wrong(kGood) == kNowhere);
constexpr std::array kUnknownInPath = {row({.api = "a", .target = "GET /{other}"})};
static_assert(call_wrong(kUnknownInPath) == 0);
constexpr std::array kUnknownInQuery = {
    row({.api = "a", .target = "POST /{id}/{path}{?$other}", .body = "{thing}"})};
static_assert(call_wrong(kUnknownInQuery) == 0);
constexpr std::array kUnknownInBody = {row({.api = "a", .target = "POST /{id}", .body = "other"})};
static_assert(call_wrong(kUnknownInBody) == 0);
constexpr std::array kForgotten = {row({.api = "a", .target = "GET /{id}"})};
static_assert(call_wrong(kForgotten) == 0);
constexpr std::array kOpen = {row({.api = "a", .target = "GET /{id"})};
static_assert(call_wrong(kOpen) == 0);
constexpr std::array kNoPath = {row({.api = "a", .target = "GET"})};
static_assert(call_wrong(kNoPath) == 0);
constexpr std::array kReadsWithBody = {row({.api = "a", .target = "GET /", .body = "{thing}"})};
static_assert(call_wrong(kReadsWithBody) == 0);

}  // namespace

// What has to stand in the path of one, and cannot in that of the other, is in its cursors too.
bool are_told_apart(const Operation& a, const Operation& b) {
  const auto has = [](const Operation& operation, std::string_view name, bool required) {
    return std::ranges::any_of(operation.parameters, [&](const Parameter& parameter) {
      return parameter.name == name && (parameter.required || !required);
    });
  };
  return std::ranges::any_of(path_references(a.call.target), [&](std::string_view name) {
    return has(a, name, true) && !has(b, name, false);
  });
}

TEST_CASE("two lists whose cursors could be taken for each other ask for the same permission") {
  for (const auto& a : all_operations()) {
    for (const auto& b : all_operations()) {
      if (!a.call.list.empty() && a.call.api == b.call.api && a.call.list == b.call.list &&
          !are_told_apart(a, b) && !are_told_apart(b, a)) {
        CHECK_MESSAGE(a.permission == b.permission, a.name << " " << b.name);
      }
    }
  }
}
