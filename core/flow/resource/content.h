// Calls of a provider's API whose content, in the request or in the answer, the host streams: where
// to says a row of the table (core/flow/frame/api_call.h).
#pragma once

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

// A redirect of the API's is followed, once and without the token. Its refusals are problems.
Task<Outcome> content_flow(FlowContext* context);

}  // namespace postern
