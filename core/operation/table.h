// Every operation that there is.
#pragma once

#include <span>
#include <string_view>

#include "core/flow/frame/operation.h"

namespace postern {

[[nodiscard]] std::span<const Operation> all_operations();
// Null where no operation has this name.
[[nodiscard]] const Operation* find_operation(std::string_view name);

}  // namespace postern
