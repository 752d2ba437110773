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
  record.id = {.org = "acme", .integration = "azure", .subject = std::move(user_id)};
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
      all += found ? found->id.subject : "?";
    }
    return all;
  };
  CHECK(users({.org = "acme", .limit = 10}) == "abc");
  CHECK(users({.org = "acme", .limit = 2}) == "ab");
  CHECK(users({.org = "acme", .after_subject = "b", .after_integration = "azure", .limit = 10}) ==
        "c");
  CHECK(users({.org = "acme", .subject = accounts_of("b"), .limit = 10}) == "b");
  CHECK(users({.org = "acme", .status = "revoked", .limit = 10}) == "d");
  CHECK(users({.org = "other", .limit = 10}) == "b");
  CHECK(users({.org = "", .limit = 10}) == "");
}

TEST_CASE("a user's accounts are listed together, the organization's own to those who may") {
  Database d1;
  const auto add = [&](std::string subject) {
    auto connection = record(1, "user");
    connection.id.subject = std::move(subject);
    (void)run(d1, upsert_connection(connection));
  };
  for (const Subject& subject :
       {Subject{.user_id = "u"}, Subject{.user_id = "u", .account = "work"},
        Subject{.user_id = "u0"}, Subject{.user_id = "u "}, Subject{.user_id = "-"},
        Subject{.user_id = ""}, Subject{.user_id = "", .account = "work"}}) {
    add(subject_text(subject));
  }
  const auto count = [&](const ConnectionQuery& query) {
    return run(d1, select_connections(query)).rows.size();
  };
  CHECK(count({.org = "acme", .limit = 10}) == 5);
  CHECK(count({.org = "acme", .organizations_own = true, .limit = 10}) == 7);
  CHECK(count({.org = "acme", .subject = accounts_of("u"), .limit = 10}) == 2);
  CHECK(count({.org = "acme", .subject = accounts_of("-"), .limit = 10}) == 1);
  CHECK(count({.org = "acme", .subject = accounts_of(""), .limit = 10}) == 0);
  CHECK(
      count({.org = "acme", .subject = accounts_of(""), .organizations_own = true, .limit = 10}) ==
      2);
}

TEST_CASE("rows of another shape are nobody's connection") {
  CHECK_FALSE(connection_of({.rows = {{std::int64_t{1}}}, .changes = 0}).has_value());
  CHECK_FALSE(connection_of({.rows = {{std::string("no record")}}, .changes = 0}).has_value());
}
