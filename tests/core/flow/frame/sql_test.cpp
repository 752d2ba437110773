#include "core/flow/frame/sql.h"

#include <doctest/doctest.h>
#include <string>
#include <variant>

using namespace postern;

TEST_CASE("arguments become values of their kind, in their order") {
  const std::string bytes("a\0b", 3);
  const auto values =
      bind({text(bytes), std::int64_t{-5}, SqlArgument(), flag(true), flag(false), text("")});
  REQUIRE(values.size() == 6);
  CHECK(values[0] == SqlValue(bytes));
  CHECK(values[1] == SqlValue(std::int64_t{-5}));
  CHECK(values[2] == SqlValue());
  CHECK(values[3] == SqlValue(std::int64_t{1}));
  CHECK(values[4] == SqlValue(std::int64_t{0}));
  CHECK(values[5] == SqlValue(std::string()));
  CHECK(bind({}).empty());
}

TEST_CASE("a cell is what it is asked for, or empty") {
  const SqlRow row = {std::string("5"), std::int64_t{5}, SqlValue()};
  CHECK(text_at(row, 0) == "5");
  CHECK(integer_at(row, 1) == 5);
  // A text that looks like a number is none, and the other way round.
  CHECK(integer_at(row, 0) == 0);
  CHECK(text_at(row, 1) == "");
  CHECK(text_at(row, 2) == "");
  CHECK(integer_at(row, 2) == 0);
  CHECK(text_at(row, 3) == "");
  CHECK(integer_at(row, 3) == 0);
  CHECK(text_at({}, 0) == "");
}
