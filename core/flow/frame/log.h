// A line of the log about one connection.
#pragma once

#include <string_view>
#include <variant>

#include "core/connection/record.h"
#include "core/effect/effects.h"
#include "core/effect/task.h"

namespace postern {

// With one field more where `field` is not empty: it tells why or how many. What is passed has to
// live until the line is written.
Task<std::monostate> log_connection(LogLevel level, std::string_view event, const ConnectionId* id,
                                    std::string_view field = {}, std::string_view value = {});
// With several.
Task<std::monostate> log_connection(LogLevel level, std::string_view event, const ConnectionId* id,
                                    Pairs fields);

}  // namespace postern
