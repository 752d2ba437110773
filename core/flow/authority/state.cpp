#include "core/flow/authority/state.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/connection/application.h"
#include "core/connection/decision.h"
#include "core/flow/authority/store.h"
#include "core/flow/frame/log.h"
#include "core/flow/store/connections.h"
#include "core/flow/store/database.h"
#include "core/flow/store/payload.h"

namespace postern {

namespace {

template <class Value>
std::optional<Value> decoded(const std::optional<std::string>& bytes,
                             std::optional<Value> (*decode)(std::string_view)) {
  return bytes ? decode(*bytes) : std::nullopt;
}

std::vector<std::string> all_keys() {
  return {std::string(kRecordKey), std::string(kJournalKey),    std::string(kKeptKey),
          std::string(kOutboxKey), std::string(kPendingKey),    std::string(kRecoveredKey),
          std::string(kSignInKey), std::string(kSignInKeptKey), std::string(kTroubleKey),
          std::string(kToldKey),   std::string(kEventsKey),     std::string(kDeliveryKey),
          std::string(kPausesKey)};
}

std::int64_t number_of(const std::optional<std::string>& bytes) {
  return bytes ? parse_decimal(*bytes).value_or(0) : 0;
}

// Without rules the strictest is assumed, and nothing is done unasked.
void apply_rules(AuthorityState* state) {
  const auto& settings = state->settings;
  // What was ended before it began has no provider yet; the sign-in that follows has.
  const bool fits = settings && (!state->record || state->record->provider.empty() ||
                                 (state->record->provider == settings->provider->id &&
                                  !is_of_another_cloud(*settings, state->record->cloud)));
  auto rules =
      fits
          ? grant_rules(*settings)
          : Result<GrantRules, Problem>(std::unexpected(problem(ProblemCode::unknown_integration)));
  state->rules_unknown = !rules;
  state->rules = rules ? *rules : GrantRules{.policy = {.mode = RefreshMode::on_demand}};
  if (state->record && is_application(*state->record)) {
    // There is no token that a second request could spend.
    state->rules.replay = {.kind = ReplayClass::not_rotated};
  }
}

AuthorityState state_of(FlowContext* context,
                        const std::vector<std::optional<std::string>>& values) {
  AuthorityState state;
  state.context = context;
  state.record = decoded(values[0], decode_record);
  state.refresh = {.journal = decoded(values[1], decode_journal), .kept = values[2]};
  state.sign_in = {.journal = decoded(values[6], decode_journal), .kept = values[7]};
  state.outbox = decoded(values[3], decode_outbox);
  if (values[3] && !state.outbox) {
    state.outbox.emplace();  // whatever it owed: to deliver twice harms nobody
  }
  state.pending = decoded(values[4], decode_pending);
  state.pending_unreadable = values[4] && !state.pending;
  state.recovered = number_of(values[5]);
  state.trouble = decoded(values[8], decode_trouble);
  state.told_of = number_of(values[9]);
  state.delivery = decoded(values[11], decode_delivery).value_or(Delivery());
  // Where the count cannot be read: not behind what was looked at, or what comes would be told to
  // nobody.
  state.event_count = std::max(number_of(values[10]), state.delivery.seen);
  state.pauses = values[12] ? decode_pauses(*values[12]) : std::vector<Pause>();
  if (state.record) {
    state.id = state.record->id;
  } else if (state.sign_in.journal) {
    state.id = state.sign_in.journal->id;
  } else if (const auto waits =
                 state.pending ? decode_record(state.pending->record) : std::nullopt) {
    state.id = waits->id;
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
Task<std::monostate> expect_late_write(AuthorityState* state, bool readable) {
  if (!readable) {
    (void)co_await log_connection(LogLevel::error, "events_unreadable", &state->id);
  }
  if (state->outbox && !state->outbox->kv_done && state->outbox->kv_again_at == 0) {
    state->outbox->kv_again_at = co_await current_time() + kLateWriteMs;
  }
  co_return std::monostate{};
}

// The highest version of the backups; nullopt when both say that there is none.
Task<Result<std::optional<ConnectionRecord>, Problem>> recover(ConnectionId id) {
  auto [rows, cached] =
      co_await all_of(effect_task(in_database_of(id.org, {select_connection(id)})),
                      effect_task(KvGet{.key = connection_key(id)}));
  if (!rows || rows->empty() || !cached) {
    // Half an answer may be the older half, and a tombstone may be in the other.
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  auto best = connection_of((*rows)[0]);
  auto copy = *cached ? decode_record(**cached) : std::nullopt;
  // What stands in D1 is the newer one as a rule. Where it cannot be read, to go on without it
  // could bring back what was ended; where nothing can be read, to go on would lose it.
  bool unreadable = (*rows)[0].rows.empty() ? *cached && !copy : !best;
  if (copy && (!best || copy->version > best->version)) {
    best = std::move(copy);
  }
  unreadable = unreadable || (best && best->id != id);
  if (unreadable) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  co_return std::move(best);
}

// One that a later release wrote may not be readable.
std::optional<ConnectionRecord> first_owed(const AuthorityState& state) {
  const auto all = state.outbox ? decode_revocations(state.outbox->revocations) : std::nullopt;
  for (const auto& owed : all.value_or(std::vector<Revocation>())) {
    if (auto record = decode_record(owed.record)) {
      return record;
    }
  }
  return std::nullopt;
}

Task<Result<std::optional<ConnectionId>, Problem>> stored_owner() {
  const auto read = co_await perform(StorageRead{.keys = {std::string(kOwnerKey)}});
  if (!read || read->size() != 1) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  co_return (*read)[0] ? decode_connection_id(*(*read)[0]) : std::nullopt;
}

}  // namespace

Result<Integration, Problem> integration_of(const AuthorityState& state, std::string_view tenant) {
  if (!state.settings) {
    return std::unexpected(state.settings.error());
  }
  return make_integration(*state.settings, tenant);
}

Task<Result<AuthorityState, Problem>> load_authority(FlowContext* context, ConnectionId id) {
  auto [values, settings] = co_await all_of(effect_task(StorageRead{.keys = all_keys()}),
                                            find_integration(context, id.org, id.integration));
  if (!values || values->size() != all_keys().size()) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  auto state = state_of(context, *values);
  // Something is stored and cannot be read: to go on as if nothing were there would lose it.
  if (is_unreadable(*values, state) || (state.record && state.record->id != id)) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  state.id = id;
  state.settings = std::move(settings);
  apply_rules(&state);
  (void)co_await expect_late_write(&state, !(*values)[3] || decode_outbox(*(*values)[3]));
  if (!state.record && !state.sign_in.journal && !state.pending) {
    auto found = co_await recover(id);
    if (!found) {
      co_return std::unexpected(found.error());
    }
    if (*found) {
      state.record = std::move(**found);
      apply_rules(&state);
      // The alarm went with the storage, and what is due is due still; and so did what was known of
      // a write to KV that is late. The backup that lacks the version gets it.
      const auto now = co_await current_time();
      const auto again_at = now + kLateWriteMs;
      state.outbox = Outbox{.kv_again_at = again_at, .retry_at = again_at};
      state.recovered = now + kRequestLifeMs;
      const auto stored =
          co_await perform(StorageCommit{.puts = {{kRecordKey, encode_record(*state.record)},
                                                  {kOutboxKey, encode_outbox(*state.outbox)},
                                                  {kRecoveredKey, to_decimal(state.recovered)}},
                                         .deletes = {},
                                         .alarm_at = next_alarm(state, now)});
      if (!stored) {
        co_return std::unexpected(problem(ProblemCode::store_unavailable));
      }
      (void)co_await log_connection(LogLevel::warn, "connection_recovered", &id);
    }
  }
  co_return std::move(state);
}

Task<Result<std::optional<AuthorityState>, Problem>> load_for_alarm(FlowContext* context) {
  const auto values = co_await perform(StorageRead{.keys = all_keys()});
  if (!values || values->size() != all_keys().size()) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  auto state = state_of(context, *values);
  if (is_unreadable(*values, state)) {
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable));
  }
  if (!state.record && !state.sign_in.journal && !state.pending) {
    // Never connected: perhaps what nobody confirmed is to be ended at its provider, or an attempt
    // that failed is to be told.
    if (auto owed = first_owed(state)) {
      state.id = std::move(owed->id);
    } else {
      auto owner = co_await stored_owner();
      if (!owner) {
        co_return std::unexpected(owner.error());
      }
      if (!*owner) {
        co_return std::optional<AuthorityState>();
      }
      state.id = std::move(**owner);
    }
  }
  state.settings = co_await find_integration(context, state.id.org, state.id.integration);
  apply_rules(&state);
  (void)co_await expect_late_write(&state, !(*values)[3] || decode_outbox(*(*values)[3]));
  co_return std::optional(std::move(state));
}

}  // namespace postern
