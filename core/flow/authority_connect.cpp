#include "core/flow/authority_connect.h"

#include "core/base/base64url.h"
#include "core/base/form.h"
#include "core/base/sha256.h"
#include "core/connection/decision.h"
#include "core/flow/authority_refresh.h"
#include "core/flow/authority_store.h"
#include "core/flow/connect_outcome.h"
#include "core/flow/flows.h"
#include "core/flow/identity.h"
#include "core/flow/kept_answer.h"
#include "core/flow/payload.h"
#include "core/flow/sign_in.h"
#include "core/oauth/callback.h"

namespace postern {

namespace {

constexpr DurationMs kExchangeDeadlineMs = 20 * kSecondMs;
constexpr DurationMs kJournalAlarmMs = 45 * kSecondMs;
// How long a kept answer waits for what it needs: the provider's keys, the integration's settings.
constexpr DurationMs kKeptLifeMs = kDayMs;
constexpr DurationMs kKeptRetryMs = 30 * kSecondMs;
constexpr DurationMs kPendingLifeMs = 10 * kMinuteMs;
constexpr std::string_view kFirstResource = "graph";

struct Attempt {
  StateRow state;
  Integration integration;
  std::string nonce;
  std::string scope;
};

// For people to read; failing changes nothing, because who it is has been proven already.
Task<GraphProfile> read_profile(const Attempt* attempt, std::string access_token) {
  const auto reply =
      co_await perform(Fetch{.method = "GET",
                             .url = attempt->integration.graph_origin + "/v1.0/me",
                             .headers = {{"authorization", "Bearer " + std::move(access_token)},
                                         {"accept", "application/json"}},
                             .body = {},
                             .deadline_ms = 5 * kSecondMs,
                             .max_bytes = std::int64_t{64} * 1024,
                             .keep_key = {},
                             .keep_org = {},
                             .keep_context = {}});
  if (!reply || reply->status != 200) {
    co_return GraphProfile{};
  }
  auto profile = parse_graph_profile(reply->body);
  co_return profile ? std::move(*profile) : GraphProfile{};
}

ConnectionRecord new_record(const AuthorityState& state, const Attempt& attempt,
                            const Identity& identity, const GraphProfile& profile, EpochMs now) {
  // Names of another object would be a mix-up of people: then the ID token's own are used.
  const bool same_person = profile.id == identity.object;
  ConnectionRecord record;
  record.id = state.id;
  record.provider = attempt.integration.provider->id;
  record.version = state.version() + 1;
  record.status = Status::connected;
  record.account = {
      .key = identity.account_key(),
      .tenant_id = identity.tenant,
      .provider_user_id = identity.object.empty() ? identity.subject : identity.object,
      .name = same_person && !profile.display_name.empty() ? profile.display_name : identity.name,
      .username = same_person && !profile.user_principal_name.empty() ? profile.user_principal_name
                                                                      : identity.username};
  record.tenant = attempt.state.tenant;
  record.created_at =
      state.record && state.record->status != Status::revoked ? state.record->created_at : now;
  record.updated_at = now;
  // A grant's times are the provider's: a kept answer may be finished long after it came.
  record.granted_at = state.sign_in.journal->sent_at;
  return record;
}

Task<Outcome> refuse(AuthorityState* state, const Attempt* attempt, ConnectFailure failure) {
  (void)co_await close_journal(state, JournalKind::code);
  (void)co_await perform(
      Log{.level = LogLevel::warn,
          .event = "connect_refused",
          .fields = {{"connection", connection_key(state->id)}, {"reason", failure.detail}}});
  failure.provider_name = attempt->integration.provider->display_name;
  co_return connect_failure(attempt->state, failure);
}

// Only the browser that is there now can take the code to the backend: whatever is finished without
// it nobody could confirm.
bool waits_for_backend(const StateRow& row) {
  return row.confirm == "backend";
}

// A grant arrived and what is missing may come: the kept answer stays, and the alarm goes on with
// it.
Task<Outcome> finish_later(AuthorityState* state, const Attempt* attempt, ConnectFailure failure) {
  const auto now = co_await current_time();
  auto& journal = *state->sign_in.journal;
  if (now - journal.sent_at > kKeptLifeMs || waits_for_backend(attempt->state)) {
    co_return co_await refuse(state, attempt, std::move(failure));
  }
  journal.retry_at = now + kKeptRetryMs;
  (void)co_await store(
      state, StorageCommit{.puts = {{kSignInKey, encode_journal(journal)}}, .deletes = {}});
  co_return connect_failure(attempt->state, failure);
}

// The sign-in waits for its caller; what is connected already stays as it is until then.
Task<Outcome> store_pending(FlowContext* context, AuthorityState* state, const Attempt* attempt,
                            ConnectionRecord record) {
  const auto now = co_await current_time();
  const auto code = base64url_encode(context->take_entropy(32));
  Pending pending{.attempt = attempt->state.attempt,
                  .code_hash = sha256_base64url(code),
                  .expires_at = now + kPendingLifeMs,
                  .record = encode_record(record)};
  StorageCommit commit{.puts = {{kPendingKey, encode_pending(pending)}},
                       .deletes = {std::string(kSignInKey), std::string(kSignInKeptKey)},
                       .alarm_at = std::nullopt};
  state->pending = std::move(pending);
  state->sign_in = {};
  const auto stored = co_await store(state, std::move(commit));
  if (!stored) {
    co_return connect_failure(attempt->state, {.code = ProblemCode::store_unavailable,
                                               .page = PageKind::outcome_unknown,
                                               .detail = "store_unavailable"});
  }
  co_return connect_waiting(attempt->state, code);
}

// Everything after the provider's answer; also run from a kept one.
Task<Outcome> finish(FlowContext* context, AuthorityState* state, const Attempt* attempt,
                     HttpReply reply) {
  auto now = co_await current_time();
  const auto& provider = *attempt->integration.provider;
  auto response = process_token_response(token_reply_of(reply), provider.quirks, now);
  if (!response) {
    co_return co_await refuse(state, attempt, failure_of_code_exchange(response.error()));
  }
  if (!response->id_token) {
    co_return co_await refuse(state, attempt,
                              {.code = ProblemCode::id_token_refused,
                               .page = PageKind::provider_refused,
                               .detail = "no_id_token"});
  }
  // An answer that was kept is judged by the time at which it came.
  auto identity =
      co_await verify_identity(&attempt->integration, std::string(response->id_token->reveal()),
                               attempt->nonce, state->sign_in.journal->sent_at);
  if (!identity) {
    const bool transient = identity.error().transient;
    ConnectFailure failure{
        .code = transient ? ProblemCode::provider_unavailable : ProblemCode::id_token_refused,
        .page = transient ? PageKind::outcome_unknown : PageKind::provider_refused,
        .detail = identity.error().reason};
    if (transient) {
      co_return co_await finish_later(state, attempt, std::move(failure));
    }
    co_return co_await refuse(state, attempt, std::move(failure));
  }
  const auto* current = state->record ? &*state->record : nullptr;
  const auto verdict =
      decide_account(current, identity->account_key(), attempt->state.allow_other_account);
  if (verdict == AccountDecision::other_refused) {
    co_return co_await refuse(state, attempt,
                              {.code = ProblemCode::other_account,
                               .page = PageKind::other_account,
                               .detail = "other_account",
                               .account = identity->username,
                               .provider_name = {}});
  }
  const auto profile = co_await read_profile(attempt, std::string(response->access_token.reveal()));
  now = co_await current_time();
  auto record = co_await seal_tokens({.next = new_record(*state, *attempt, *identity, profile, now),
                                      .resource = std::string(kFirstResource),
                                      .asked_at = state->sign_in.journal->sent_at},
                                     &*response, {});
  if (!record) {
    // The kept answer stays: the alarm finishes what could not be sealed now.
    co_return connect_failure(attempt->state, {.code = ProblemCode::store_unavailable,
                                               .page = PageKind::outcome_unknown,
                                               .detail = "sealing_failed"});
  }
  if (waits_for_backend(attempt->state)) {
    co_return co_await store_pending(context, state, attempt, std::move(*record));
  }
  const auto committed =
      co_await commit_record(state, std::move(*record), {{.type = EventType::connected}},
                             {.sign_in = true, .pending = true});
  if (!committed) {
    co_return connect_failure(attempt->state, {.code = ProblemCode::store_unavailable,
                                               .page = PageKind::outcome_unknown,
                                               .detail = "store_unavailable"});
  }
  (void)co_await perform(Log{.level = LogLevel::info,
                             .event = "connected",
                             .fields = {{"connection", connection_key(state->id)}}});
  co_return connect_success(attempt->state, *state->record, state->rules.policy,
                            attempt->integration.provider->display_name);
}

struct Redeemable {
  ValidatedCallback callback;
  std::string nonce;
  std::string verifier;
};

// The one place where a ValidatedCallback comes to be, from the bytes that arrived.
Task<Result<Redeemable, ConnectFailure>> validate(const ConnectPayload* payload,
                                                  const Integration* integration) {
  const auto issued = issued_state_of(payload->state, *integration);
  const auto refused = [](const CallbackFault& fault) {
    return std::unexpected(ConnectFailure{.code = ProblemCode::state_refused,
                                          .page = PageKind::bad_request,
                                          .detail = std::string(name_of(fault.kind))});
  };
  if (payload->state.mode == "caller") {
    auto callback = validate_handed_over_code(Secret(payload->code), payload->state_text,
                                              payload->code_verifier, issued);
    if (!callback) {
      co_return refused(callback.error());
    }
    co_return Redeemable{.callback = std::move(*callback),
                         .nonce = nonce_of_state(payload->state_text),
                         .verifier = payload->code_verifier};
  }
  auto parameters = parse_callback(payload->query);
  if (!parameters) {
    co_return refused(parameters.error());
  }
  auto nonce = nonce_of_state(parameters->state.reveal());
  auto callback = validate_callback(std::move(*parameters), issued, payload->path_integration);
  if (!callback) {
    co_return refused(callback.error());
  }
  auto verifier =
      co_await perform(Open{.org = payload->state.id.org,
                            .context = seal_context(payload->state.id, payload->state.attempt, 0),
                            .sealed = payload->state.sealed_verifier});
  if (!verifier) {
    co_return std::unexpected(ConnectFailure{.code = ProblemCode::stored_data_unreadable,
                                             .page = PageKind::service_unavailable,
                                             .detail = "stored_data_unreadable"});
  }
  co_return Redeemable{.callback = std::move(*callback),
                       .nonce = std::move(nonce),
                       .verifier = std::move(*verifier)};
}

std::string journal_payload(const ConnectPayload& payload, std::string_view nonce) {
  ConnectPayload kept{.state = payload.state,
                      .query = {},
                      .path_integration = {},
                      .code = {},
                      .code_verifier = {},
                      .state_text = std::string(nonce)};
  kept.state.sealed_verifier.clear();
  return encode(kept);
}

}  // namespace

Task<Outcome> authority_connect_flow(FlowContext* context) {
  const auto payload = decode_connect_payload(context->input.payload);
  if (!payload) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto loaded = co_await load_authority(context, payload->state.id);
  if (!loaded) {
    co_return connect_failure(payload->state, {.code = loaded.error().code,
                                               .page = PageKind::service_unavailable,
                                               .detail = "store_unavailable"});
  }
  auto state = std::move(*loaded);
  if (state.sign_in.journal) {
    (void)co_await settle_code(context, &state);
  }
  const auto now = co_await current_time();
  const auto& earlier = state.sign_in;
  if (state.behind ||
      (earlier.kept && earlier.journal && now - earlier.journal->sent_at < kKeptLifeMs &&
       earlier.journal->kept_reads < kMostKeptReads)) {
    // Still there, or there again because what came of it could not be stored: to send a code now
    // would overwrite a grant that has arrived. One that flows die of gives way to the person who
    // is there again.
    co_return connect_failure(payload->state, {.code = ProblemCode::store_unavailable,
                                               .page = PageKind::service_unavailable,
                                               .detail = "earlier_answer_waits"});
  }
  auto integration =
      resolve_integration(*context, payload->state.id.integration, payload->state.tenant);
  if (!integration) {
    co_return connect_failure(payload->state,
                              {.code = integration.error().code,
                               .page = PageKind::integration_fault,
                               .detail = std::string(info_of(integration.error().code).code)});
  }
  integration->redirect_uri = payload->state.redirect_uri;
  auto redeemable = co_await validate(&*payload, &*integration);
  if (!redeemable) {
    co_return connect_failure(payload->state, redeemable.error());
  }
  auto scope = token_scope(*integration, Resource::graph);
  const Attempt attempt{.state = payload->state,
                        .integration = std::move(*integration),
                        .nonce = redeemable->nonce,
                        .scope = std::move(scope)};
  Journal journal{.kind = JournalKind::code,
                  .id = state.id,
                  .sent_at = now,
                  .base_version = state.version(),
                  .attempts = 1,
                  .retry_at = now,
                  .resource = std::string(kFirstResource),
                  .connect = journal_payload(*payload, redeemable->nonce),
                  .asked_at = now};
  const auto keep_context = kept_context(state.id, journal);
  const auto opened = co_await open_journal(&state, std::move(journal), now + kJournalAlarmMs);
  if (!opened) {
    co_return connect_failure(payload->state, {.code = ProblemCode::store_unavailable,
                                               .page = PageKind::service_unavailable,
                                               .detail = "store_unavailable"});
  }
  auto request = make_code_token_request(token_endpoint(attempt.integration, *context),
                                         redeemable->callback, redeemable->verifier, attempt.scope);
  auto reply = co_await perform(Fetch{.method = "POST",
                                      .url = std::move(request.url),
                                      .headers = std::move(request.headers),
                                      .body = std::string(request.body.reveal()),
                                      .deadline_ms = kExchangeDeadlineMs,
                                      .max_bytes = kMaxTokenReplyBytes,
                                      .keep_key = std::string(kSignInKeptKey),
                                      .keep_org = state.id.org,
                                      .keep_context = keep_context});
  state.sign_in.kept = "";
  if (!reply) {
    co_return co_await refuse(&state, &attempt,
                              {.code = ProblemCode::provider_unavailable,
                               .page = PageKind::provider_unavailable,
                               .detail = std::string(name_of(reply.error()))});
  }
  co_return co_await finish(context, &state, &attempt, std::move(*reply));
}

Task<Outcome> settle_code(FlowContext* context, AuthorityState* state) {
  const auto sent_at = state->sign_in.journal->sent_at;
  if (const auto now = co_await current_time(); now < state->sign_in.journal->retry_at) {
    co_return problem_outcome(patience_problem(state->sign_in.journal->retry_at, now));
  }
  const auto payload = decode_connect_payload(state->sign_in.journal->connect);
  if (payload && waits_for_backend(payload->state)) {
    (void)co_await perform(Log{
        .level = LogLevel::warn,
        .event = "connect_refused",
        .fields = {{"connection", connection_key(state->id)}, {"reason", "nobody_can_confirm"}}});
    (void)co_await close_journal(state, JournalKind::code);
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  auto integration =
      payload ? resolve_integration(*context, payload->state.id.integration, payload->state.tenant)
              : Result<Integration, Problem>(std::unexpected(problem(ProblemCode::core_trap)));
  if (!integration && state->sign_in.kept && co_await current_time() - sent_at < kKeptLifeMs) {
    // Before it is taken up: what flows die of is told by how often it was taken up.
    co_return problem_outcome(integration.error());
  }
  auto kept = co_await open_kept(state, JournalKind::code);
  if (!kept) {
    // A grant arrived and cannot be opened now, for want of its key perhaps: not ours to throw
    // away.
    co_return problem_outcome(kept.error());
  }
  if (!*kept || !integration) {
    (void)co_await close_journal(state, JournalKind::code);
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  integration->redirect_uri = payload->state.redirect_uri;
  const Attempt attempt{.state = payload->state,
                        .integration = std::move(*integration),
                        .nonce = payload->state_text,
                        .scope = {}};
  auto outcome = co_await finish(context, state, &attempt, std::move(**kept));
  (void)co_await kept_was_read(state, JournalKind::code);
  co_return outcome;
}

Task<RefreshResult> settle(FlowContext* context, AuthorityState* state, std::string wanted) {
  if (state->sign_in.journal) {
    (void)co_await settle_code(context, state);
  }
  if (!state->refresh.journal) {
    co_return std::monostate{};
  }
  co_return co_await settle_refresh(context, state, std::move(wanted));
}

}  // namespace postern
