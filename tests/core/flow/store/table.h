// The statements in the database that they are written for.
#pragma once

#include <doctest/doctest.h>
#include <utility>

#include "core/connection/record.h"
#include "tests/flows/host/database.h"

namespace postern::testing {

inline constexpr EpochMs kNow = 1'767'323'045'000;
inline const ConnectionId kId{.org = "acme", .integration = "azure", .subject = "u"};

inline SqlOutcome run(Database& d1, SqlStatement statement) {
  auto outcomes = d1.batch({std::move(statement)});
  CHECK(outcomes.has_value());
  return outcomes ? std::move((*outcomes)[0]) : SqlOutcome{};
}

}  // namespace postern::testing
