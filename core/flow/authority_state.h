// The authority's storage as a flow holds it, and the ways to read, recover, commit and publish it.
// The connection object runs one flow at a time, so between a load and its commits nobody else
// writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/context.h"

namespace postern {

// A token request that is under way or unsettled, and the answer that the host kept of it.
struct Exchange {
  std::optional<Journal> journal;
  std::optional<std::string> kept;  // sealed
};

struct AuthorityState {
  ConnectionId id;
  std::optional<ConnectionRecord> record;
  Exchange refresh;
  Exchange sign_in;
  std::optional<Outbox> outbox;
  std::optional<Pending> pending;
  bool recovered = false;
  // Storage did not take a commit: what is stored is not what is here.
  bool behind = false;

  [[nodiscard]] std::int64_t version() const { return record ? record->version : 0; }
  [[nodiscard]] Exchange& exchange(JournalKind kind) {
    return kind == JournalKind::code ? sign_in : refresh;
  }
};

// Storage, and where it is empty the backups: D1 and KV, the highest version wins, tombstones
// count. Writes nothing for a connection that nobody has. Fault: store_unavailable, which is never
// the same as "nothing there".
Task<Result<AuthorityState, Problem>> load_authority(ConnectionId id);
// Storage only: for the alarm, which knows no id. nullopt when nothing is stored. Faults:
// store_unavailable, stored_data_unreadable.
Task<Result<std::optional<AuthorityState>, Problem>> load_for_alarm();

// A commit whose failure ends nothing; it shows in `behind`.
Task<bool> store(AuthorityState* state, StorageCommit commit);

// What else is over with a new version, besides a refresh of the old one.
struct Ends {
  bool sign_in = false;
  bool pending = false;
};
// Commits a new version of the record and everything that goes with it in one transaction: the
// refresh's journal and its kept answer end, the outbox opens. Then publishes; a store that is down
// does not fail the flow.
Task<Result<std::monostate, Problem>> commit_record(FlowContext* context, AuthorityState* state,
                                                    ConnectionRecord next, Ends ends = {});

// Delivers the current record to KV and D1; what fails stays in the outbox for the alarm.
Task<std::monostate> publish(FlowContext* context, AuthorityState* state);

// Writes the current record to KV once more, which lost it or shows an older one.
Task<std::monostate> rewrite_kv(AuthorityState* state);

// Writes the journal row with an alarm in the same transaction; what was kept of an earlier
// exchange of its kind is over.
Task<Result<std::monostate, Problem>> open_journal(AuthorityState* state, Journal journal,
                                                   EpochMs alarm_at);
// The journal as it is now. The alarm stays.
Task<bool> write_journal(AuthorityState* state, JournalKind kind);
// Ends the journal without a new record.
Task<std::monostate> close_journal(AuthorityState* state, JournalKind kind);

// When to look again at what is unsettled, the outbox aside, which arms for itself; 0: nothing is.
// After this many tries in vain nobody asks by alarm any more, only for a caller.
inline constexpr std::int64_t kMostUnaskedTries = 24;
[[nodiscard]] EpochMs next_alarm(const AuthorityState& state, EpochMs now);

[[nodiscard]] std::uint32_t random_bits(FlowContext* context);

}  // namespace postern
