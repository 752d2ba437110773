#include "tests/sim/mutation.h"

#include <algorithm>
#include <array>

#include "core/connection/journal.h"
#include "core/connection/record.h"

namespace postern::sim {

namespace {

constexpr std::array<std::string_view, kMutations> kNames = {"none",
                                                             "no_journal",
                                                             "no_kept_answer",
                                                             "no_queue",
                                                             "no_recheck",
                                                             "respond_before_commit",
                                                             "kv_is_the_truth",
                                                             "no_tombstone",
                                                             "outbox_lost",
                                                             "no_alarm",
                                                             "stale_reread",
                                                             "refresh_token_dropped",
                                                             "old_refresh_token_kept",
                                                             "memory_ignores_resource",
                                                             "memory_for_ever",
                                                             "late_writes_forgotten"};

bool has_key(const StorageCommit& commit, std::string_view key) {
  return std::ranges::any_of(commit.puts, [&](const auto& put) { return put.first == key; });
}

void drop(StorageCommit& commit, std::string_view key) {
  std::erase_if(commit.puts, [&](const auto& put) { return put.first == key; });
}

}  // namespace

std::string_view name_of(Mutation mutation) {
  return kNames[static_cast<std::size_t>(mutation)];
}

std::optional<Mutation> parse_mutation(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  return found == kNames.end() ? std::nullopt
                               : std::optional(static_cast<Mutation>(found - kNames.begin()));
}

StorageCommit mutated(Mutation mutation, StorageCommit commit) {
  switch (mutation) {
    case Mutation::no_journal:
      drop(commit, kJournalKey);
      drop(commit, kSignInKey);
      break;
    case Mutation::outbox_lost:
      drop(commit, kOutboxKey);
      break;
    case Mutation::no_alarm:
      if (has_key(commit, kJournalKey) || has_key(commit, kSignInKey)) {
        commit.alarm_at.reset();
      }
      break;
    case Mutation::no_tombstone:
      for (auto& [key, value] : commit.puts) {
        const auto record = key == kRecordKey ? decode_record(value) : std::nullopt;
        if (record && record->status == Status::revoked) {
          commit.deletes.insert(commit.deletes.end(),
                                {std::string(kRecordKey), std::string(kOutboxKey)});
          commit.puts.clear();
          break;
        }
      }
      break;
    case Mutation::late_writes_forgotten:
      for (auto& [key, value] : commit.puts) {
        if (auto outbox = key == kOutboxKey ? decode_outbox(value) : std::nullopt) {
          outbox->kv_done = outbox->kv_done || outbox->kv_again_at != 0;
          outbox->kv_again_at = 0;
          value = encode_outbox(*outbox);
        }
      }
      break;
    default:
      break;
  }
  return commit;
}

}  // namespace postern::sim
