#include "core/flow/store/database.h"

#include <doctest/doctest.h>

#include "core/flow/frame/sql.h"
#include "tests/flows/host/database.h"

using namespace postern;

TEST_CASE("statements go to the database that the Worker has, in their order") {
  REQUIRE(in_every_database({}).size() == 1);
  for (const auto& sql : {in_database_of("acme", {select_one(), {.sql = "SELECT 2"}}),
                          in_shared_database({select_one(), {.sql = "SELECT 2"}}),
                          in_every_database({select_one(), {.sql = "SELECT 2"}})[0]}) {
    CHECK(sql.database == testing::kDatabaseBinding);
    REQUIRE(sql.statements.size() == 2);
    CHECK(sql.statements[0].sql == "SELECT 1");
    CHECK(sql.statements[1].sql == "SELECT 2");
    testing::Database d1;
    CHECK(d1.batch(sql).has_value());
  }
}

TEST_CASE("a database that the Worker has not answers nothing") {
  testing::Database d1;
  CHECK_FALSE(d1.batch({.database = "DB_EU", .statements = {select_one()}}).has_value());
  CHECK(d1.fault() == "there is no database DB_EU");
}
