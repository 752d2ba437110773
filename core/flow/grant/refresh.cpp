#include "core/flow/grant/refresh.h"

#include <algorithm>

#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/connection/application.h"
#include "core/connection/decision.h"
#include "core/connection/schedule.h"
#include "core/connection/token_name.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/application.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/refusal.h"
#include "core/oauth/token_request.h"
#include "core/provider/granted_scopes.h"

namespace postern {

namespace {

constexpr DurationMs kExchangeDeadlineMs = 20 * kSecondMs;
// So often a request may fail in passing before that is a resource's own trouble.
constexpr std::int64_t kTriesOfNoTrouble = 3;
static_assert(kExchangeDeadlineMs < kRequestLifeMs);
// Who asks with the same claims again meanwhile gets the same token.
constexpr DurationMs kClaimsMemoryMs = 30 * kSecondMs;

// A later release made the connection: its tokens are kept, and shown to nobody else's endpoint.
Problem of_another_provider(const ConnectionRecord& record) {
  return problem(
      ProblemCode::integration_not_configured,
      "The connection is of the provider `" + record.provider + "`, and its integration is not");
}

// Its tokens are another app's, which nobody connected.
Problem of_another_client() {
  return problem(ProblemCode::integration_not_configured,
                 "The application was connected by another client id than the integration's: set "
                 "it back, or connect the application anew");
}

// `old_token`: what was asked with; nothing where it cannot be opened. `came_at`: of an answer that
// has just come, else 0.
Task<RefreshResult> apply_reply(FlowContext* context, AuthorityState* state,
                                Result<HttpReply, HostFault> reply,
                                Result<std::string, Problem> old_token, EpochMs came_at) {
  const auto now = co_await current_time();
  if (!reply) {
    const char* reason = reply.error() == HostFault::timeout     ? "timeout"
                         : reply.error() == HostFault::too_large ? "too_large"
                                                                 : "network";
    co_return co_await apply_fault(context, state, no_reply_fault(reason));
  }
  const auto& provider = *find_provider(state->record->provider);
  auto response = process_token_response(token_reply_of(*reply), provider.quirks, now);
  const bool is_apps = is_application(*state->record);
  if (is_apps && response && !take_as_application(*state->record, &*response)) {
    response = std::unexpected(
        TokenFault{.kind = FaultKind::refused, .reason = "application_token_refused"});
  }
  if (!response && response.error().refresh_token && !is_apps) {
    co_return co_await keep_refresh_token(context, state, std::move(response.error()));
  }
  if (!response) {
    co_return co_await apply_fault(context, state, std::move(response.error()));
  }
  if (!response->refresh_token && !old_token) {
    co_return failed(std::move(old_token.error()));
  }
  auto next = *state->record;
  next.version += 1;
  next.updated_at = now;
  const auto refreshed_resource = state->refresh.journal->resource;
  // What wants a person in the connection's own directory still does when another one gives a
  // token.
  const bool mends = !is_of_guest(refreshed_resource);
  if (mends) {
    set_connected(&next);
  }
  std::vector<Told> told = {
      {.type = EventType::refreshed, .details = {{"resource", refreshed_resource}}}};
  if (mends && state->record->status == Status::needs_reauth) {
    // What wanted a person does not any more.
    told.push_back({.type = EventType::recovered,
                    .details = {{"reason", state->record->cause},
                                {"since", format_iso8601(state->record->updated_at)}}});
  }
  auto sealed = co_await seal_tokens({.next = std::move(next),
                                      .resource = state->refresh.journal->resource,
                                      .asked_at = state->refresh.journal->asked_at,
                                      .came_at = came_at},
                                     &*response, std::move(old_token).value_or(std::string()));
  if (!sealed) {
    // The answer is kept: the alarm, or the next caller, seals it when sealing works again.
    co_return failed(sealed.error());
  }
  const auto committed = co_await commit_record(state, std::move(*sealed), std::move(told));
  if (!committed) {
    co_return failed(committed.error());
  }
  (void)co_await log_connection(LogLevel::info, "refreshed", &state->id);
  co_return std::monostate{};
}

// Of an application there is none, and none is wanted: empty.
Task<Result<std::string, Problem>> open_refresh_token(const AuthorityState* state) {
  const auto& record = *state->record;
  if (is_application(record)) {
    co_return std::string();
  }
  auto opened = co_await perform(
      Open{.org = record.id.org,
           .context = seal_context(record.id, "refresh_token", record.refresh_sealed_version),
           .sealed = record.sealed_refresh_token});
  if (!opened) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  co_return std::move(*opened);
}

std::string claims_key(const AuthorityState& state, std::string_view resource) {
  return "claims:" + connection_key(state.id) + ":" + std::string(resource) + ":" +
         hash_of_claims(state, resource);
}

// The token that is stored now satisfies the claims that were asked for.
Task<std::monostate> remember_claims(const AuthorityState* state, std::string resource) {
  const auto* token = state->record->token_for(resource);
  if (token == nullptr || claims_for(*state, resource).empty()) {
    co_return std::monostate{};
  }
  const auto now = co_await current_time();
  (void)co_await perform(MemoryPut{.key = claims_key(*state, resource),
                                   .value = to_decimal(token->sealed_version),
                                   .expires_at = now + kClaimsMemoryMs});
  co_return std::monostate{};
}

// With the refresh token, or of the application itself.
Task<Result<TokenRequest, Problem>> request_for(const AuthorityState* state,
                                                const Integration* integration, const Api* api,
                                                std::string refresh_token, std::string claims) {
  if (is_application(*state->record)) {
    co_return co_await application_request(state, integration, api, state->record->tenant,
                                           std::move(claims));
  }
  co_return make_refresh_token_request(
      token_endpoint(*integration, *state->settings), refresh_token,
      {.scope = token_scope(*integration, *api), .claims = claims_parameter(*integration, claims)});
}

Task<RefreshResult> exchange(FlowContext* context, AuthorityState* state, std::string resource,
                             std::int64_t attempts) {
  const auto& record = *state->record;
  if (const auto known = co_await recall_refusal(state, resource)) {
    co_return failed(co_await tell_refusal(context, state, resource, *known));
  }
  const auto guest_tenant = tenant_of_token(resource);
  auto integration =
      integration_of(*state, guest_tenant.empty() ? std::string_view(record.tenant) : guest_tenant);
  if (!integration) {
    co_return failed(integration.error());
  }
  ask_for(&*integration, record.asked_scopes);
  if (integration->provider->id != record.provider) {
    co_return failed(of_another_provider(record));
  }
  if (integration->cloud != record.cloud) {
    co_return failed(of_another_cloud(record));
  }
  const auto wanted = api_named(*integration->provider, api_of_token(resource));
  if (!wanted) {
    co_return failed(wanted.error());
  }
  const auto application = application_of(record);
  if (application && application->client_id != integration->client_id) {
    co_return failed(of_another_client());
  }
  ask_on_demand(&*integration, **wanted, record.account.tenant_id);
  if (!application && !asks_for_api(*integration->provider, integration->in_its_cloud(**wanted),
                                    integration->scopes)) {
    co_return failed(problem(ProblemCode::resource_not_granted));
  }
  auto token = co_await open_refresh_token(state);
  if (!token) {
    co_return failed(token.error());
  }
  auto request = co_await request_for(state, &*integration, *wanted, *token,
                                      std::string(claims_for(*state, resource)));
  if (!request) {
    co_return failed(request.error());
  }
  const auto now = co_await current_time();
  // Of a request that a lost storage knew of nothing else is left.
  if (must_wait(state->recovered, now) && !may_overtake(state->rules.replay)) {
    co_return not_before(*state, resource, state->recovered, now);
  }
  // Of a replay the first try counts: that is when a leeway began.
  const auto sent_at = state->refresh.journal ? state->refresh.journal->sent_at : now;
  Journal journal{.kind = JournalKind::refresh,
                  .id = state->id,
                  .sent_at = sent_at,
                  .base_version = record.version,
                  .attempts = attempts,
                  .retry_at = now + kRequestLifeMs,
                  .resource = resource,
                  .connect = {},
                  .incarnation = context->input.incarnation,
                  .asked_at = now,
                  .claims_hash = hash_of_claims(*state, resource)};
  const auto context_bytes = kept_context(state->id, journal);
  const auto opened = co_await open_journal(state, std::move(journal), now + kRequestLifeMs);
  if (!opened) {
    co_return failed(opened.error());
  }
  // What an application is given is given again, whatever becomes of it: it is not kept.
  auto reply = co_await perform(Fetch{.method = "POST",
                                      .url = std::move(request->url),
                                      .headers = std::move(request->headers),
                                      .body = std::string(request->body.reveal()),
                                      .deadline_ms = kExchangeDeadlineMs,
                                      .max_bytes = kMaxTokenReplyBytes,
                                      .keep_key = std::string(application ? "" : kKeptKey),
                                      .keep_org = state->id.org,
                                      .keep_context = context_bytes});
  if (!application) {
    state->refresh.kept = "";
  }
  const auto came_at = co_await current_time();
  auto applied = co_await apply_reply(context, state, std::move(reply), std::move(token), came_at);
  if (applied) {
    (void)co_await remember_claims(state, std::move(resource));
  }
  co_return applied;
}

// Whether the connection and its integration still ask for this resource.
bool is_asked_for(const AuthorityState& state, std::string_view resource) {
  const auto& record = *state.record;
  if (is_application(record)) {
    return true;
  }
  auto integration = integration_of(state, record.tenant);
  if (!integration || integration->provider->id != record.provider) {
    return true;
  }
  ask_for(&*integration, record.asked_scopes);
  const auto* api = find_api(*integration->provider, api_of_token(resource));
  if (api != nullptr) {
    ask_on_demand(&*integration, *api, record.account.tenant_id);
  }
  return api == nullptr ||
         asks_for_api(*integration->provider, integration->in_its_cloud(*api), integration->scopes);
}

// Whose turn a replay is that nobody asked for: every third try is another resource's, where that
// needs a token. Where it does not the failing one's patience must not begin anew. What is asked
// for no more has no turn: the journal would stay open for ever.
std::string turn_of(const AuthorityState& state, const Journal& journal, EpochMs now) {
  const auto& record = *state.record;
  if (!is_asked_for(state, journal.resource)) {
    const auto other = std::ranges::find_if(record.tokens, [&](const StoredAccessToken& token) {
      return token.resource != journal.resource && !is_of_guest(token.resource) &&
             is_asked_for(state, token.resource);
    });
    return other == record.tokens.end() ? journal.resource : other->resource;
  }
  if (journal.attempts % kTriesOfNoTrouble != 0) {
    return journal.resource;
  }
  std::vector<std::string> others = {journal.resource};
  for (const auto& token : record.tokens) {
    if (paused_until(state.pauses, record, token.resource, now) > now) {
      others.push_back(token.resource);
    } else if (token.resource != journal.resource && !is_of_guest(token.resource) &&
               token.expires_at != 0 && token.expires_at - now < kRefreshWindowMs) {
      return token.resource;
    }
  }
  const auto due = next_refresh(record, state.rules.policy, others);
  return due.at != 0 && due.at <= now ? due.resource : journal.resource;
}

}  // namespace

void add_pause(AuthorityState* state, std::string resource, EpochMs refused_at, EpochMs now,
               StorageCommit* commit) {
  const auto& record = *state->record;
  auto& pauses = state->pauses;
  // Not since it was due: a clock that jumps, or an alarm that is late, is no refusal.
  const auto* earlier = pause_of(pauses, record, resource, now);
  const auto since = earlier != nullptr ? earlier->since : now;
  const auto found = std::ranges::find(pauses, resource, &Pause::resource);
  (found == pauses.end() ? pauses.emplace_back() : *found) = {
      .resource = std::move(resource),
      .granted_at = record.granted_at,
      .since = since,
      .until = now + patience(since, now, kDueAgainMs) + spread(record, kDueAgainMs),
      .refused_at = earlier != nullptr ? std::max(refused_at, earlier->refused_at) : refused_at};
  write_pauses(state, record, now, true, commit);
}

std::string hash_of_claims(const AuthorityState& state, std::string_view resource) {
  const auto claims = claims_for(state, resource);
  return claims.empty() ? std::string() : sha256_base64url(claims);
}

Problem of_another_cloud(const ConnectionRecord& record) {
  return problem(ProblemCode::integration_not_configured,
                 "The connection is of the cloud `" +
                     (record.cloud.empty() ? std::string("public") : record.cloud) +
                     "`, and its integration is in another one: set it back, or disconnect and "
                     "connect anew");
}

Task<RefreshResult> refresh(FlowContext* context, AuthorityState* state, std::string resource) {
  // A refresh token from a backup may be spent: its outcome is unknown, which is attempt two.
  return exchange(context, state, std::move(resource), state->recovered != 0 ? 2 : 1);
}

Task<bool> satisfies_claims(const AuthorityState* state, std::string resource) {
  const auto* token = state->record->token_for(resource);
  if (claims_for(*state, resource).empty()) {
    co_return true;
  }
  const auto version = co_await perform(MemoryGet{.key = claims_key(*state, resource)});
  co_return version&& token != nullptr && *version == to_decimal(token->sealed_version);
}

Task<RefreshResult> settle_refresh(FlowContext* context, AuthorityState* state,
                                   std::string wanted) {
  if (!state->record) {
    (void)co_await close_journal(state, JournalKind::refresh);
    co_return failed(problem(ProblemCode::not_connected));
  }
  if (find_provider(state->record->provider) == nullptr) {
    co_return failed(of_another_provider(*state->record));
  }
  auto kept = co_await open_kept(state, JournalKind::refresh);
  if (!kept) {
    // The new tokens are in there. To show the old one again could only end them.
    co_return failed(std::move(kept.error()));
  }
  if (*kept) {
    auto token = co_await open_refresh_token(state);
    auto applied = co_await apply_reply(context, state, std::move(**kept), std::move(token), 0);
    (void)co_await kept_was_read(state, JournalKind::refresh);
    co_return applied;
  }
  const auto now = co_await current_time();
  auto& journal = *state->refresh.journal;
  // What another object sent before it died may be on its way still. After a trap in this very one
  // nothing is; but the provider may be at work on what has ended here unanswered.
  // An application's request harms nobody, however often it arrives.
  const bool is_own = journal.incarnation == context->input.incarnation;
  const bool is_over =
      !journal.incarnation.empty() &&
      (is_application(*state->record) || (is_own && may_overtake(state->rules.replay)));
  if (journal.retry_at > now + kLongestPatienceMs) {
    // Nobody was granted that: the clock was ahead, and came back.
    journal.retry_at = now + kRequestLifeMs;
    (void)co_await store(state, StorageCommit{.puts = {{kJournalKey, encode_journal(journal)}}});
  }
  if (!is_over && now < journal.retry_at) {
    co_return not_before(*state, journal.resource, journal.retry_at, now);
  }
  const auto verdict = decide_replay(state->rules.replay, {.sent_at = journal.sent_at}, now);
  (void)co_await log_connection(LogLevel::info, "refresh_replay", &state->id, "reason",
                                verdict.reason);
  const auto attempts = journal.attempts + 1;
  const auto failing = journal.resource;
  const bool asked = !wanted.empty();
  if (!asked) {
    wanted = turn_of(*state, journal, now);
  }
  auto settled = co_await exchange(context, state, wanted, attempts);
  if (wanted == failing || state->refresh.journal || state->behind) {
    co_return settled;
  }
  // The journal is over with its tries. What they were for is not to begin at once with the first,
  // but for some that were no trouble yet.
  const bool refused =
      !settled && !asked && settled.error().problem.code != ProblemCode::integration_fault;
  if (state->record->status == Status::connected &&
      (refused || (settled && attempts > kTriesOfNoTrouble))) {
    StorageCommit commit;
    add_pause(state, failing, 0, co_await current_time(), &commit);
    (void)co_await store(state, std::move(commit));
  }
  co_return settled;
}

}  // namespace postern
