// A connection as callers see it: no token is in it.
#pragma once

#include <string>

#include "core/connection/record.h"
#include "core/connection/schedule.h"

namespace postern {

[[nodiscard]] std::string connection_json(const ConnectionRecord& record,
                                          const RefreshPolicy& policy);

}  // namespace postern
