// Defects put into the host on purpose, each of which undoes one of the flows' precautions: a
// simulator that does not find them is worth nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/effect/effects.h"

namespace postern::sim {

enum class Mutation : std::uint8_t {
  none,
  no_journal,               // the journal row is never written
  no_kept_answer,           // the host does not keep the answer before the flow sees it
  no_queue,                 // the object runs its flows at once
  no_recheck,               // a job forgets when its caller arrived
  respond_before_commit,    // the commit is acknowledged before it is durable
  kv_is_the_truth,          // the authority reads its record from KV
  no_tombstone,             // a disconnect only deletes
  outbox_lost,              // what is owed to KV and D1 is not written down
  no_alarm,                 // the journal's commit arms no alarm
  stale_reread,             // the re-read after invalid_grant shows another version
  refresh_token_dropped,    // an answer without a refresh token takes the old one away
  old_refresh_token_kept,   // an answer with a new refresh token leaves the old one in the record
  memory_ignores_resource,  // an isolate remembers one token for each connection
  memory_for_ever,          // an isolate forgets nothing
  late_writes_forgotten,    // a KV write that timed out is taken for one that never lands
  lock_by_kv,               // a lease in KV instead of the queue
  believed_at_once,         // invalid_grant, without looking at what is stored by then
  incarnation_forgotten,    // every life of an object has the same name
  doubt_forgotten,          // a token that may be spent is not marked as such
  event_not_durable,        // events are not in the commit that they tell of
  delivery_forgets,         // how far a webhook has come is not written down
  not_armed_for_due,        // the alarm is armed for what is owed, not for what is due
  tries_not_counted,        // each try of a refresh is taken for the first one
  late_requests_forgotten,  // what nobody answered is taken for what never arrives
  revocation_forgotten,     // a grant that is to be ended at its provider is not written down
  sharing_unseen,           // D1 knows of no other connection of an account
  versions_outlive,         // earlier versions stay when a connection is ended
  memory_ignores_account,   // an isolate takes a user's accounts for one
  suberror_ends_grant,      // invalid_grant means the same whatever else is said
  unknown_word_marks,       // what a provider refuses to one connection is the integration's fault
  refusal_wants_person,     // an API that is refused is taken for one that wants a person
  waits_for_ever,           // who waits for a person is never asked for again
  challenge_forgotten,      // the claims of a refusal are overlooked
};
inline constexpr std::size_t kMutations =
    static_cast<std::size_t>(Mutation::challenge_forgotten) + 1;
[[nodiscard]] std::string_view name_of(Mutation mutation);
[[nodiscard]] std::optional<Mutation> parse_mutation(std::string_view name);
// The invariant that it is to break; with a mutation no other counts. 0: every one does.
[[nodiscard]] int breaks(Mutation mutation);
// What has to be wrong besides, so that there is anything to be seen; none as a rule. Where that
// alone breaks the invariant already, nothing is proven.
[[nodiscard]] Mutation beside(Mutation mutation);

// What the host carries out instead of a commit, or of a batch for D1.
[[nodiscard]] StorageCommit mutated(Mutation mutation, StorageCommit commit);
[[nodiscard]] Sql mutated(Mutation mutation, Sql sql);
// A record that waits for a person, as if its grant were dead.
[[nodiscard]] std::string without_hope(std::string_view record);
// What a flow takes for a token endpoint's answer.
[[nodiscard]] HttpReply mutated(Mutation mutation, HttpReply reply);

}  // namespace postern::sim
