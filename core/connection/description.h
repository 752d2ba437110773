// A connection as callers see it: no token is in it.
#pragma once

#include <string>
#include <vector>

#include "core/connection/record.h"
#include "core/connection/schedule.h"

namespace postern {

// What was asked for and is not among what the tokens say that was granted.
[[nodiscard]] std::vector<std::string> missing_scopes(const ConnectionRecord& record,
                                                      const RefreshPolicy& policy);

[[nodiscard]] std::string connection_json(const ConnectionRecord& record,
                                          const RefreshPolicy& policy);

}  // namespace postern
