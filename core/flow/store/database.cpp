#include "core/flow/store/database.h"

#include <string>
#include <utility>

namespace postern {

namespace {

constexpr std::string_view kDatabase = "DB";

Sql in_database(std::string_view name, std::vector<SqlStatement> statements) {
  return {.database = std::string(name), .statements = std::move(statements)};
}

}  // namespace

Sql in_database_of(std::string_view /*org*/, std::vector<SqlStatement> statements) {
  return in_database(kDatabase, std::move(statements));
}

Sql in_shared_database(std::vector<SqlStatement> statements) {
  return in_database(kDatabase, std::move(statements));
}

std::vector<Sql> in_every_database(std::vector<SqlStatement> statements) {
  std::vector<Sql> all;
  all.push_back(in_database(kDatabase, std::move(statements)));
  return all;
}

}  // namespace postern
