#include "core/flow/grant/settle.h"

#include <utility>

#include "core/base/base64url.h"
#include "core/base/sha256.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/flow/authority/store.h"
#include "core/flow/connect/attempt.h"
#include "core/flow/connect/link.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/account.h"
#include "core/flow/grant/reauth.h"
#include "core/flow/grant/refresh.h"
#include "core/flow/grant/revoke.h"
#include "core/flow/store/links.h"
#include "core/flow/store/states.h"
#include "core/oauth/scope.h"

namespace postern {

bool waits_for_backend(const StateRow& row) {
  return row.confirm == kConfirmByBackend;
}

Told told_connected(const ConnectionRecord& record, const RefreshPolicy& policy,
                    std::string_view attempt) {
  Told told{.type = EventType::connected, .details = {{"attempt", std::string(attempt)}}};
  if (const auto missing = missing_scopes(record, policy); !missing.empty()) {
    told.details.emplace_back("missing_scopes", join_scopes(missing));
  }
  return told;
}

std::optional<ConnectFailure> refusal_to_renew(const AuthorityState& state, const StateRow& row) {
  if (row.confirm != kConfirmRenew || (state.record && state.record->status != Status::revoked)) {
    return std::nullopt;
  }
  return ConnectFailure{.code = ProblemCode::attempt_unusable,
                        .page = PageKind::connection_ended,
                        .detail = "not_connected"};
}

namespace {

std::vector<Told> told_failure(const StateRow& row, const ConnectFailure& failure) {
  Pairs details = {{"attempt", row.attempt},
                   {"reason", std::string(code_of(failure.page))},
                   {"cause", std::string(cause_of(failure))}};
  if (!failure.evidence.empty()) {
    details.emplace_back("evidence", failure.evidence);
  }
  return {{.type = EventType::connect_failed, .details = std::move(details)}};
}

// An attempt of mode caller has no link, and its caller is there.
Task<std::monostate> keep_end_of(const StateRow* row, std::string_view outcome,
                                 std::string_view cause = {}) {
  if (row->mode == "browser") {
    (void)co_await keep_end(&row->id, row->attempt, std::string(outcome), std::string(cause));
  }
  if (row->confirm == kConfirmRenew) {
    (void)co_await forget_reauth_link(row->attempt);
  }
  co_return std::monostate{};
}

Task<Outcome> answer_failure(AuthorityState* state, const StateRow* row, ConnectFailure failure) {
  if (failure.page != PageKind::outcome_unknown) {
    Pairs why = {{"reason", std::string(cause_of(failure))}};
    if (!failure.evidence.empty()) {
      why.emplace_back("evidence", failure.evidence);
    }
    (void)co_await log_connection(LogLevel::warn, "connect_refused", &state->id, std::move(why));
  }
  (void)co_await keep_end_of(row, code_of(failure.page), cause_of(failure));
  if (state->settings) {
    failure.provider_name = state->settings->provider->display_name;
  }
  co_return connect_failure(*row, failure);
}

}  // namespace

Task<Outcome> fail_attempt(AuthorityState* state, const StateRow* row, ConnectFailure failure) {
  (void)co_await store(state, {}, told_failure(*row, failure));
  co_return co_await answer_failure(state, row, std::move(failure));
}

Task<Outcome> fail_unloaded(const StateRow* row, ConnectFailure failure) {
  (void)co_await keep_end_of(row, code_of(failure.page), cause_of(failure));
  co_return connect_failure(*row, failure);
}

Task<std::monostate> end_pending(const ConnectionId* id, std::optional<Pending> pending,
                                 std::string cause) {
  if (pending) {
    (void)co_await keep_end(id, pending->attempt,
                            std::string(code_of(PageKind::attempt_used_or_expired)),
                            std::move(cause));
  }
  co_return std::monostate{};
}

Task<Outcome> refuse_sign_in(AuthorityState* state, const StateRow* row, ConnectFailure failure) {
  (void)co_await close_journal(state, JournalKind::code, {}, told_failure(*row, failure));
  co_return co_await answer_failure(state, row, std::move(failure));
}

namespace {

constexpr DurationMs kKeptRetryMs = 30 * kSecondMs;
// Another sign-in came to its end meanwhile.
constexpr std::string_view kReplaced = "replaced";

ConnectionRecord new_record(const AuthorityState& state, const SignInAttempt& attempt,
                            Account account, EpochMs now) {
  ConnectionRecord record;
  record.id = state.id;
  record.provider = attempt.integration.provider->id;
  record.version = state.version() + 1;
  record.status = Status::connected;
  record.account = std::move(account);
  record.tenant = attempt.state.tenant;
  record.asked_scopes = attempt.state.scopes;
  record.dropped_scopes = attempt.state.dropped_scopes;
  record.cloud = attempt.integration.cloud;
  record.created_at =
      state.record && state.record->status != Status::revoked ? state.record->created_at : now;
  record.updated_at = now;
  // A grant's times are the provider's: a kept answer may be finished long after it came.
  record.granted_at = state.sign_in.journal->sent_at;
  return record;
}

// A grant arrived and what is missing may come: the kept answer stays, and the alarm goes on with
// it.
Task<Outcome> finish_later(AuthorityState* state, const SignInAttempt* attempt,
                           ConnectFailure failure) {
  const auto now = co_await current_time();
  auto& journal = *state->sign_in.journal;
  if (now - journal.sent_at > kKeptLifeMs || waits_for_backend(attempt->state)) {
    failure.page = PageKind::provider_unavailable;
    co_return co_await refuse_sign_in(state, &attempt->state, std::move(failure));
  }
  journal.retry_at = now + kKeptRetryMs;
  (void)co_await store(
      state, StorageCommit{.puts = {{kSignInKey, encode_journal(journal)}}, .deletes = {}});
  co_return co_await answer_failure(state, &attempt->state, std::move(failure));
}

// The sign-in waits for its caller; what is connected already stays as it is until then.
Task<Outcome> store_pending(FlowContext* context, AuthorityState* state,
                            const SignInAttempt* attempt, ConnectionRecord record) {
  const auto now = co_await current_time();
  const auto code = attempt->confirmation_code.empty() ? base64url_encode(context->take_entropy(32))
                                                       : attempt->confirmation_code;
  Pending pending{.attempt = attempt->state.attempt,
                  .code_hash = sha256_base64url(code),
                  .expires_at = now + kPendingLifeMs,
                  .record = encode_record(record)};
  StorageCommit commit{.puts = {{kPendingKey, encode_pending(pending)}},
                       .deletes = {std::string(kSignInKey), std::string(kSignInKeptKey)},
                       .alarm_at = std::nullopt};
  // An earlier one that waits gives way.
  const bool gives_up = owe(state, owed_for_pending(*state, now), now, &commit);
  auto earlier = std::exchange(state->pending, std::move(pending));
  state->sign_in = {};
  const auto stored = co_await store(state, std::move(commit));
  if (gives_up) {
    (void)co_await log_connection(LogLevel::error, "revocation_given_up", &state->id);
  }
  if (!stored) {
    co_return co_await answer_failure(state, &attempt->state,
                                      {.code = ProblemCode::store_unavailable,
                                       .page = PageKind::outcome_unknown,
                                       .detail = "store_unavailable"});
  }
  (void)co_await end_pending(&state->id, std::move(earlier), std::string(kReplaced));
  (void)co_await keep_end_of(&attempt->state, kOutcomePending);
  co_return connect_waiting(attempt->state, code);
}

// Nobody knows whose the grant is: it waits for what may come, or is refused.
Task<Outcome> end_unidentified(AuthorityState* state, const SignInAttempt* attempt,
                               IdentityFault fault) {
  ConnectFailure failure{
      .code = fault.transient ? ProblemCode::provider_unavailable : ProblemCode::id_token_refused,
      .page = fault.transient ? PageKind::outcome_unknown : PageKind::identity_unproven,
      .detail = std::move(fault.reason)};
  if (failure.detail == name_of(IdTokenFault::wrong_nonce)) {
    failure.page = PageKind::answer_mismatch;
  }
  if (!fault.transient && attempt->integration.provider->issuer.empty()) {
    failure.code = ProblemCode::provider_rejected;
  }
  if (fault.transient) {
    co_return co_await finish_later(state, attempt, std::move(failure));
  }
  co_return co_await refuse_sign_in(state, &attempt->state, std::move(failure));
}

}  // namespace

Task<Outcome> finish_sign_in(FlowContext* context, AuthorityState* state,
                             const SignInAttempt* attempt, HttpReply reply) {
  auto now = co_await current_time();
  const auto& provider = *attempt->integration.provider;
  auto response = process_token_response(token_reply_of(reply), provider.quirks, now);
  if (!response) {
    co_return co_await refuse_sign_in(state, &attempt->state,
                                      failure_of_code_exchange(response.error(), provider));
  }
  if (auto refused = refusal_to_renew(*state, attempt->state)) {
    co_return co_await refuse_sign_in(state, &attempt->state, std::move(*refused));
  }
  const auto* integration = &attempt->integration;
  const bool has_id_tokens = !provider.issuer.empty();
  if (has_id_tokens && !response->id_token) {
    co_return co_await refuse_sign_in(state, &attempt->state,
                                      {.code = ProblemCode::id_token_refused,
                                       .page = PageKind::identity_unproven,
                                       .detail = "no_id_token"});
  }
  Result<Account, IdentityFault> account;
  if (has_id_tokens) {
    // An answer that was kept is judged by the time at which it came.
    account = co_await account_by_id_token(integration, std::string(response->id_token->reveal()),
                                           attempt->nonce, state->sign_in.journal->sent_at);
  } else {
    account =
        co_await account_by_profile(integration, std::string(response->access_token.reveal()));
  }
  if (!account) {
    co_return co_await end_unidentified(state, attempt, std::move(account.error()));
  }
  // In another cloud everybody is somebody else.
  const bool is_here = state->record && state->record->cloud == integration->cloud;
  const auto* current = is_here ? &*state->record : nullptr;
  const auto verdict = decide_account(current, account->key, attempt->state.allow_other_account);
  const bool renews = attempt->state.confirm == kConfirmRenew;
  if (verdict == AccountDecision::other_refused || (renews && verdict != AccountDecision::same)) {
    co_return co_await refuse_sign_in(state, &attempt->state,
                                      {.code = ProblemCode::other_account,
                                       .page = PageKind::other_account,
                                       .detail = "other_account",
                                       .account = shown(*account),
                                       .expected_account = shown(state->record->account)});
  }
  const auto resource = state->sign_in.journal->resource;
  if (has_id_tokens && !integration->endpoints.profile.empty() &&
      resource == default_api(provider).name) {
    account = co_await with_profile(integration, std::string(response->access_token.reveal()),
                                    std::move(*account));
  }
  now = co_await current_time();
  auto record =
      co_await seal_tokens({.next = new_record(*state, *attempt, std::move(*account), now),
                            .resource = resource,
                            .asked_at = state->sign_in.journal->sent_at},
                           &*response, {});
  if (!record) {
    // The kept answer stays: the alarm finishes what could not be sealed now.
    co_return co_await answer_failure(state, &attempt->state,
                                      {.code = ProblemCode::store_unavailable,
                                       .page = PageKind::outcome_unknown,
                                       .detail = "sealing_failed"});
  }
  if (waits_for_backend(attempt->state)) {
    co_return co_await store_pending(context, state, attempt, std::move(*record));
  }
  auto told = told_connected(*record, state->rules.policy, attempt->state.attempt);
  auto earlier = state->pending;
  const auto committed = co_await commit_record(
      state, std::move(*record), {std::move(told)},
      {.sign_in = true, .pending = true, .revocations = owed_for_pending(*state, now)});
  if (!committed) {
    co_return co_await answer_failure(state, &attempt->state,
                                      {.code = ProblemCode::store_unavailable,
                                       .page = PageKind::outcome_unknown,
                                       .detail = "store_unavailable"});
  }
  (void)co_await log_connection(LogLevel::info, "connected", &state->id);
  (void)co_await end_pending(&state->id, std::move(earlier), std::string(kReplaced));
  (void)co_await keep_end_of(&attempt->state, kOutcomeConnected);
  co_return connect_success(attempt->state, *state->record, state->rules.policy,
                            attempt->integration.provider->display_name);
}

}  // namespace postern
