// Exchanging a refresh token, and settling an exchange whose outcome is unknown.
#pragma once

#include <optional>
#include <string>

#include "core/flow/authority/state.h"
#include "core/flow/integration/resolve.h"
#include "core/oauth/token_response.h"

namespace postern {

// How a refresh ended, when it did not end in a new token.
struct RefreshFailure {
  Problem problem;
  // The access token that is stored still lives and may be served.
  bool serve_stale = false;
  // Another directory said it as if the grant were dead: the connection's own one knows.
  bool doubts_grant = false;
};
using RefreshResult = Result<std::monostate, RefreshFailure>;

// `serve_stale`: RefreshFailure's.
[[nodiscard]] RefreshResult failed(Problem problem, bool serve_stale = false);
// "Not before `retry_at`": what is stored is served while it lives.
[[nodiscard]] RefreshResult not_before(const AuthorityState& state, std::string_view resource,
                                       EpochMs retry_at, EpochMs now);
// The resource's token while it lives; null: there is none.
[[nodiscard]] const StoredAccessToken* live_token(const AuthorityState& state,
                                                  std::string_view resource, EpochMs now);

// The open journal's request was refused, or nothing is known of it (fault.cpp): the
// journal stays for another try, or ends with what the fault means for the connection.
Task<RefreshResult> apply_fault(FlowContext* context, AuthorityState* state, TokenFault fault);
// The provider took the old refresh token and gave a new one with an answer that is no good
// otherwise. Under rotation the new one is all that is left.
Task<RefreshResult> keep_refresh_token(FlowContext* context, AuthorityState* state,
                                       TokenFault fault);

// Journal::claims_hash of a request for the resource.
[[nodiscard]] std::string hash_of_claims(const AuthorityState& state, std::string_view resource);

// One exchange for `resource`; on success state->record holds the new version, committed.
Task<RefreshResult> refresh(FlowContext* context, AuthorityState* state, std::string resource);

// integration_not_configured: the settings name another cloud than the connection was made in. Its
// tokens are kept, and shown to nobody there.
[[nodiscard]] Problem of_another_cloud(const ConnectionRecord& record);

// For an open journal of kind refresh: reads the kept answer, or replays as the catalogue allows.
// While the journal asks for patience no request leaves. A replay is for the resource that is
// `wanted`; where none is, now and then for another one that needs a token: the refresh token is
// the same, and one resource that always fails must not keep it from being used.
Task<RefreshResult> settle_refresh(FlowContext* context, AuthorityState* state, std::string wanted);

// Is the resource's token one that satisfies AuthorityState::claims? True where none are asked for.
Task<bool> satisfies_claims(const AuthorityState* state, std::string resource);

// Puts into a commit that the resource, for which the provider was asked in vain, is not refreshed
// unasked for a while: the longer the longer it has failed, since the first time that no token came
// after. In storage: in memory it would not outlive half a minute. `refused_at`: when it was asked
// for and refused; 0: it failed for another reason.
void add_pause(AuthorityState* state, std::string resource, EpochMs refused_at, EpochMs now,
               StorageCommit* commit);

// Sealed tokens of a response as the next version of a record.
struct SealWish {
  // A copy of the record before, whose other resources' tokens stay.
  ConnectionRecord next;
  std::string resource;
  // When the request left: a token's life is counted from there, whenever the answer is read.
  EpochMs asked_at = 0;
  // When the answer came; 0: nobody knows, as with one that was kept. Then it is `asked_at`.
  EpochMs came_at = 0;
};
Task<Result<ConnectionRecord, Problem>> seal_tokens(SealWish wish, const TokenResponse* response,
                                                    std::string old_refresh_token);

// The refresh token alone, under the version of `next`; it came at `minted_at`.
Task<Result<ConnectionRecord, Problem>> seal_refresh_token(ConnectionRecord next,
                                                           std::string refresh_token,
                                                           EpochMs minted_at);

[[nodiscard]] TokenReply token_reply_of(const HttpReply& reply);

}  // namespace postern
