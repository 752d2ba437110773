// What a caller's demand for a token does at the connection's only writer.
#include <algorithm>

#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/connection/application.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/connection/token_name.h"
#include "core/flow/authority/store.h"
#include "core/flow/connections/operations.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/rate_limit.h"
#include "core/flow/grant/reauth.h"
#include "core/flow/grant/redeem.h"
#include "core/flow/grant/refresh.h"
#include "core/flow/grant/refusal.h"
#include "core/flow/store/payload.h"
#include "core/provider/granted_scopes.h"

namespace postern {

namespace {

constexpr DurationMs kHealEveryMs = 30 * kSecondMs;
constexpr DurationMs kHomeKnowsMs = 10 * kMinuteMs;
constexpr DurationMs kReplaceEveryMs = 30 * kSecondMs;
// Requests for the sake of claims, of one resource in that time. An API's challenge may be another
// one each time that it answers (its time, the caller's address).
constexpr std::int64_t kMostClaimsRequests = 4;

// KV lost the record, or shows an older one, though this one was delivered: put it there again, at
// most every 30 s.
Task<std::monostate> heal_kv(AuthorityState* state) {
  const auto limiter = "heal:" + connection_key(state->id);
  // What is owed to a provider may stay so for a day.
  const bool owes_store = state->outbox && !state->outbox->owes_no_store();
  if (owes_store || (co_await perform(MemoryGet{.key = limiter})).has_value()) {
    co_return std::monostate{};
  }
  const auto now = co_await current_time();
  (void)co_await perform(MemoryPut{.key = limiter, .value = "1", .expires_at = now + kHealEveryMs});
  auto before = state->outbox;
  if (!state->outbox) {
    state->outbox = Outbox{.d1_done = true};
  }
  state->outbox->kv_done = false;
  if (!co_await store(state, StorageCommit{.puts = {{kOutboxKey, encode_outbox(*state->outbox)}},
                                           .deletes = {}})) {
    state->outbox = std::move(before);
    co_return std::monostate{};
  }
  co_return co_await publish(state);
}

// Opens the stored token and answers it as data.
Task<Outcome> serve(const AuthorityState* state, std::string resource) {
  const auto* token = state->record->token_for(resource);
  if (token == nullptr) {
    co_return problem_outcome(ProblemCode::provider_unavailable);
  }
  auto opened = co_await perform(
      Open{.org = state->id.org,
           .context = seal_context(state->id, "access_token:" + resource, token->sealed_version),
           .sealed = token->sealed});
  if (!opened) {
    co_return problem_outcome(ProblemCode::stored_data_unreadable);
  }
  co_return data_outcome(encode(LiveToken{.access_token = std::move(*opened),
                                          .scope = token->scope,
                                          .expires_at = token->expires_at,
                                          .version = token->sealed_version,
                                          .application = is_application(*state->record)}));
}

// Another directory called the grant dead, perhaps for its own reasons: the connection's own one is
// asked, unless it gave a token not long ago.
Task<std::monostate> ask_at_home(FlowContext* context, AuthorityState* state) {
  const StoredAccessToken* newest = nullptr;
  for (const auto& token : state->record->tokens) {
    if (!is_of_guest(token.resource) &&
        (newest == nullptr || token.minted_at > newest->minted_at)) {
      newest = &token;
    }
  }
  const auto now = co_await current_time();
  if (newest != nullptr && newest->minted_at + kHomeKnowsMs <= now &&
      newest->minted_at < context->input.arrived_at && may_refresh(*state->record)) {
    (void)co_await refresh(context, state, newest->resource);
  }
  co_return std::monostate{};
}

// Brings the demanded token up to date. Afterwards state->record holds what may be served.
Task<Result<std::monostate, Problem>> bring_up_to_date(FlowContext* context, AuthorityState* state,
                                                       TokenPayload payload) {
  const TokenDemand demand{.resource = payload.resource,
                           .min_ttl_ms = payload.min_ttl_ms,
                           .forced = payload.forced,
                           .refused_version = payload.refused_version,
                           .arrived_at = context->input.arrived_at};
  const auto needed =
      decide_token(state->record ? &*state->record : nullptr, demand, co_await current_time());
  // What is open is tried for this resource only where it needs a token. What was kept may be of
  // another one.
  std::string wanted = needed.decision == TokenDecision::refresh ? payload.resource : "";
  const std::string settled_resource =
      state->refresh.journal && state->refresh.kept ? state->refresh.journal->resource : wanted;
  auto settled = co_await settle(context, state, std::move(wanted));
  const auto now = co_await current_time();
  auto verdict = decide_token(state->record ? &*state->record : nullptr, demand, now);
  if (verdict.decision == TokenDecision::serve &&
      !co_await satisfies_claims(state, payload.resource) && may_refresh(*state->record)) {
    verdict.decision = TokenDecision::refresh;
  }
  switch (verdict.decision) {
    case TokenDecision::serve:
      co_return std::monostate{};
    case TokenDecision::not_connected:
      co_return std::unexpected(
          problem(state->pending ? ProblemCode::connection_pending : ProblemCode::not_connected));
    case TokenDecision::needs_person:
      co_return std::unexpected(co_await needs_reauth_problem(context, state));
    case TokenDecision::refresh:
      break;
  }
  if (payload.refused_version != 0 && payload.claims.empty()) {
    // A server that refuses every token is not helped by one more each time.
    const auto limiter = "replaced:" + connection_key(state->id) + ":" + payload.resource;
    if ((co_await perform(MemoryGet{.key = limiter})).has_value()) {
      co_return std::monostate{};
    }
    (void)co_await perform(
        MemoryPut{.key = limiter, .value = "1", .expires_at = now + kReplaceEveryMs});
  }
  // What is answered without a request does not count.
  const bool leaves = !payload.claims.empty() && !state->refresh.journal &&
                      !co_await recall_refusal(state, payload.resource);
  if (leaves) {
    const auto until = co_await wait_of(
        {.key = "claims-asked:" + connection_key(state->id) + ":" + payload.resource,
         .most = kMostClaimsRequests,
         .within_ms = kReplaceEveryMs});
    if (until != 0) {
      // Whoever has just been refused the token that is stored is refused it again, and asks for a
      // person.
      if (payload.refused_version != 0) {
        co_return std::monostate{};
      }
      co_return std::unexpected(patience_problem(until, now));
    }
  }
  // What is open after settling asks for patience: no second request leaves before its time, nor
  // where the provider has just refused one for this resource.
  const bool answered = !settled && settled_resource == payload.resource;
  auto done = state->refresh.journal || answered
                  ? std::move(settled)
                  : co_await refresh(context, state, payload.resource);
  if (done) {
    co_return std::monostate{};
  }
  if (done.error().doubts_grant) {
    (void)co_await ask_at_home(context, state);
  }
  const auto later = co_await current_time();
  const auto* token = state->record ? state->record->token_for(payload.resource) : nullptr;
  const bool refused = payload.refused_version != 0 && token != nullptr &&
                       token->sealed_version <= payload.refused_version;
  if (!payload.forced && !refused && payload.claims.empty() && token != nullptr &&
      is_alive(*token, later) && state->record->status == Status::connected) {
    co_return std::monostate{};
  }
  // What was just refused says more than what the connection waits for, and has its own link.
  const bool says_all = done.error().problem.code == ProblemCode::needs_reauth &&
                        !done.error().problem.members.empty();
  if (state->record && state->record->status == Status::needs_reauth && !says_all &&
      !is_application(*state->record)) {
    co_return std::unexpected(co_await needs_reauth_problem(context, state));
  }
  co_return std::unexpected(std::move(done.error().problem));
}

// Was the scope that an API wants not granted until now?
bool lacks(const AuthorityState& state, const TokenPayload& payload) {
  // Nobody's sign-in gives an application more.
  if (payload.lacking_scope.empty() || !state.record || state.record->status != Status::connected ||
      is_application(*state.record)) {
    return false;
  }
  const auto* provider = find_provider(state.record->provider);
  const auto* api = find_api(api_of_token(payload.resource));
  const auto* token = state.record->token_for(payload.resource);
  return provider != nullptr && api != nullptr && token != nullptr &&
         lacks_scope(*provider, *api, payload.lacking_scope, token->scope);
}

}  // namespace

Task<Outcome> authority_token_flow(FlowContext* context) {
  auto payload = decode_token_payload(context->input.payload);
  if (!payload) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, payload->id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  if (state->record && state->record->status != Status::revoked && state->settings &&
      is_of_another_cloud(*state->settings, state->record->cloud)) {
    co_return problem_outcome(of_another_cloud(*state->record));
  }
  // Its own directory by name is no other one.
  if (state->record && is_of_guest(payload->resource) &&
      tenant_of_token(payload->resource) == state->record->account.tenant_id) {
    payload->resource = api_of_token(payload->resource);
  }
  const bool is_apps = state->record && is_application(*state->record);
  if (is_apps && is_of_guest(payload->resource)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "An application is connected in one directory: connect it in this "
                              "one too, under an `account` of its own");
  }
  const auto version = state->version();
  state->claims = payload->claims;
  state->claims_resource = payload->resource;
  if (payload->interactive && state->record && state->record->status == Status::connected) {
    co_return problem_outcome(co_await tell_refusal(
        context, &*state, payload->resource,
        {.kind =
             is_of_guest(payload->resource) || is_apps ? RefusalKind::refused : RefusalKind::person,
         .reason = std::string(kNeedsPerson),
         .said = {.error = "interaction_required", .suberror = "insufficient_claims"},
         .claims = payload->claims}));
  }
  if (lacks(*state, *payload)) {
    co_return problem_outcome(
        co_await lacking_scope_problem(context, &*state, payload->lacking_scope));
  }
  const auto ready = co_await bring_up_to_date(context, &*state, *payload);
  if (!ready) {
    co_return problem_outcome(ready.error());
  }
  if (payload->forced) {
    co_return json_outcome(connection_json(*state->record, state->rules.policy));
  }
  // Who looked into KV before it had this version says nothing of what KV has now.
  const bool is_older_than_the_caller = state->record->updated_at < context->input.arrived_at;
  if (state->version() == version && payload->kv_version != version && is_older_than_the_caller) {
    (void)co_await heal_kv(&*state);
  }
  co_return co_await serve(&*state, payload->resource);
}

}  // namespace postern
