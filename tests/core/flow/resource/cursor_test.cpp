// Cursors as callers hold them, and the links that a list was led through.
#include "core/flow/resource/cursor.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/fields.h"

using namespace postern;

TEST_CASE("a trail knows the last 64 links") {
  Trail trail{std::string()};
  CHECK_FALSE(trail.has("/a"));
  trail.add("/a");
  CHECK(trail.has("/a"));
  CHECK_FALSE(trail.has("/b"));
  CHECK(Trail(trail.bytes()).has("/a"));
  for (int i = 0; i < 63; ++i) trail.add("/" + std::to_string(i));
  CHECK(trail.has("/a"));
  trail.add("/last");
  CHECK_FALSE(trail.has("/a"));
  CHECK(trail.has("/0"));
}

TEST_CASE("a cursor of a later release is read as far as it is known") {
  const auto bytes = encode_place({.link = "/a?b", .offset = 7, .trail = "t"});
  const auto place = decode_place(bytes);
  REQUIRE(place.has_value());
  CHECK(place->link == "/a?b");
  CHECK(place->offset == 7);
  CHECK(place->trail == "t");
  CHECK(decode_place(bytes + FieldWriter().number(2).text("more").bytes())->offset == 7);
  CHECK_FALSE(decode_place(bytes + FieldWriter().text("2!").bytes()).has_value());
  CHECK_FALSE(decode_place("").has_value());
  CHECK_FALSE(decode_place(bytes.substr(1)).has_value());
  CHECK_FALSE(decode_place(encode_place({.link = "/", .offset = -1, .trail = {}})).has_value());
}
