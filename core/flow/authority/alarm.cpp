// When an authority's alarm is to ring: for what is unsettled, owed or due.
#include <algorithm>

#include "core/flow/authority/store.h"

namespace postern {

namespace {

constexpr DurationMs kRareTryMs = 6 * kHourMs;
// A pause is patience and a spread: one that is granted must not be taken for too long (journal.h).
static_assert(kRareTryMs + kDueAgainMs <= kLongestPauseMs);

EpochMs journal_alarm(const AuthorityState& state, const Journal& journal, EpochMs now) {
  const auto mode = state.rules.policy.mode;
  if (journal.attempts > kMostUnaskedTries) {
    const bool given_up = journal.kind == JournalKind::code || mode == RefreshMode::on_demand;
    const auto pause = mode == RefreshMode::keep_fresh ? kHourMs : kRareTryMs;
    return given_up || !state.record ? 0 : now + pause + spread(*state.record, pause / 6);
  }
  return journal.retry_at > now ? journal.retry_at
                                : now + patience(journal.sent_at, now, kMinuteMs);
}

}  // namespace

DurationMs patience(EpochMs since, EpochMs now, DurationMs least) {
  return std::clamp((now - since) / 4, least, kRareTryMs);
}

EpochMs earlier_alarm(EpochMs a, EpochMs b) {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

EpochMs next_alarm(const AuthorityState& state, EpochMs now) {
  EpochMs next = state.pending ? state.pending->expires_at : 0;
  for (const auto* exchange : {&state.refresh, &state.sign_in}) {
    if (exchange->journal) {
      next = earlier_alarm(next, journal_alarm(state, *exchange->journal, now));
    }
  }
  if (state.outbox) {
    next = earlier_alarm(
        next, state.outbox->retry_at != 0 ? state.outbox->retry_at : now + kOutboxAlarmMs);
  }
  next = earlier_alarm(next, delivery_due_at(state.delivery, state.event_count, now));
  if (!state.record) {
    return next;
  }
  if (state.rules_unknown) {
    next = earlier_alarm(next, now + kRareTryMs);
  }
  const auto& policy = state.rules.policy;
  std::vector<std::string> paused;
  while (!state.refresh.journal) {
    const auto due = next_refresh(*state.record, policy, paused);
    if (due.at == 0) {
      break;
    }
    if (const auto until = paused_until(state.pauses, *state.record, due.resource, now);
        until > std::max(due.at, now)) {
      next = earlier_alarm(next, until);
      paused.push_back(due.resource);
      continue;
    }
    // Only the alarm tries it, so only the alarm may put it off.
    const bool tried = state.context->input.entry == Entry::alarm;
    next =
        earlier_alarm(next, due.at > now || !tried ? std::max(due.at, now)
                                                   : now + patience(due.since, now, kDueAgainMs) +
                                                         spread(*state.record, kDueAgainMs));
    break;
  }
  if (const auto tell_at = expiry_told_at(*state.record, policy);
      tell_at != 0 && state.told_of != state.record->granted_at) {
    next = earlier_alarm(next, std::max(tell_at, now));
  }
  return next;
}

}  // namespace postern
