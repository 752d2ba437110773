// Every operation and every variable that there is.
#pragma once

#include <span>
#include <string_view>

#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

[[nodiscard]] std::span<const Operation> all_operations();
// Null where no operation has this name.
[[nodiscard]] const Operation* find_operation(std::string_view name);

[[nodiscard]] std::span<const Variable> all_variables();

}  // namespace postern
