// What other stores get of an authority's changes: the record in KV and D1, events in D1's log.
#include <algorithm>

#include "core/connection/application.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"
#include "core/flow/store/admin_consents.h"
#include "core/flow/store/connections.h"
#include "core/flow/store/database.h"
#include "core/flow/store/events.h"
#include "core/flow/store/integration_faults.h"

namespace postern {

namespace {

// Statements of one batch of D1.
constexpr std::size_t kMostLogged = 40;

// By an application's token with roles.
std::optional<SqlStatement> consent_proven_by(const ConnectionRecord& record) {
  const auto application = application_of(record);
  const bool has_roles = std::ranges::any_of(
      record.tokens, [](const StoredAccessToken& token) { return !token.scope.empty(); });
  if (!application || record.status != Status::connected || !has_roles) {
    return std::nullopt;
  }
  return verify_admin_consent(record.id.org, record.id.integration, application->client_id,
                              application->tenant);
}

// The record where D1 has not got it, the mark that goes, the first of the events; nothing where
// nothing is owed.
std::vector<SqlStatement> backup_of(const AuthorityState& state, const std::vector<Event>& events) {
  std::vector<SqlStatement> statements;
  if (!state.outbox->d1_done) {
    statements.push_back(upsert_connection(*state.record));
    if (auto verified = consent_proven_by(*state.record)) {
      statements.push_back(std::move(*verified));
    }
  }
  for (const auto& event : events) {
    statements.push_back(insert_event(state.id, event));
  }
  if (state.outbox->worked_at != 0) {
    statements.push_back(
        delete_integration_fault(state.id.org, state.id.integration, state.outbox->worked_at));
  }
  return statements;
}

}  // namespace

EpochMs next_try(const Outbox& outbox, EpochMs now) {
  EpochMs at = outbox.events.empty() ? 0 : now + kLogAlarmMs;
  if (!outbox.kv_done) {
    at = earlier_alarm(at, outbox.kv_again_at);
  }
  for (const auto& owed :
       decode_revocations(outbox.revocations).value_or(std::vector<Revocation>())) {
    // Whoever ended the connection asks the provider at once.
    at = earlier_alarm(at, std::max(owed.retry_at, now + kOutboxAlarmMs));
  }
  return at;
}

Task<std::monostate> publish(AuthorityState* state) {
  // What is not stored is not told.
  if (!state->outbox || state->behind) {
    co_return std::monostate{};
  }
  auto& outbox = *state->outbox;
  const bool owes_record = !outbox.kv_done || !outbox.d1_done;
  if (outbox.owes_no_store() || (owes_record && !state->record)) {
    co_return std::monostate{};
  }
  const auto begun = co_await current_time();
  if (!outbox.kv_done && outbox.kv_again_at != 0 && outbox.kv_again_at < begun + kLateWriteMs) {
    // Said before it is done: whoever dies over this write may leave one that is late.
    outbox.kv_again_at = begun < outbox.kv_again_at ? begun + kLateWriteMs : 0;
    outbox.retry_at = 0;
    if (!co_await store(
            state, StorageCommit{.puts = {{kOutboxKey, encode_outbox(outbox)}}, .deletes = {}})) {
      co_return std::monostate{};
    }
  }
  auto decoded = decode_events(outbox.events);
  if (!decoded) {
    (void)co_await log_connection(LogLevel::error, "events_unreadable", &state->id);
  }
  auto events = std::move(decoded).value_or(std::vector<Event>());
  std::string left;
  for (std::size_t i = kMostLogged; i < events.size(); ++i) {
    left += encode_event(events[i]);
  }
  events.resize(std::min(events.size(), kMostLogged));
  auto owed = backup_of(*state, events);
  const bool owes_d1 = !owed.empty();
  auto backup = in_database_of(state->id.org, std::move(owed));
  const bool owed_record = !outbox.d1_done;
  KvPut put{.key = connection_key(state->id),
            .value = outbox.kv_done ? std::string() : encode_record(*state->record),
            .ttl_seconds = kRecordKvSeconds};
  KvPut::Reply kv;
  Sql::Reply d1 = std::vector<SqlOutcome>();
  if (!outbox.kv_done && owes_d1) {
    auto [written, stored] =
        co_await all_of(effect_task(std::move(put)), effect_task(std::move(backup)));
    kv = written;
    d1 = std::move(stored);
  } else if (!outbox.kv_done) {
    kv = co_await perform(std::move(put));
  } else if (owes_d1) {
    d1 = co_await perform(std::move(backup));
  }
  const auto now = co_await current_time();
  if (!kv && kv.error() == HostFault::timeout) {
    outbox.kv_again_at = now + kLateWriteMs;
  }
  if (owed_record && d1 && !d1->empty() && d1->front().changes == 0) {
    // Newer than what its only writer has: the writer's storage was put back, or lost for a while.
    (void)co_await log_connection(LogLevel::error, "backup_is_newer", &state->id);
  }
  // Done is what no late write can undo: before that, D1 may take as long as it likes.
  outbox.kv_done = outbox.kv_done || (kv && begun >= outbox.kv_again_at);
  if (d1) {
    outbox.d1_done = true;
    outbox.events = std::move(left);
    outbox.worked_at = 0;
  }
  StorageCommit commit;
  if (!kv || !d1) {
    ++outbox.attempts;
    outbox.retry_at = now + retry_delay(outbox.attempts + 3, random_bits(state->context));
    (void)co_await perform(Log{.level = LogLevel::warn,
                               .event = "outbox_retry",
                               .fields = {{"connection", connection_key(state->id)},
                                          {"kv", kv ? "done" : "failed"},
                                          {"d1", d1 ? "done" : "failed"}}});
  } else if (!outbox.is_done()) {
    outbox.retry_at = next_try(outbox, now);
  } else {
    state->outbox.reset();
  }
  if (state->outbox) {
    commit.puts.emplace_back(kOutboxKey, encode_outbox(outbox));
  } else {
    commit.deletes.emplace_back(kOutboxKey);
    if (!state->record && state->event_count == 0) {
      commit.deletes.emplace_back(kOwnerKey);
    }
  }
  (void)co_await store(state, std::move(commit));
  co_return std::monostate{};
}

}  // namespace postern
