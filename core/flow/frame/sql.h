// Parameters into SQL statements, and values out of rows.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/effect/effects.h"

namespace postern {

// A parameter before it is copied into its statement. Lists of SqlValue would be copied twice at
// each call site.
struct SqlArgument {
  SqlArgument() = default;
  SqlArgument(std::int64_t number) : kind(Kind::integer), integer(number) {}
  SqlArgument(std::string_view bytes) : kind(Kind::text), text(bytes) {}

  enum class Kind : std::uint8_t { null, integer, text } kind = Kind::null;
  std::int64_t integer = 0;
  std::string_view text;
};
[[nodiscard]] std::vector<SqlValue> bind(std::initializer_list<SqlArgument> arguments);
[[nodiscard]] inline SqlArgument text(std::string_view value) {
  return value;
}
[[nodiscard]] inline SqlArgument flag(bool value) {
  return std::int64_t{value ? 1 : 0};
}

// Asks for nothing but an answer.
[[nodiscard]] SqlStatement select_one();

// Empty or 0 where there is no such value.
[[nodiscard]] std::string text_at(const SqlRow& row, std::size_t index);
[[nodiscard]] std::int64_t integer_at(const SqlRow& row, std::size_t index);

}  // namespace postern
