// Every operation and every variable that there is.
#pragma once

#include <span>
#include <string_view>

#include "core/base/shape.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

[[nodiscard]] std::span<const Operation> all_operations();
// Null where no operation has this name.
[[nodiscard]] const Operation* find_operation(std::string_view name);

// Each once, in the order of the operations that ask for them.
[[nodiscard]] std::span<const std::string_view> all_permissions();
// Of them those that may name an API (Operation::permission_by_api).
[[nodiscard]] std::span<const std::string_view> permissions_by_api();
[[nodiscard]] std::vector<NamedVariable> all_variables();
// The named types of answers.
[[nodiscard]] std::span<const Shape> all_shapes();

}  // namespace postern
