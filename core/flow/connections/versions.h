// The versions that the authority keeps of its connection.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/authority/state.h"

namespace postern {

struct EarlierVersions {
  std::vector<ConnectionRecord> readable;  // the newest first
  std::vector<std::int64_t> unreadable;    // their numbers, likewise
};

// Those that are kept. Fault: store_unavailable.
Task<Result<EarlierVersions, Problem>> earlier_versions(const AuthorityState* state);

}  // namespace postern
