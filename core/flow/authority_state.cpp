#include "core/flow/authority_state.h"

#include "core/flow/statements.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

constexpr DurationMs kOutboxAlarmMs = 30 * kSecondMs;

template <class Value>
std::optional<Value> decoded(const std::optional<std::string>& bytes,
                             std::optional<Value> (*decode)(std::string_view)) {
  return bytes ? decode(*bytes) : std::nullopt;
}

std::vector<std::string> all_keys() {
  return {std::string(kRecordKey), std::string(kJournalKey), std::string(kKeptKey),
          std::string(kOutboxKey), std::string(kPendingKey), std::string(kRecoveredKey)};
}

// Of a provider that this version does not know nothing can be refreshed, nor is it to be touched.
bool is_of_known_provider(const ConnectionRecord& record) {
  return record.status == Status::revoked || find_provider(record.provider) != nullptr;
}

AuthorityState state_of(const std::vector<std::optional<std::string>>& values) {
  AuthorityState state;
  state.record = decoded(values[0], decode_record);
  if (state.record && !is_of_known_provider(*state.record)) {
    state.record.reset();
  }
  state.journal = decoded(values[1], decode_journal);
  state.kept = values[2];
  state.outbox = decoded(values[3], decode_outbox);
  state.pending = decoded(values[4], decode_pending);
  state.recovered = values[5].has_value();
  if (state.record) {
    state.id = state.record->id;
  } else if (state.journal) {
    state.id = state.journal->id;
  }
  return state;
}

Problem store_fault() {
  return problem(ProblemCode::store_unavailable);
}

// The highest version of the backups; nullopt when both say that there is none.
Task<Result<std::optional<ConnectionRecord>, Problem>> recover(ConnectionId id) {
  auto [rows, cached] = co_await all_of(effect_task(Sql{.statements = {select_connection(id)}}),
                                        effect_task(KvGet{.key = connection_key(id)}));
  std::optional<ConnectionRecord> best;
  if (rows && !rows->empty()) {
    best = connection_of((*rows)[0]);
  }
  if (cached && *cached) {
    auto copy = decode_record(**cached);
    if (copy && (!best || copy->version > best->version)) {
      best = std::move(copy);
    }
  }
  if (best && (best->id != id || !is_of_known_provider(*best))) {
    best.reset();
  }
  if (!rows || !cached) {
    // Half an answer may be the older half, and a tombstone may be in the other.
    co_return std::unexpected(store_fault());
  }
  co_return std::move(best);
}

}  // namespace

std::uint32_t random_bits(FlowContext* context) {
  std::uint32_t bits = 0;
  for (const char byte : context->take_entropy(4)) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
  }
  return bits;
}

Task<Result<AuthorityState, Problem>> load_authority(ConnectionId id) {
  const auto values = co_await perform(StorageRead{.keys = all_keys()});
  if (!values || values->size() != all_keys().size()) {
    co_return std::unexpected(store_fault());
  }
  auto state = state_of(*values);
  if ((*values)[0] && !state.record) {
    // Something is stored and cannot be read: to go on as if nothing were there would lose it.
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  if (state.record && state.record->id != id) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  state.id = id;
  if (!state.record && !state.journal && !state.pending) {
    auto found = co_await recover(id);
    if (!found) {
      co_return std::unexpected(found.error());
    }
    if (*found) {
      state.record = std::move(**found);
      state.recovered = true;
      const auto stored = co_await perform(
          StorageCommit{.puts = {{std::string(kRecordKey), encode_record(*state.record)},
                                 {std::string(kRecoveredKey), "1"}},
                        .deletes = {},
                        .alarm_at = std::nullopt});
      if (!stored) {
        co_return std::unexpected(store_fault());
      }
      (void)co_await perform(Log{.level = LogLevel::warn,
                                 .event = "connection_recovered",
                                 .fields = {{"connection", connection_key(id)}}});
    }
  }
  co_return std::move(state);
}

Task<Result<std::optional<AuthorityState>, Problem>> load_for_alarm() {
  const auto values = co_await perform(StorageRead{.keys = all_keys()});
  if (!values || values->size() != all_keys().size()) {
    co_return std::unexpected(store_fault());
  }
  auto state = state_of(*values);
  if ((*values)[0] && !state.record) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  if (!state.record && !state.journal && !state.pending) {
    co_return std::optional<AuthorityState>();
  }
  co_return std::optional(std::move(state));
}

Task<Result<std::monostate, Problem>> commit_record(FlowContext* context, AuthorityState* state,
                                                    ConnectionRecord next, bool drop_pending) {
  const auto now = co_await current_time();
  const Outbox outbox{};
  StorageCommit commit{.puts = {{std::string(kRecordKey), encode_record(next)},
                                {std::string(kOutboxKey), encode_outbox(outbox)}},
                       .deletes = {},
                       .alarm_at = now + kOutboxAlarmMs};
  if (state->journal) {
    commit.deletes.emplace_back(kJournalKey);
    commit.deletes.emplace_back(kKeptKey);
  }
  if (state->recovered) {
    commit.deletes.emplace_back(kRecoveredKey);
  }
  if (drop_pending && state->pending) {
    commit.deletes.emplace_back(kPendingKey);
  }
  const auto stored = co_await perform(std::move(commit));
  if (!stored) {
    co_return std::unexpected(store_fault());
  }
  state->record = std::move(next);
  state->journal.reset();
  state->kept.reset();
  state->recovered = false;
  state->outbox = outbox;
  if (drop_pending) {
    state->pending.reset();
  }
  (void)co_await publish(context, state);
  co_return std::monostate{};
}

Task<std::monostate> publish(FlowContext* context, AuthorityState* state) {
  if (!state->outbox || !state->record) {
    co_return std::monostate{};
  }
  auto& outbox = *state->outbox;
  if (!outbox.kv_done && !outbox.d1_done) {
    auto [kv, d1] =
        co_await all_of(effect_task(KvPut{.key = connection_key(state->id),
                                          .value = encode_record(*state->record),
                                          .ttl_seconds = kRecordKvSeconds}),
                        effect_task(Sql{.statements = {upsert_connection(*state->record)}}));
    outbox.kv_done = kv.has_value();
    outbox.d1_done = d1.has_value();
  } else if (!outbox.kv_done) {
    outbox.kv_done = (co_await perform(KvPut{.key = connection_key(state->id),
                                             .value = encode_record(*state->record),
                                             .ttl_seconds = kRecordKvSeconds}))
                         .has_value();
  } else {
    outbox.d1_done =
        (co_await perform(Sql{.statements = {upsert_connection(*state->record)}})).has_value();
  }
  const auto now = co_await current_time();
  StorageCommit commit;
  if (outbox.kv_done && outbox.d1_done) {
    commit.deletes.emplace_back(kOutboxKey);
    // A pending confirmation or an open journal still needs its alarm.
    if (state->pending) {
      commit.alarm_at = state->pending->expires_at;
    } else if (!state->journal) {
      commit.alarm_at = 0;
    }
    state->outbox.reset();
  } else {
    ++outbox.attempts;
    commit.puts.emplace_back(kOutboxKey, encode_outbox(outbox));
    commit.alarm_at = now + retry_delay(outbox.attempts + 3, random_bits(context));
    (void)co_await perform(Log{.level = LogLevel::warn,
                               .event = "outbox_retry",
                               .fields = {{"connection", connection_key(state->id)},
                                          {"kv", outbox.kv_done ? "done" : "failed"},
                                          {"d1", outbox.d1_done ? "done" : "failed"}}});
  }
  (void)co_await perform(std::move(commit));
  co_return std::monostate{};
}

Task<Result<std::monostate, Problem>> open_journal(AuthorityState* state, Journal journal,
                                                   EpochMs alarm_at) {
  const auto stored =
      co_await perform(StorageCommit{.puts = {{std::string(kJournalKey), encode_journal(journal)}},
                                     .deletes = {},
                                     .alarm_at = alarm_at});
  if (!stored) {
    co_return std::unexpected(store_fault());
  }
  state->journal = std::move(journal);
  co_return std::monostate{};
}

void end_journal(AuthorityState* state, StorageCommit* commit) {
  commit->deletes.emplace_back(kKeptKey);
  auto suspended = state->journal ? decode_journal(state->journal->suspended) : std::nullopt;
  if (suspended) {
    commit->puts.emplace_back(kJournalKey, encode_journal(*suspended));
  } else {
    commit->deletes.emplace_back(kJournalKey);
  }
  state->journal = std::move(suspended);
  state->kept.reset();
}

Task<std::monostate> close_journal(AuthorityState* state) {
  StorageCommit commit;
  end_journal(state, &commit);
  if (state->journal) {
    commit.alarm_at = state->journal->retry_at;
  } else if (!state->outbox && !state->pending) {
    commit.alarm_at = 0;
  }
  (void)co_await perform(std::move(commit));
  co_return std::monostate{};
}

}  // namespace postern
