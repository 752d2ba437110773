// The ways to change what the authority stores: one transaction for a change, for the events that
// tell of it and for the alarm that looks after what it owes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/flow/authority/state.h"

namespace postern {

// An event besides what it tells by itself; `details` are members of its data.
struct Told {
  EventType type = EventType::connected;
  Pairs details;
};

// Puts the pauses into a commit where they have changed, or some are not in force any more: one of
// a clock that was ahead would be once the time that it showed has come.
void write_pauses(AuthorityState* state, const ConnectionRecord& record, EpochMs now, bool changed,
                  StorageCommit* commit);
// A commit whose failure ends nothing; it shows in `behind`. The events are told of the record as
// `state` has it, or of one that is not connected, and only where the commit succeeds. Sets the
// alarm, unless an earlier commit failed: what is stored then may owe more than what is here.
Task<bool> store(AuthorityState* state, StorageCommit commit, std::vector<Told> told = {});

// What else is over with a new version, besides a refresh of the one before.
struct Ends {
  bool sign_in = false;
  bool pending = false;
  // Grants that end with the connection, for their provider (grant/revoke.h), its own one last.
  std::vector<Revocation> revocations;
  // Not an end but a beginning: the refresh token of this version may be spent.
  bool in_doubt = false;
  // Nor is it known whether the refresh token was spent by an earlier try: it was not used now.
  bool keeps_doubt = false;
};
// Commits a new version of the record and everything that goes with it in one transaction: the
// refresh's journal and its kept answer end, the outbox opens, the version before goes into the
// history. Then publishes; a store that is down does not fail the flow. Faults: store_unavailable;
// core_trap for a status that cannot follow the one before (status.h).
Task<Result<std::monostate, Problem>> commit_record(AuthorityState* state, ConnectionRecord next,
                                                    std::vector<Told> told, Ends ends = {});

// After a refresh that was due and did not come about.
inline constexpr DurationMs kDueAgainMs = 10 * kMinuteMs;
// The longer something did not come about, the longer the pause until it is tried again.
[[nodiscard]] DurationMs patience(EpochMs since, EpochMs now, DurationMs least);

// When the alarm is to look after an outbox that was tried at `now`; 0: as soon as whoever opened
// it may be taken for dead.
[[nodiscard]] EpochMs next_try(const Outbox& outbox, EpochMs now);

// Delivers the current record to KV and D1, and events to D1's log; what fails stays in the outbox
// for the alarm.
Task<std::monostate> publish(AuthorityState* state);

// Writes the journal row with an alarm in the same transaction; what was kept of an earlier
// exchange of its kind is over.
Task<Result<std::monostate, Problem>> open_journal(AuthorityState* state, Journal journal,
                                                   EpochMs alarm_at);
// The journal as it is now. The alarm stays.
Task<bool> write_journal(AuthorityState* state, JournalKind kind);
// Ends the journal without a new record.
Task<std::monostate> close_journal(AuthorityState* state, JournalKind kind,
                                   StorageCommit commit = {}, std::vector<Told> told = {});

// After this many tries in vain a refresh is no longer tried by alarm as often as before: only for
// a caller, or where the policy keeps grants alive every few hours.
inline constexpr std::int64_t kMostUnaskedTries = 24;
// When to look again at what is unsettled, owed or due; 0: nothing is.
[[nodiscard]] EpochMs next_alarm(const AuthorityState& state, EpochMs now);

// The earlier of two times; 0 is none.
[[nodiscard]] EpochMs earlier_alarm(EpochMs a, EpochMs b);
// After a commit that opened an outbox, whoever made it is taken for dead then.
inline constexpr DurationMs kOutboxAlarmMs = 30 * kSecondMs;
// Of the log alone nobody waits for: a refresh that is retried soon is told with what came of it.
inline constexpr DurationMs kLogAlarmMs = 5 * kSecondMs;

// An event for the webhooks as rows of a commit; nothing where the organization has none.
void add_webhook_event(AuthorityState* state, StorageCommit* commit, const Event& event);

// TOKEN_VERSIONS_KEPT, or what holds without it.
[[nodiscard]] std::int64_t versions_kept(const FlowContext& context);

[[nodiscard]] std::uint32_t random_bits(FlowContext* context);

}  // namespace postern
