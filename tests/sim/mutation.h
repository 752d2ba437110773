// Defects put into the host on purpose, each of which undoes one of the flows' precautions: a
// simulator that does not find them is worth nothing.
#pragma once

#include <cstdint>
#include <optional>
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
};
inline constexpr std::size_t kMutations =
    static_cast<std::size_t>(Mutation::late_writes_forgotten) + 1;
[[nodiscard]] std::string_view name_of(Mutation mutation);
[[nodiscard]] std::optional<Mutation> parse_mutation(std::string_view name);

// What the host carries out instead of a commit.
[[nodiscard]] StorageCommit mutated(Mutation mutation, StorageCommit commit);

}  // namespace postern::sim
