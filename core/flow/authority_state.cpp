#include "core/flow/authority_state.h"

#include <algorithm>

#include "core/flow/statements.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

constexpr DurationMs kOutboxAlarmMs = 30 * kSecondMs;
// How long after its deadline a write to KV is expected to land, if ever.
constexpr DurationMs kLateWriteMs = kMinuteMs;

template <class Value>
std::optional<Value> decoded(const std::optional<std::string>& bytes,
                             std::optional<Value> (*decode)(std::string_view)) {
  return bytes ? decode(*bytes) : std::nullopt;
}

std::vector<std::string> all_keys() {
  return {std::string(kRecordKey), std::string(kJournalKey),   std::string(kKeptKey),
          std::string(kOutboxKey), std::string(kPendingKey),   std::string(kRecoveredKey),
          std::string(kSignInKey), std::string(kSignInKeptKey)};
}

std::string_view journal_key(JournalKind kind) {
  return kind == JournalKind::code ? kSignInKey : kJournalKey;
}

std::string_view kept_key(JournalKind kind) {
  return kind == JournalKind::code ? kSignInKeptKey : kKeptKey;
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
  state.refresh = {.journal = decoded(values[1], decode_journal), .kept = values[2]};
  state.sign_in = {.journal = decoded(values[6], decode_journal), .kept = values[7]};
  state.outbox = decoded(values[3], decode_outbox);
  if (values[3] && !state.outbox) {
    state.outbox.emplace();  // whatever it owed: to deliver twice harms nobody
  }
  state.pending = decoded(values[4], decode_pending);
  state.recovered = values[5].has_value();
  if (state.record) {
    state.id = state.record->id;
  } else if (state.sign_in.journal) {
    state.id = state.sign_in.journal->id;
  }
  return state;
}

bool is_unreadable(const std::vector<std::optional<std::string>>& values,
                   const AuthorityState& state) {
  return (values[0] && !state.record) || (values[1] && !state.refresh.journal) ||
         (values[6] && !state.sign_in.journal);
}

// An outbox that a flow finds was left by one whose write to KV failed, or which died over it: that
// write may land yet.
Task<std::monostate> expect_late_write(AuthorityState* state) {
  if (state->outbox && !state->outbox->kv_done && state->outbox->kv_again_at == 0) {
    state->outbox->kv_again_at = co_await current_time() + kLateWriteMs;
  }
  co_return std::monostate{};
}

Problem store_fault() {
  return problem(ProblemCode::store_unavailable);
}

// The highest version of the backups; nullopt when both say that there is none.
Task<Result<std::optional<ConnectionRecord>, Problem>> recover(ConnectionId id) {
  auto [rows, cached] = co_await all_of(effect_task(Sql{.statements = {select_connection(id)}}),
                                        effect_task(KvGet{.key = connection_key(id)}));
  if (!rows || rows->empty() || !cached) {
    // Half an answer may be the older half, and a tombstone may be in the other.
    co_return std::unexpected(store_fault());
  }
  auto best = connection_of((*rows)[0]);
  auto copy = *cached ? decode_record(**cached) : std::nullopt;
  // What stands in D1 is the newer one as a rule. Where it cannot be read, to go on without it
  // could bring back what was ended; where nothing can be read, to go on would lose it.
  bool unreadable = (*rows)[0].rows.empty() ? *cached && !copy : !best;
  if (copy && (!best || copy->version > best->version)) {
    best = std::move(copy);
  }
  unreadable = unreadable || (best && (best->id != id || !is_of_known_provider(*best)));
  if (unreadable) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
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
  // Something is stored and cannot be read: to go on as if nothing were there would lose it.
  if (is_unreadable(*values, state) || (state.record && state.record->id != id)) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  state.id = id;
  (void)co_await expect_late_write(&state);
  if (!state.record && !state.sign_in.journal && !state.pending) {
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
  if (is_unreadable(*values, state)) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  if (!state.record && !state.sign_in.journal && !state.pending) {
    co_return std::optional<AuthorityState>();
  }
  (void)co_await expect_late_write(&state);
  co_return std::optional(std::move(state));
}

Task<bool> store(AuthorityState* state, StorageCommit commit) {
  const auto stored = co_await perform(std::move(commit));
  state->behind = state->behind || !stored;
  co_return stored.has_value();
}

Task<Result<std::monostate, Problem>> commit_record(FlowContext* context, AuthorityState* state,
                                                    ConnectionRecord next, Ends ends) {
  const auto now = co_await current_time();
  EpochMs kv_again_at = state->outbox ? state->outbox->kv_again_at : 0;
  if (state->outbox && !state->outbox->kv_done) {
    kv_again_at = std::max(kv_again_at, now + kLateWriteMs);
  }
  const Outbox outbox{.kv_again_at = kv_again_at};
  StorageCommit commit{.puts = {{std::string(kRecordKey), encode_record(next)},
                                {std::string(kOutboxKey), encode_outbox(outbox)}},
                       .deletes = {},
                       .alarm_at = now + kOutboxAlarmMs};
  if (state->refresh.journal) {
    commit.deletes.emplace_back(kJournalKey);
    commit.deletes.emplace_back(kKeptKey);
  }
  if (ends.sign_in && state->sign_in.journal) {
    commit.deletes.emplace_back(kSignInKey);
    commit.deletes.emplace_back(kSignInKeptKey);
  }
  if (state->recovered) {
    commit.deletes.emplace_back(kRecoveredKey);
  }
  if (ends.pending && state->pending) {
    commit.deletes.emplace_back(kPendingKey);
  }
  const auto stored = co_await perform(std::move(commit));
  if (!stored) {
    co_return std::unexpected(store_fault());
  }
  state->record = std::move(next);
  state->refresh = {};
  if (ends.sign_in) {
    state->sign_in = {};
  }
  state->recovered = false;
  state->outbox = outbox;
  if (ends.pending) {
    state->pending.reset();
  }
  (void)co_await publish(context, state);
  co_return std::monostate{};
}

Task<std::monostate> rewrite_kv(AuthorityState* state) {
  const auto written = co_await perform(KvPut{.key = connection_key(state->id),
                                              .value = encode_record(*state->record),
                                              .ttl_seconds = kRecordKvSeconds});
  if (written || written.error() != HostFault::timeout) {
    co_return std::monostate{};
  }
  // It may land over a newer one, as any write that timed out: KV is owed another after that.
  const auto now = co_await current_time();
  state->outbox = Outbox{.d1_done = true, .kv_again_at = now + kLateWriteMs};
  StorageCommit commit{.puts = {{kOutboxKey, encode_outbox(*state->outbox)}},
                       .deletes = {},
                       .alarm_at = state->outbox->kv_again_at};
  (void)co_await store(state, std::move(commit));
  co_return std::monostate{};
}

Task<std::monostate> publish(FlowContext* context, AuthorityState* state) {
  if (!state->outbox || !state->record) {
    co_return std::monostate{};
  }
  auto& outbox = *state->outbox;
  const auto begun = co_await current_time();
  KvPut put{.key = connection_key(state->id),
            .value = encode_record(*state->record),
            .ttl_seconds = kRecordKvSeconds};
  Sql upsert{.statements = {upsert_connection(*state->record)}};
  KvPut::Reply kv;
  Sql::Reply d1 = std::vector<SqlOutcome>();
  if (!outbox.kv_done && !outbox.d1_done) {
    auto [written, stored] =
        co_await all_of(effect_task(std::move(put)), effect_task(std::move(upsert)));
    kv = written;
    d1 = std::move(stored);
  } else if (!outbox.kv_done) {
    kv = co_await perform(std::move(put));
  } else {
    d1 = co_await perform(std::move(upsert));
  }
  const auto now = co_await current_time();
  if (!kv && kv.error() == HostFault::timeout) {
    outbox.kv_again_at = now + kLateWriteMs;
  }
  if (d1 && !d1->empty() && d1->front().changes == 0) {
    // Newer than what its only writer has: the writer's storage was put back, or lost for a while.
    (void)co_await perform(Log{.level = LogLevel::error,
                               .event = "backup_is_newer",
                               .fields = {{"connection", connection_key(state->id)}}});
  }
  // Done is what no late write can undo: before that, D1 may take as long as it likes.
  outbox.kv_done = outbox.kv_done || (kv && begun >= outbox.kv_again_at);
  outbox.d1_done = d1.has_value();
  StorageCommit commit;
  if (!kv || !outbox.d1_done) {
    ++outbox.attempts;
    commit.alarm_at = now + retry_delay(outbox.attempts + 3, random_bits(context));
    (void)co_await perform(Log{.level = LogLevel::warn,
                               .event = "outbox_retry",
                               .fields = {{"connection", connection_key(state->id)},
                                          {"kv", kv ? "done" : "failed"},
                                          {"d1", outbox.d1_done ? "done" : "failed"}}});
  } else if (!outbox.kv_done) {
    commit.alarm_at = outbox.kv_again_at;
  } else {
    commit.deletes.emplace_back(kOutboxKey);
    // Where an earlier commit failed, what is stored may owe more than what is here.
    if (!state->behind) {
      commit.alarm_at = next_alarm(*state, now);
    }
    state->outbox.reset();
  }
  if (state->outbox) {
    commit.puts.emplace_back(kOutboxKey, encode_outbox(outbox));
  }
  (void)co_await store(state, std::move(commit));
  co_return std::monostate{};
}

Task<Result<std::monostate, Problem>> open_journal(AuthorityState* state, Journal journal,
                                                   EpochMs alarm_at) {
  const auto kind = journal.kind;
  const auto stored =
      co_await perform(StorageCommit{.puts = {{journal_key(kind), encode_journal(journal)}},
                                     .deletes = {std::string(kept_key(kind))},
                                     .alarm_at = alarm_at});
  if (!stored) {
    co_return std::unexpected(store_fault());
  }
  state->exchange(kind) = {.journal = std::move(journal), .kept = {}};
  co_return std::monostate{};
}

Task<bool> write_journal(AuthorityState* state, JournalKind kind) {
  StorageCommit commit{
      .puts = {{journal_key(kind), encode_journal(*state->exchange(kind).journal)}},
      .deletes = {},
      .alarm_at = std::nullopt};
  co_return co_await store(state, std::move(commit));
}

Task<std::monostate> close_journal(AuthorityState* state, JournalKind kind) {
  const auto now = co_await current_time();
  const auto& journal = state->exchange(kind).journal;
  const bool doubt = kind == JournalKind::refresh && journal && journal->attempts > 1;
  state->exchange(kind) = {};
  StorageCommit commit{.puts = {},
                       .deletes = {std::string(journal_key(kind)), std::string(kept_key(kind))},
                       .alarm_at = std::nullopt};
  if (doubt) {
    // This try says nothing about the token; what an earlier one did to it is unknown still.
    commit.puts.emplace_back(kRecoveredKey, "1");
    state->recovered = true;
  }
  if (!state->outbox && !state->behind) {
    commit.alarm_at = next_alarm(*state, now);
  }
  (void)co_await store(state, std::move(commit));
  co_return std::monostate{};
}

EpochMs next_alarm(const AuthorityState& state, EpochMs now) {
  EpochMs next = state.pending ? state.pending->expires_at : 0;
  for (const auto* exchange : {&state.refresh, &state.sign_in}) {
    const auto& journal = exchange->journal;
    if (!journal || journal->attempts > kMostUnaskedTries) {
      continue;
    }
    const auto at = journal->retry_at > now ? journal->retry_at : now + kMinuteMs;
    next = next == 0 ? at : std::min(next, at);
  }
  return next;
}

}  // namespace postern
