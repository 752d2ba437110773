#include "tests/sim/mutation.h"

#include <algorithm>
#include <array>

#include "core/connection/decision.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "tests/flows/host/story.h"
#include "tests/sim/provider.h"

namespace postern::sim {

namespace {

struct Info {
  std::string_view name;
  int breaks;
};
constexpr std::array<Info, kMutations> kInfos = {{{"none", 0},
                                                  {"no_journal", 2},
                                                  {"no_kept_answer", 1},
                                                  {"no_queue", 3},
                                                  {"no_recheck", 3},
                                                  {"respond_before_commit", 1},
                                                  {"kv_is_the_truth", 1},
                                                  {"no_tombstone", 6},
                                                  {"outbox_lost", 5},
                                                  {"no_alarm", 5},
                                                  {"stale_reread", 5},
                                                  {"refresh_token_dropped", 1},
                                                  {"old_refresh_token_kept", 2},
                                                  {"memory_ignores_resource", 7},
                                                  {"memory_for_ever", 6},
                                                  {"late_writes_forgotten", 5},
                                                  {"lock_by_kv", 3},
                                                  {"believed_at_once", 4},
                                                  {"incarnation_forgotten", 3},
                                                  {"doubt_forgotten", 2},
                                                  {"event_not_durable", 7},
                                                  {"delivery_forgets", 5},
                                                  {"not_armed_for_due", 5},
                                                  {"tries_not_counted", 3},
                                                  {"late_requests_forgotten", 3},
                                                  {"revocation_forgotten", 8},
                                                  {"sharing_unseen", 8},
                                                  {"versions_outlive", 8},
                                                  {"memory_ignores_account", 7},
                                                  {"suberror_ends_grant", 4},
                                                  {"unknown_word_marks", 4},
                                                  {"refusal_wants_person", 4},
                                                  {"waits_for_ever", 5},
                                                  {"challenge_forgotten", 4}}};

bool has_key(const StorageCommit& commit, std::string_view key) {
  return std::ranges::any_of(commit.puts, [&](const auto& put) { return put.first == key; });
}

void drop(StorageCommit& commit, std::string_view key) {
  std::erase_if(commit.puts, [&](const auto& put) { return put.first == key; });
}

bool puts_tombstone(const StorageCommit& commit) {
  return std::ranges::any_of(commit.puts, [](const auto& put) {
    const auto record = put.first == kRecordKey ? decode_record(put.second) : std::nullopt;
    return record && record->status == Status::revoked;
  });
}

}  // namespace

std::string_view name_of(Mutation mutation) {
  return kInfos[static_cast<std::size_t>(mutation)].name;
}

std::optional<Mutation> parse_mutation(std::string_view name) {
  const auto* found = std::ranges::find(kInfos, name, &Info::name);
  return found == kInfos.end() ? std::nullopt
                               : std::optional(static_cast<Mutation>(found - kInfos.begin()));
}

int breaks(Mutation mutation) {
  return kInfos[static_cast<std::size_t>(mutation)].breaks;
}

Mutation beside(Mutation mutation) {
  // With the queue nobody ever refreshes beside another.
  return mutation == Mutation::believed_at_once ? Mutation::no_queue : Mutation::none;
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
      if (puts_tombstone(commit)) {
        drop(commit, kRecordKey);
        commit.deletes.emplace_back(kRecordKey);
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
    case Mutation::tries_not_counted:
      for (auto& [key, value] : commit.puts) {
        if (auto journal = key == kJournalKey ? decode_journal(value) : std::nullopt) {
          journal->attempts = 1;
          value = encode_journal(*journal);
        }
      }
      break;
    case Mutation::late_requests_forgotten:
      for (auto& [key, value] : commit.puts) {
        auto journal = key == kJournalKey ? decode_journal(value) : std::nullopt;
        if (journal && journal->incarnation.empty()) {
          journal->retry_at = journal->asked_at;
          value = encode_journal(*journal);
        }
      }
      break;
    case Mutation::doubt_forgotten:
      drop(commit, kRecoveredKey);
      break;
    case Mutation::event_not_durable:
      drop(commit, kEventsKey);
      std::erase_if(commit.puts,
                    [](const auto& put) { return put.first.starts_with(kEventKeyPrefix); });
      for (auto& [key, value] : commit.puts) {
        if (auto outbox = key == kOutboxKey ? decode_outbox(value) : std::nullopt) {
          outbox->events.clear();
          value = encode_outbox(*outbox);
        }
      }
      break;
    case Mutation::revocation_forgotten:
      for (auto& [key, value] : commit.puts) {
        if (auto outbox = key == kOutboxKey ? decode_outbox(value) : std::nullopt) {
          outbox->revocations.clear();
          value = encode_outbox(*outbox);
        }
      }
      break;
    case Mutation::versions_outlive:
      if (puts_tombstone(commit)) {
        std::erase_if(commit.deletes,
                      [](const std::string& key) { return key.starts_with("version:"); });
      }
      break;
    case Mutation::delivery_forgets:
      drop(commit, kDeliveryKey);
      break;
    default:
      break;
  }
  return commit;
}

Sql mutated(Mutation mutation, Sql sql) {
  if (mutation != Mutation::no_tombstone) {
    return sql;
  }
  for (auto& [text, parameters] : sql.statements) {
    const bool ends = std::ranges::any_of(parameters, [](const SqlValue& value) {
      const auto* word = value.text();
      return word != nullptr && *word == name_of(Status::revoked);
    });
    if (ends && text.starts_with("INSERT INTO oauth_connections")) {
      text = "DELETE FROM oauth_connections WHERE org_id = ? AND integration = ? AND user_id = ?";
      parameters.resize(3);
    }
  }
  return sql;
}

std::string without_hope(std::string_view record) {
  auto other = decode_record(record);
  if (!other || other->cause != kNeedsPerson) {
    return std::string(record);
  }
  other->cause = "invalid_grant";
  return encode_record(*other);
}

HttpReply mutated(Mutation mutation, HttpReply reply) {
  const auto wording = wording_of(reply);
  if (!wording) {
    return reply;
  }
  if (mutation == Mutation::suberror_ends_grant &&
      (*wording == Wording::suberror || *wording == Wording::claims)) {
    return testing::error_reply(400, "invalid_grant");
  }
  if (mutation == Mutation::unknown_word_marks && *wording == Wording::refused) {
    return testing::error_reply(401, "invalid_client");
  }
  if (mutation == Mutation::refusal_wants_person && *wording == Wording::refused) {
    return testing::error_reply(400, "interaction_required");
  }
  if (mutation == Mutation::challenge_forgotten && *wording == Wording::claims) {
    return testing::error_reply(400, "interaction_required");
  }
  return reply;
}

}  // namespace postern::sim
