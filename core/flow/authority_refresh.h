// Exchanging a refresh token, and settling an exchange whose outcome is unknown.
#pragma once

#include <optional>
#include <string>

#include "core/flow/authority_state.h"
#include "core/flow/integration.h"
#include "core/oauth/token_response.h"

namespace postern {

// How a refresh ended, when it did not end in a new token.
struct RefreshFailure {
  Problem problem;
  // The access token that is stored still lives and may be served.
  bool serve_stale = false;
};
using RefreshResult = Result<std::monostate, RefreshFailure>;

// One exchange for `resource`; on success state->record holds the new version, committed.
Task<RefreshResult> refresh(FlowContext* context, AuthorityState* state, std::string resource);

// For an open journal of kind refresh: reads the kept answer, or replays as the catalogue allows.
// While the journal asks for patience no request leaves.
Task<RefreshResult> settle_refresh(FlowContext* context, AuthorityState* state);

// Sealed tokens of a response as the next version of a record. `previous` keeps the refresh token
// and the other resources' tokens where the response has none.
struct SealWish {
  const ConnectionRecord* previous = nullptr;
  ConnectionRecord next;
  std::string resource;
};
Task<Result<ConnectionRecord, Problem>> seal_tokens(SealWish wish, const TokenResponse* response,
                                                    std::string old_refresh_token);

// The refresh token alone, under the version of `next`.
Task<Result<ConnectionRecord, Problem>> seal_refresh_token(ConnectionRecord next,
                                                           std::string refresh_token);

[[nodiscard]] TokenReply token_reply_of(const HttpReply& reply);

}  // namespace postern
