// Which connection a caller means, by the parameters `integration` and `user_id`.
#pragma once

#include <string_view>

#include "core/connection/record.h"
#include "core/flow/frame/context.h"

namespace postern {

[[nodiscard]] ConnectionId connection_of_caller(const FlowContext& context);
[[nodiscard]] ConnectionId connection_in(std::string_view org, const Parameters& parameters);

}  // namespace postern
