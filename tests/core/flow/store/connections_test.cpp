#include "core/flow/store/connections.h"

#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kId;
using postern::testing::run;

namespace {

ConnectionRecord record(std::int64_t version, std::string user_id = "u") {
  ConnectionRecord record;
  record.id = {.org = "acme", .integration = "azure", .user_id = std::move(user_id)};
  record.provider = "microsoft";
  record.version = version;
  record.status = Status::connected;
  return record;
}

}  // namespace

TEST_CASE("a backup is overwritten by a later version only") {
  Database d1;
  const auto version = [&] {
    const auto found = connection_of(run(d1, select_connection(kId)));
    return found ? found->version : 0;
  };
  (void)run(d1, upsert_connection(record(2)));
  CHECK(version() == 2);
  (void)run(d1, upsert_connection(record(1)));
  CHECK(version() == 2);
  (void)run(d1, upsert_connection(record(2)));
  CHECK(version() == 2);
  (void)run(d1, upsert_connection(record(3)));
  CHECK(version() == 3);
  CHECK_FALSE(connection_of(run(d1, select_connection({"other", "azure", "u"}))).has_value());
}

TEST_CASE("listing stays in the organization, filters and goes on after a cursor") {
  Database d1;
  for (const char* user : {"a", "b", "c"}) {
    (void)run(d1, upsert_connection(record(1, user)));
  }
  auto ended = record(1, "d");
  ended.status = Status::revoked;
  (void)run(d1, upsert_connection(ended));
  auto foreign = record(1, "b");
  foreign.id.org = "other";
  (void)run(d1, upsert_connection(foreign));

  const auto users = [&](ConnectionQuery query) {
    std::string all;
    const auto outcome = run(d1, select_connections(query));
    for (const auto& row : outcome.rows) {
      const auto found = connection_of({.rows = {row}, .changes = 0});
      CHECK((found && found->id.org == query.org));
      all += found ? found->id.user_id : "?";
    }
    return all;
  };
  CHECK(users({.org = "acme", .limit = 10}) == "abc");
  CHECK(users({.org = "acme", .limit = 2}) == "ab");
  CHECK(users({.org = "acme", .after_user_id = "b", .after_integration = "azure", .limit = 10}) ==
        "c");
  CHECK(users({.org = "acme", .user_id = "b", .limit = 10}) == "b");
  CHECK(users({.org = "acme", .status = "revoked", .limit = 10}) == "d");
  CHECK(users({.org = "other", .limit = 10}) == "b");
  CHECK(users({.org = "", .limit = 10}) == "");
}

TEST_CASE("rows of another shape are nobody's connection") {
  CHECK_FALSE(connection_of({.rows = {{std::int64_t{1}}}, .changes = 0}).has_value());
  CHECK_FALSE(connection_of({.rows = {{std::string("no record")}}, .changes = 0}).has_value());
}
