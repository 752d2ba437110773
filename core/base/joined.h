// Tables in several files, joined by the compiler.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace postern {

template <class Row, std::size_t... kSizes>
[[nodiscard]] consteval auto joined_rows(const Row (&... tables)[kSizes]) {
  std::array<Row, (kSizes + ...)> all;
  auto next = all.begin();
  ((next = std::ranges::copy(tables, next).out), ...);
  return all;
}

}  // namespace postern
