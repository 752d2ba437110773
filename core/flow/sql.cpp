#include "core/flow/sql.h"

namespace postern {

std::string text_at(const SqlRow& row, std::size_t index) {
  const auto* text = index < row.size() ? std::get_if<std::string>(&row[index]) : nullptr;
  return text == nullptr ? std::string() : *text;
}
std::int64_t integer_at(const SqlRow& row, std::size_t index) {
  const auto* integer = index < row.size() ? std::get_if<std::int64_t>(&row[index]) : nullptr;
  return integer == nullptr ? 0 : *integer;
}

std::vector<SqlValue> bind(std::initializer_list<SqlArgument> arguments) {
  std::vector<SqlValue> values;
  values.reserve(arguments.size());
  for (const auto& argument : arguments) {
    auto& value = values.emplace_back();
    if (argument.kind == SqlArgument::Kind::integer) {
      value.emplace<std::int64_t>(argument.integer);
    } else if (argument.kind == SqlArgument::Kind::text) {
      value.emplace<std::string>(argument.text);
    }
  }
  return values;
}

}  // namespace postern
