// A live access token for a front flow: from the isolate's memory, from KV, or from the authority.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/store/payload.h"

namespace postern {

// FlowInput::note of the restart that follows a refused token.
inline constexpr std::string_view kRefusedNote = "refused";

struct TokenWish {
  ConnectionId id;
  std::string resource;
  DurationMs min_ttl_ms = 0;
  // The version whose token a resource server just refused: not served again. 0: none.
  std::int64_t refused_version = 0;
};

// Returns the token; or leaves for the authority (the flow then starts again from its beginning,
// with the answer) ; or the authority's refusal ends the flow without coming back here.
Task<LiveToken> obtain_token(FlowContext* context, TokenWish wish);

// This isolate's memory forgets the connection's tokens; others forget within 30 s.
Task<std::monostate> forget_tokens(const FlowContext* context, ConnectionId id);

}  // namespace postern
