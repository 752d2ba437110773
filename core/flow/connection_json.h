// A connection as callers see it: no token, sealed or not, is in it.
#pragma once

#include <string>

#include "core/connection/record.h"

namespace postern {

[[nodiscard]] std::string connection_json(const ConnectionRecord& record);

}  // namespace postern
