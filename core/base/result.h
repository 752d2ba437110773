// The one way a function of the core says that it could not do what it was asked.
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

namespace postern {

template <class Value, class Fault>
using Result = std::expected<Value, Fault>;

template <class Fault>
[[nodiscard]] constexpr std::unexpected<std::decay_t<Fault>> fail(Fault&& fault) {
  return std::unexpected<std::decay_t<Fault>>(std::forward<Fault>(fault));
}

}  // namespace postern
