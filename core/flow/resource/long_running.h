// What Azure Resource Manager accepted and goes on doing: asked about until it has ended, or handed
// to the caller to ask again (learn.microsoft.com/azure/azure-resource-manager/management/
// async-operations).
#pragma once

#include <string>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/resource/session.h"

namespace postern {

// {"state": "done", "result"?}, or {"state": "running", "operation"?, "retry_after_seconds",
// "result"?}: `operation` is what get_operation takes; absent where the API says nowhere how far it
// is. Waits for as long as the session's budget allows. operation_failed where the provider says
// so; no other fault of asking ends what was accepted.
Task<Outcome> follow_operation(FlowContext* context, ApiSession* session, const ApiRequest* request,
                               ApiReply reply);

// By the parameter `operation`.
Task<Outcome> get_operation_flow(FlowContext* context);

}  // namespace postern
