// What becomes of a code exchange's answer: a connection, one that waits for its confirmation, or a
// refusal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/flow/authority/state.h"
#include "core/flow/authority/store.h"
#include "core/flow/connect/ending.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/states.h"

namespace postern {

// How long a kept answer waits for what it needs: the provider's keys, the integration's settings.
inline constexpr DurationMs kKeptLifeMs = kDayMs;

struct SignInAttempt {
  StateRow state;
  Integration integration;
  std::string nonce;
  std::string scope;
  std::string confirmation_code;  // empty: one is made where one is needed
};

// Only the browser that is there now can take the code to the backend: whatever is finished without
// it nobody could confirm.
[[nodiscard]] bool waits_for_backend(const StateRow& row);

// The event of a connection that there is now, whoever confirmed it.
[[nodiscard]] Told told_connected(const ConnectionRecord& record, const RefreshPolicy& policy,
                                  std::string_view attempt);

// Why nothing may be renewed; nullopt: it may, or the sign-in is for something else. A link to
// renew is sent to whoever asked for a token, so it makes no connection where there is none.
[[nodiscard]] std::optional<ConnectFailure> refusal_to_renew(const AuthorityState& state,
                                                             const StateRow& row);

// The attempt is over without a connection: an event tells, and whoever made its link can see why.
Task<Outcome> fail_attempt(AuthorityState* state, const StateRow* row, ConnectFailure failure);

// The same where nothing could be loaded: no event tells.
Task<Outcome> fail_unloaded(const StateRow* row, ConnectFailure failure);

// A sign-in that waited for its confirmation does so no more, and did not become a connection.
Task<std::monostate> end_pending(const ConnectionId* id, std::optional<Pending> pending,
                                 std::string cause);

// As fail_attempt, for an exchange, which ends with it: no connection is made.
Task<Outcome> refuse_sign_in(AuthorityState* state, const StateRow* row, ConnectFailure failure);

// Everything after the provider's answer, for the open journal of `state`; also run from a kept
// one. Where what it needs may come yet, the journal and the kept answer stay.
Task<Outcome> finish_sign_in(FlowContext* context, AuthorityState* state,
                             const SignInAttempt* attempt, HttpReply reply);

}  // namespace postern
