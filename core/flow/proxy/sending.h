// What comes next of a request that the host sends for its caller: the steps that proxied calls and
// calls whose content the host streams have in common.
#pragma once

#include <optional>
#include <string>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/proxy/attempt.h"
#include "core/flow/token/token.h"

namespace postern {

struct Sending {
  std::optional<Problem> fault;       // ends the call
  bool relay = false;                 // the answer that brought the flow back is the caller's
  std::optional<ForwardReply> reply;  // that answer
  Attempt attempt;
  DurationMs delay_ms = 0;
};

// By the input's note and reply, if it has any. Sets what the authority is to be asked for in
// `wish`.
Task<Sending> decide_sending(FlowContext* context, const ProxyRequest* request, std::string url,
                             TokenWish* wish);

// The token to send with; token_replaced where the body is gone, and its caller has to send it
// again.
Task<Result<LiveToken, Problem>> token_for_sending(FlowContext* context, Sending* sending,
                                                   std::string url, TokenWish wish);

}  // namespace postern
