// What may be done only so often, as far as one isolate remembers: an authority is one.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/time.h"
#include "core/effect/task.h"

namespace postern {

struct RateLimit {
  std::string key;
  std::int64_t most = 0;
  DurationMs within_ms = 0;  // from the first one on
};

// 0: it may be done now, and counts. Otherwise when it may be.
[[nodiscard]] Task<EpochMs> wait_of(RateLimit limit);

}  // namespace postern
