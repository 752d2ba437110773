#include "core/flow/grant/redeem.h"

#include "core/base/form.h"
#include "core/flow/authority/store.h"
#include "core/flow/connect/sign_in.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/operations.h"
#include "core/flow/grant/revoke.h"
#include "core/flow/grant/settle.h"
#include "core/flow/store/payload.h"
#include "core/oauth/callback.h"

namespace postern {

namespace {

constexpr DurationMs kExchangeDeadlineMs = 20 * kSecondMs;
constexpr DurationMs kJournalAlarmMs = 45 * kSecondMs;

struct Redeemable {
  ValidatedCallback callback;
  std::string nonce;
  std::string verifier;
};

// The one place where a ValidatedCallback comes to be, from the bytes that arrived.
Result<Redeemable, CallbackFault> validate(const ConnectPayload& payload,
                                           const Integration& integration) {
  const auto issued = issued_state_of(payload.state, integration);
  if (payload.state.mode == "caller") {
    auto callback = validate_handed_over_code(Secret(payload.code), payload.state_text,
                                              payload.code_verifier, issued);
    if (!callback) {
      return std::unexpected(std::move(callback.error()));
    }
    return Redeemable{.callback = std::move(*callback),
                      .nonce = nonce_of_state(payload.state_text),
                      .verifier = payload.code_verifier};
  }
  auto parameters = parse_callback(payload.query);
  if (!parameters) {
    return std::unexpected(std::move(parameters.error()));
  }
  auto nonce = nonce_of_state(parameters->state.reveal());
  auto callback = validate_callback(std::move(*parameters), issued, payload.path_integration);
  if (!callback) {
    return std::unexpected(std::move(callback.error()));
  }
  return Redeemable{.callback = std::move(*callback), .nonce = std::move(nonce), .verifier = {}};
}

// A code whose tokens could not be sealed must not be spent: the sealed verifier shows it, or where
// the caller has the verifier, a seal of nothing.
Task<Result<std::monostate, ProblemCode>> prepare_keys(const StateRow* row,
                                                       Redeemable* redeemable) {
  const auto context = seal_context(row->id, row->attempt, 0);
  if (row->mode == "caller") {
    const auto seals =
        co_await perform(Seal{.org = row->id.org, .context = context, .plaintext = {}});
    if (!seals) {
      co_return std::unexpected(ProblemCode::store_unavailable);
    }
    co_return std::monostate{};
  }
  auto verifier = co_await perform(
      Open{.org = row->id.org, .context = context, .sealed = row->sealed_verifier});
  if (!verifier) {
    co_return std::unexpected(ProblemCode::stored_data_unreadable);
  }
  redeemable->verifier = std::move(*verifier);
  co_return std::monostate{};
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
    co_return connect_failure(payload->state, {.code = loaded.error().code});
  }
  auto state = std::move(*loaded);
  const auto* row = &payload->state;
  auto integration = integration_of(state, row->tenant);
  if (!integration) {
    (void)co_await log_connection(LogLevel::error, info_of(integration.error().code).code,
                                  &state.id, "detail", integration.error().detail);
    co_return co_await fail_attempt(
        &state, row, {.code = integration.error().code, .page = PageKind::integration_fault});
  }
  integration->redirect_uri = row->redirect_uri;
  ask_for(&*integration, row->scopes);
  auto redeemable = validate(*payload, *integration);
  if (!redeemable) {
    co_return co_await fail_attempt(
        &state, row, failure_of_callback(redeemable.error(), *integration->provider));
  }
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
    co_return co_await fail_attempt(&state, row,
                                    {.code = ProblemCode::store_unavailable,
                                     .page = PageKind::service_unavailable,
                                     .detail = "earlier_answer_waits"});
  }
  if (may_be_revoking(state, now)) {
    co_return co_await fail_attempt(&state, row,
                                    {.code = ProblemCode::store_unavailable,
                                     .page = PageKind::service_unavailable,
                                     .detail = "revocation_under_way"});
  }
  if (state.settings->get(setting::kClientSecret).empty()) {
    // No front has it, so this is the first to see it: the code is not spent for nothing.
    (void)co_await log_connection(LogLevel::error, "integration_not_configured", &state.id,
                                  "variable", state.settings->variable(setting::kClientSecret));
    co_return co_await fail_attempt(
        &state, row,
        {.code = ProblemCode::integration_not_configured, .page = PageKind::integration_fault});
  }
  if (const auto ready = co_await prepare_keys(row, &*redeemable); !ready) {
    co_return co_await fail_attempt(&state, row, {.code = ready.error()});
  }
  const auto* api = api_of_code(*integration);
  if (api == nullptr) {
    co_return co_await fail_attempt(&state, row,
                                    {.code = ProblemCode::integration_not_configured,
                                     .page = PageKind::integration_fault,
                                     .detail = "no_api_is_asked_for"});
  }
  auto scope = code_scope(*integration, *api);
  const SignInAttempt attempt{.state = payload->state,
                              .integration = std::move(*integration),
                              .nonce = redeemable->nonce,
                              .scope = std::move(scope)};
  Journal journal{.kind = JournalKind::code,
                  .id = state.id,
                  .sent_at = now,
                  .base_version = state.version(),
                  .attempts = 1,
                  .retry_at = now,
                  .resource = std::string(api->name),
                  .connect = journal_payload(*payload, redeemable->nonce),
                  .asked_at = now};
  const auto keep_context = kept_context(state.id, journal);
  const auto opened = co_await open_journal(&state, std::move(journal), now + kJournalAlarmMs);
  if (!opened) {
    co_return co_await fail_attempt(&state, row, {.code = ProblemCode::store_unavailable});
  }
  const bool sends_pkce = attempt.integration.provider->sends_pkce;
  auto request = make_code_token_request(
      token_endpoint(attempt.integration, *state.settings), redeemable->callback,
      sends_pkce ? redeemable->verifier : std::string(),
      {.scope = attempt.scope, .claims = claims_parameter(attempt.integration, {})});
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
    co_return co_await refuse_sign_in(&state, row,
                                      {.code = ProblemCode::provider_unavailable,
                                       .page = PageKind::provider_unavailable,
                                       .detail = std::string(name_of(reply.error()))});
  }
  co_return co_await finish_sign_in(context, &state, &attempt, std::move(*reply));
}

Task<Outcome> settle_code(FlowContext* context, AuthorityState* state) {
  const auto sent_at = state->sign_in.journal->sent_at;
  if (const auto now = co_await current_time(); must_wait(state->sign_in.journal->retry_at, now)) {
    co_return problem_outcome(patience_problem(state->sign_in.journal->retry_at, now));
  }
  const auto payload = decode_connect_payload(state->sign_in.journal->connect);
  if (payload && waits_for_backend(payload->state)) {
    co_return co_await refuse_sign_in(state, &payload->state,
                                      {.code = ProblemCode::attempt_unusable,
                                       .page = PageKind::service_unavailable,
                                       .detail = "nobody_can_confirm"});
  }
  auto integration =
      payload ? integration_of(*state, payload->state.tenant)
              : Result<Integration, Problem>(std::unexpected(problem(ProblemCode::core_trap)));
  if (!payload && state->sign_in.kept) {
    state->sign_in.journal->kept_reads = kMostKeptReads;
    (void)co_await log_connection(LogLevel::error, "kept_answer_unreadable", &state->id);
  }
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
  if (payload && (!*kept || !integration)) {
    co_return co_await refuse_sign_in(state, &payload->state,
                                      {.code = ProblemCode::attempt_unusable,
                                       .page = PageKind::service_unavailable,
                                       .detail = "answer_lost"});
  }
  if (!payload) {
    (void)co_await close_journal(state, JournalKind::code);
    co_return problem_outcome(ProblemCode::attempt_unusable);
  }
  integration->redirect_uri = payload->state.redirect_uri;
  ask_for(&*integration, payload->state.scopes);
  const SignInAttempt attempt{.state = payload->state,
                              .integration = std::move(*integration),
                              .nonce = payload->state_text,
                              .scope = {}};
  auto outcome = co_await finish_sign_in(context, state, &attempt, std::move(**kept));
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
