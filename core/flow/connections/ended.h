// What the end of a connection owes to its provider.
#pragma once

#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/connection/journal.h"
#include "core/effect/task.h"
#include "core/flow/authority/state.h"

namespace postern {

// Every grant that is stored of it: those before it was connected again, as far as versions of them
// are kept, one that waits for its confirmation, and last its own. Fault: store_unavailable.
Task<Result<std::vector<Revocation>, Problem>> owed_at_the_end(const AuthorityState* state,
                                                               EpochMs now);

}  // namespace postern
