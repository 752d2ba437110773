#include "core/effect/effects.h"

namespace postern {

SqlParameters::SqlParameters(std::initializer_list<SqlArgument> arguments) {
  reserve(arguments.size());
  for (const auto& argument : arguments) {
    auto& value = emplace_back();
    if (argument.kind == SqlArgument::Kind::integer) {
      value.emplace<std::int64_t>(argument.integer);
    } else if (argument.kind == SqlArgument::Kind::text) {
      value.emplace<std::string>(argument.text);
    }
  }
}

SqlStatements::SqlStatements(SqlStatement&& only) {
  push_back(std::move(only));
}

SqlStatements::SqlStatements(SqlStatement&& first, SqlStatement&& second) {
  reserve(2);
  push_back(std::move(first));
  push_back(std::move(second));
}

SqlStatements::SqlStatements(SqlStatement&& first, SqlStatement&& second, SqlStatement&& third) {
  reserve(3);
  push_back(std::move(first));
  push_back(std::move(second));
  push_back(std::move(third));
}

}  // namespace postern
