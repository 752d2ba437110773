#include "core/flow/frame/sql.h"

namespace postern {

SqlStatement select_one() {
  return {.sql = "SELECT 1", .parameters = {}};
}

std::string text_at(const SqlRow& row, std::size_t index) {
  const auto* text = index < row.size() ? row[index].text() : nullptr;
  return text == nullptr ? std::string() : *text;
}
std::int64_t integer_at(const SqlRow& row, std::size_t index) {
  const auto* integer = index < row.size() ? row[index].integer() : nullptr;
  return integer == nullptr ? 0 : *integer;
}

std::vector<SqlValue> bind(std::initializer_list<SqlArgument> arguments) {
  std::vector<SqlValue> values;
  values.reserve(arguments.size());
  for (const auto& argument : arguments) {
    if (argument.kind == SqlArgument::Kind::integer) {
      values.emplace_back(argument.integer);
    } else if (argument.kind == SqlArgument::Kind::text) {
      values.emplace_back(std::string(argument.text));
    } else {
      values.emplace_back();
    }
  }
  return values;
}

}  // namespace postern
