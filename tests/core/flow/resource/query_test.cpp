// What callers may ask of a list, and what is done here where its API cannot.
#include "core/flow/resource/query.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/flow/resource/shape.h"

using namespace postern;

namespace {

Json list(std::string_view text) {
  return parse_content(text).value_or(Json{});
}

std::string kept(std::string_view items, std::string_view select) {
  auto parsed = list(items);
  const auto members = members_of(select);
  REQUIRE(members.has_value());
  keep_members(parsed, *members);
  return dump_json(parsed);
}

std::string sorted(std::string_view items, std::string_view orderby) {
  auto parsed = list(items);
  const auto orderings = orderings_of(orderby);
  REQUIRE(orderings.has_value());
  sort_items(parsed, *orderings);
  return dump_json(parsed);
}

}  // namespace

TEST_CASE("select names members, and nothing that would be another parameter") {
  CHECK(members_of("id")->size() == 1);
  CHECK(members_of("id, from/emailAddress ,@odata.type,tags/cost-center")->size() == 4);
  for (const std::string_view odd : {"", ",", "id,", "id,,name", "a b", "a&$expand=x", "a;b", "a'b",
                                     "a(b)", "*", "a%20b", "é", "a\nb", "a?b", "a#b", "$count"}) {
    CAPTURE(odd);
    CHECK_FALSE(members_of(odd).has_value());
  }
  std::string many = "a";
  for (int i = 1; i < 100; ++i) many += ",a";
  CHECK(members_of(many).has_value());
  CHECK_FALSE(members_of(many + ",a").has_value());
  CHECK_FALSE(members_of(std::string(257, 'a')).has_value());
}

TEST_CASE("orderby names members with a direction or without") {
  const auto orderings = orderings_of("receivedDateTime desc, subject,from/name asc");
  REQUIRE(orderings.has_value());
  CHECK(orderings->size() == 3);
  CHECK((*orderings)[0].member == "receivedDateTime");
  CHECK((*orderings)[0].descending);
  CHECK_FALSE((*orderings)[1].descending);
  CHECK((*orderings)[2].member == "from/name");
  for (const std::string_view odd :
       {"", "a down", "a desc desc", "a,", "a&b", "a desc,,b", "a DESC", "length(a)"}) {
    CAPTURE(odd);
    CHECK_FALSE(orderings_of(odd).has_value());
  }
}

TEST_CASE("values of a query are encoded, and empty ones left out") {
  CHECK(query_of({{"$top", "5"}, {"$select", ""}, {"$filter", "a eq 'b&c' #"}}) ==
        "$top=5&$filter=a%20eq%20%27b%26c%27%20%23");
  CHECK(query_of({{"a", ""}}).empty());
}

TEST_CASE("members are kept by name and by path") {
  CHECK(kept(R"([{"a":1,"b":{"c":2,"d":3},"e":4},{"b":5},7])", "a,b/d") ==
        R"([{"a":1,"b":{"d":3}},{"b":5},7])");
  CHECK(kept(R"([{"b":{"c":2,"d":3}}])", "b/c,b") == R"([{"b":{"c":2,"d":3}}])");
  CHECK(kept(R"([{"a":1,"a":2}])", "a") == R"([{"a":1,"a":2}])");
  CHECK(kept(R"([{"a":1}])", "x/y") == "[{}]");
}

TEST_CASE("items are ordered by text without regard to case, by number, and as they came") {
  CHECK(sorted(R"([{"n":"b"},{"n":"A"},{"n":"C"},{}])", "n") ==
        R"([{},{"n":"A"},{"n":"b"},{"n":"C"}])");
  CHECK(sorted(R"([{"n":9},{"n":10},{"n":-1}])", "n desc") == R"([{"n":10},{"n":9},{"n":-1}])");
  CHECK(sorted(R"([{"a":"x","b":2},{"a":"X","b":1},{"a":"w","b":3}])", "a,b") ==
        R"([{"a":"w","b":3},{"a":"X","b":1},{"a":"x","b":2}])");
  CHECK(sorted(R"([{"t":{"k":"2"}},{"t":{"k":"1"}},{"t":3}])", "t/k") ==
        R"([{"t":3},{"t":{"k":"1"}},{"t":{"k":"2"}}])");
  CHECK(sorted(R"([{"i":1},{"i":2},{"i":3}])", "same") == R"([{"i":1},{"i":2},{"i":3}])");
}
