// What comes of a refresh that did not bring a token.
#include <algorithm>

#include "core/base/text.h"
#include "core/connection/application.h"
#include "core/connection/decision.h"
#include "core/connection/description.h"
#include "core/connection/token_name.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"
#include "core/flow/grant/kept.h"
#include "core/flow/grant/refresh.h"
#include "core/flow/grant/refusal.h"
#include "core/provider/catalogue.h"
#include "core/provider/error_words.h"

namespace postern {

RefreshResult failed(Problem problem, bool serve_stale) {
  return std::unexpected(RefreshFailure{.problem = std::move(problem), .serve_stale = serve_stale});
}

const StoredAccessToken* live_token(const AuthorityState& state, std::string_view resource,
                                    EpochMs now) {
  const auto* token = state.record ? state.record->token_for(resource) : nullptr;
  return token != nullptr && is_alive(*token, now) ? token : nullptr;
}

RefreshResult not_before(const AuthorityState& state, std::string_view resource, EpochMs retry_at,
                         EpochMs now) {
  return failed(patience_problem(retry_at, now), live_token(state, resource, now) != nullptr);
}

namespace {

constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;

std::string_view fix_of(const AuthorityState& state, const ProviderWords& said) {
  return fix_for(*state.record, said);
}

// The grant is dead, or nobody can know that it is not, or no resource takes it: only a person
// helps.
Task<RefreshResult> mark_dead(AuthorityState* state, std::string cause, TokenFault fault) {
  auto next = *state->record;
  const bool lives = cause == kNeedsPerson;
  const bool in_doubt = state->recovered != 0 || state->refresh.journal->attempts > 1;
  next.version += 1;
  next.status = Status::needs_reauth;
  next.updated_at = co_await current_time();
  next.cause = std::move(cause);
  next.evidence = evidence_of(fault.said);
  next.claims = std::move(fault.claims);
  Pairs why = {{"cause", next.cause}, {"evidence", next.evidence}};
  (void)co_await log_connection(LogLevel::warn, "needs_reauth", &state->id, std::move(why));
  std::vector<Told> told = {{.type = EventType::needs_reauth,
                             .details = {{"cause", next.cause},
                                         {"evidence", next.evidence},
                                         {"fix", fix_of(*state, fault.said)}}}};
  const auto committed = co_await commit_record(state, std::move(next), std::move(told),
                                                {.keeps_doubt = lives && in_doubt});
  // Who demands a token is told with a link, which is made once: where the demand is answered.
  co_return failed(committed ? problem(ProblemCode::needs_reauth) : committed.error());
}

// Puts into a commit that refreshes fail; true where that was not known.
bool note_trouble(AuthorityState* state, Trouble trouble, StorageCommit* commit) {
  if (state->trouble && state->trouble->reason == trouble.reason &&
      state->trouble->integration == trouble.integration) {
    return false;
  }
  trouble.since = state->trouble ? state->trouble->since : trouble.since;
  commit->puts.emplace_back(kTroubleKey, encode_trouble(trouble));
  state->trouble = std::move(trouble);
  return true;
}

// Of many tries in a row the first, the second, the fourth, …
bool is_told(std::int64_t attempts) {
  return (attempts & (attempts - 1)) == 0;
}

// Of an API that people are not asked for on connecting, and that has given no token yet?
bool is_first_demand(const AuthorityState& state, std::string_view resource) {
  const auto* api = find_api(resource);
  return api != nullptr && !api->on_demand.empty() && state.record->token_for(resource) == nullptr;
}

// The grant may be of use for another resource: one whose token lives, or which was not refused
// itself just now. What was refused so a while ago is due to be asked for again,
// before anything is called dead.
bool may_serve_another(AuthorityState* state, std::string_view resource, EpochMs now) {
  bool may = false;
  for (const auto& token : state->record->tokens) {
    // Another directory's token says nothing of this one.
    if (token.resource == resource || is_of_guest(token.resource)) {
      continue;
    }
    const auto* pause = pause_of(state->pauses, *state->record, token.resource, now);
    if (is_alive(token, now) || pause == nullptr || pause->refused_at == 0) {
      may = true;
    } else if (now >= pause->refused_at + kDueAgainMs) {
      may = true;
      state->pauses[static_cast<std::size_t>(pause - state->pauses.data())].until = now;
    }
  }
  return may;
}

// A passing fault: the journal stays open, because what the provider did with the request is not
// known, and names the time of the next try, which every caller shares.
Task<RefreshResult> wait_and_retry(FlowContext* context, AuthorityState* state, TokenFault fault) {
  const auto now = co_await current_time();
  auto& journal = *state->refresh.journal;
  const std::string_view reason = fault.reason;
  // "At once" would be one request for each caller.
  const auto delay = fault.retry_after.value_or(0) > 0
                         ? std::min(*fault.retry_after, kLongestPatienceMs)
                         : retry_delay(journal.attempts, random_bits(context));
  journal.retry_at = now + delay;
  // Where nobody answered, or a gateway did, the provider may be at work on it still.
  const bool turned_away = fault.status == kTooManyRequests ||
                           (fault.status == kServiceUnavailable && fault.retry_after);
  if (!turned_away && !may_overtake(state->rules.replay)) {
    journal.retry_at = std::max(journal.retry_at, std::min(journal.asked_at, now) + kRequestLifeMs);
  }
  journal.incarnation.clear();
  journal.kept_reads = 0;
  (void)co_await log_connection(LogLevel::warn, "refresh_retry", &state->id, "reason", reason);
  state->refresh.kept.reset();
  StorageCommit commit{.puts = {{kJournalKey, encode_journal(journal)}},
                       .deletes = {std::string(kKeptKey)},
                       .alarm_at = std::nullopt};
  (void)note_trouble(state, {.reason = fault.reason, .since = now}, &commit);
  std::vector<Told> told;
  if (is_told(journal.attempts)) {
    told.push_back({.type = EventType::refresh_retry,
                    .details = {{"reason", reason},
                                {"attempts", to_decimal(journal.attempts)},
                                {"retry_at", format_iso8601(journal.retry_at)}}});
  }
  (void)co_await store(state, std::move(commit), std::move(told));
  co_return not_before(*state, journal.resource, journal.retry_at, now);
}

Told failure_told(const TokenFault& fault, std::string_view resource, std::string_view fix) {
  return {.type = EventType::refresh_failed,
          .details = {{"reason", fault.reason},
                      {"resource", resource},
                      {"evidence", evidence_of(fault.said)},
                      {"fix", fix}}};
}

Task<RefreshResult> refuse(FlowContext* context, AuthorityState* state, std::string resource,
                           Refusal refusal) {
  const auto now = co_await current_time();
  (void)co_await remember_refusal(state, resource, &refusal);
  auto told = co_await tell_refusal(context, state, resource, std::move(refusal));
  co_return failed(std::move(told), live_token(*state, resource, now) != nullptr);
}

// For one resource: the grant lives, and so may the other tokens. Told once, until it works again.
Task<RefreshResult> refuse_resource(FlowContext* context, AuthorityState* state,
                                    std::string resource, RefusalKind kind, TokenFault fault) {
  const auto now = co_await current_time();
  const auto* pause = pause_of(state->pauses, *state->record, resource, now);
  std::vector<Told> told;
  if (pause == nullptr || pause->refused_at == 0) {
    told.push_back(failure_told(fault, resource, fix_of(*state, fault.said)));
  }
  StorageCommit commit;
  // Not since now: the answer may have been kept for a while.
  add_pause(state, resource, state->refresh.journal->asked_at, now, &commit);
  (void)co_await close_journal(state, JournalKind::refresh, std::move(commit), std::move(told));
  Pairs why = {{"resource", resource}, {"evidence", evidence_of(fault.said)}};
  (void)co_await log_connection(LogLevel::warn, "resource_refused", &state->id, std::move(why));
  co_return co_await refuse(context, state, std::move(resource), refusal_of(kind, fault));
}

// Claims were asked for, or another directory's token, and the provider did not give one. Without
// them it may give one: nothing of this is the connection's.
Task<RefreshResult> refuse_demand(FlowContext* context, AuthorityState* state, std::string resource,
                                  RefusalKind kind, TokenFault fault) {
  (void)co_await close_journal(state, JournalKind::refresh);
  Pairs why = {{"resource", resource}, {"evidence", evidence_of(fault.said)}};
  (void)co_await log_connection(LogLevel::warn, "demand_refused", &state->id, std::move(why));
  auto refusal = refusal_of(kind, fault);
  if (refusal.claims.empty()) {
    refusal.claims = claims_for(*state, resource);
  }
  co_return co_await refuse(context, state, std::move(resource), std::move(refusal));
}

// All resources want a person. Whoever asks again finds out whether they still do; that is told
// once.
Task<RefreshResult> wait_for_person(FlowContext* context, AuthorityState* state,
                                    std::string resource, TokenFault fault) {
  auto refusal = refusal_of(RefusalKind::person, fault);
  if (state->record->status == Status::needs_reauth) {
    (void)co_await close_journal(state, JournalKind::refresh);
    co_return co_await refuse(context, state, std::move(resource), std::move(refusal));
  }
  (void)co_await remember_refusal(state, resource, &refusal);
  co_return co_await mark_dead(state, std::string(kNeedsPerson), std::move(fault));
}

// The directory, or one of its APIs, refuses the application. Nobody's sign-in helps, and there is
// no grant to be dead: whoever asks again finds out whether somebody has mended it.
Task<RefreshResult> refuse_application(FlowContext* context, AuthorityState* state,
                                       std::string resource, TokenFault fault) {
  if (!state->refresh.journal->claims_hash.empty()) {
    co_return co_await refuse_demand(context, state, std::move(resource), RefusalKind::refused,
                                     std::move(fault));
  }
  auto refusal = refusal_of(RefusalKind::refused, fault);
  if (state->record->status == Status::needs_reauth) {
    (void)co_await close_journal(state, JournalKind::refresh);
    co_return co_await refuse(context, state, std::move(resource), std::move(refusal));
  }
  if (may_serve_another(state, resource, co_await current_time())) {
    co_return co_await refuse_resource(context, state, std::move(resource), RefusalKind::refused,
                                       std::move(fault));
  }
  auto cause = fault.said.suberror.empty() ? fault.said.error : fault.said.suberror;
  (void)co_await mark_dead(state, cause.empty() ? std::string(fault.reason) : std::move(cause),
                           std::move(fault));
  co_return co_await refuse(context, state, std::move(resource), std::move(refusal));
}

}  // namespace

Task<RefreshResult> apply_fault(FlowContext* context, AuthorityState* state, TokenFault fault) {
  const auto now = co_await current_time();
  auto resource = state->refresh.journal->resource;
  const auto asked_version = state->refresh.journal->base_version;
  // Re-read before `invalid_grant` is believed: what it says may be about an older token.
  const auto stored = co_await perform(StorageRead{.keys = {std::string(kRecordKey)}});
  const auto newest =
      stored && !stored->empty() && (*stored)[0] ? decode_record(*(*stored)[0]) : std::nullopt;
  const auto newest_version = newest ? newest->version : asked_version;
  const auto decision = decide_fault(fault.kind, asked_version, newest_version);
  // What cannot be read again cannot be believed.
  if (decision == FaultDecision::retry_later || !stored) {
    co_return co_await wait_and_retry(context, state, std::move(fault));
  }
  if (is_application(*state->record) && decision != FaultDecision::integration_down) {
    co_return co_await refuse_application(context, state, std::move(resource), std::move(fault));
  }
  // What another directory refuses to a guest changes nothing of the connection, and no sign-in at
  // the connection's own directory helps. Client id and secret are the same everywhere.
  if (is_of_guest(resource) && decision != FaultDecision::integration_down) {
    auto refused = co_await refuse_demand(context, state, std::move(resource), RefusalKind::refused,
                                          std::move(fault));
    if (!refused) {
      refused.error().doubts_grant = decision == FaultDecision::grant_is_dead;
    }
    co_return refused;
  }
  // Where people were not asked for this API a refusal without a word of consent may still be
  // for the want of it: that the grant is dead an API says that has given a token.
  if (decision == FaultDecision::grant_is_dead && is_first_demand(*state, resource)) {
    auto refused = co_await refuse_resource(context, state, std::move(resource),
                                            RefusalKind::person, std::move(fault));
    if (!refused) {
      refused.error().doubts_grant = true;
    }
    co_return refused;
  }
  const bool wants_person = decision == FaultDecision::needs_person;
  if (wants_person || decision == FaultDecision::resource_refused) {
    const auto kind = wants_person ? RefusalKind::person : RefusalKind::refused;
    const auto& claims_hash = state->refresh.journal->claims_hash;
    if (!claims_hash.empty() && claims_hash != hash_of_claims(*state, resource)) {
      // The answer was kept, and whoever named claims is gone. It says nothing to anybody else.
      (void)co_await close_journal(state, JournalKind::refresh);
      co_return std::monostate{};
    }
    if (!claims_hash.empty()) {
      co_return co_await refuse_demand(context, state, std::move(resource), kind, std::move(fault));
    }
    if (wants_person && !may_serve_another(state, resource, now)) {
      co_return co_await wait_for_person(context, state, std::move(resource), std::move(fault));
    }
    co_return co_await refuse_resource(context, state, std::move(resource), kind, std::move(fault));
  }
  if (decision == FaultDecision::grant_is_dead) {
    const OpenJournal shown{.sent_at = state->refresh.journal->sent_at,
                            .attempts = state->refresh.journal->attempts,
                            .recovered = state->recovered != 0};
    // One try was all that was left: what happened is told as it is.
    const bool spent = may_have_been_spent(state->rules.replay, shown, now);
    co_return co_await mark_dead(state, spent ? "refresh_outcome_unknown" : fault.reason,
                                 std::move(fault));
  }
  // The request was refused for what we are, not for the grant: it lives, and nothing is unknown.
  StorageCommit commit;
  std::vector<Told> told;
  if (note_trouble(state, {.reason = fault.reason, .since = now, .integration = true}, &commit)) {
    told.push_back(failure_told(fault, resource, "operator"));
  }
  (void)co_await close_journal(state, JournalKind::refresh, std::move(commit), std::move(told));
  (void)co_await mark_integration(state, &fault);
  co_return co_await refuse(context, state, resource, refusal_of(RefusalKind::integration, fault));
}

Task<RefreshResult> keep_refresh_token(FlowContext* context, AuthorityState* state,
                                       TokenFault fault) {
  const auto resource = state->refresh.journal->resource;
  auto next = *state->record;
  next.version += 1;
  // It gave tokens: what wanted a person does not any more.
  if (!is_of_guest(resource)) {
    set_connected(&next);
  }
  next.updated_at = co_await current_time();
  auto sealed =
      co_await seal_refresh_token(std::move(next), std::string(fault.refresh_token->reveal()),
                                  state->refresh.journal->asked_at);
  if (!sealed) {
    co_return failed(sealed.error());
  }
  const auto committed =
      co_await commit_record(state, std::move(*sealed), {failure_told(fault, resource, "nobody")});
  if (!committed) {
    co_return failed(committed.error());
  }
  const auto kind = fault.kind == FaultKind::refused ? RefusalKind::refused : RefusalKind::passing;
  const auto now = state->record->updated_at;
  StorageCommit commit;
  (void)note_trouble(state, {.reason = fault.reason, .since = now}, &commit);
  add_pause(state, resource, 0, now, &commit);
  (void)co_await store(state, std::move(commit));
  (void)co_await log_connection(LogLevel::warn, "refresh_token_kept", &state->id, "reason",
                                fault.reason);
  co_return co_await refuse(context, state, resource, refusal_of(kind, fault));
}

}  // namespace postern
