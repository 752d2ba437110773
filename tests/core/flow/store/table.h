// One statement in the database that it is written for.
#pragma once

#include <doctest/doctest.h>
#include <utility>

#include "tests/flows/database.h"

namespace postern::testing {

inline SqlOutcome run(Database& d1, SqlStatement statement) {
  auto outcomes = d1.batch({std::move(statement)});
  CHECK(outcomes.has_value());
  return outcomes ? std::move((*outcomes)[0]) : SqlOutcome{};
}

}  // namespace postern::testing
