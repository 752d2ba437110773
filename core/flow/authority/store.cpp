#include "core/flow/authority/store.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/text.h"
#include "core/flow/events/webhook.h"
#include "core/flow/frame/log.h"
#include "core/flow/store/payload.h"

namespace postern {

namespace {

constexpr std::int64_t kVersions = 3;
// Some 340 events. Where D1 has been down for so long the oldest go: a flow has to be able to hold
// them several times.
constexpr std::size_t kMostEventBytes = std::size_t{64} * 1024;

std::string_view journal_key(JournalKind kind) {
  return kind == JournalKind::code ? kSignInKey : kJournalKey;
}

std::string_view kept_key(JournalKind kind) {
  return kind == JournalKind::code ? kSignInKeptKey : kKeptKey;
}

// Adds events of `record` to a commit and to what is owed. Gives how many earlier ones D1's log
// will not get for want of room.
std::size_t tell(AuthorityState* state, const ConnectionRecord& record,
                 const std::vector<Told>& told, EpochMs now, StorageCommit* commit,
                 Outbox* outbox) {
  auto& events = outbox->events;
  for (const auto& each : told) {
    const auto event = make_event("evt_" + base64url_encode(state->context->take_entropy(12)),
                                  each.type, now, record, each.details);
    append_event(events, event);
    add_webhook_event(state, commit, event);
  }
  std::size_t dropped = 0;
  if (events.size() > kMostEventBytes) {
    const auto kept = decode_events(events).value_or(std::vector<Event>());
    dropped = kept.size() / 2;
    events.clear();
    for (std::size_t i = dropped; i < kept.size(); ++i) {
      append_event(events, kept[i]);
    }
  }
  commit->puts.emplace_back(kOutboxKey, encode_outbox(*outbox));
  return dropped;
}

// What events tell of where nothing is connected.
ConnectionRecord nobody_connected(const AuthorityState& state) {
  ConnectionRecord record;
  record.id = state.id;
  if (state.settings) {
    record.provider = state.settings->provider->id;
  }
  return record;
}

Task<std::monostate> say_dropped(const AuthorityState* state, std::size_t dropped) {
  if (dropped != 0) {
    (void)co_await log_connection(LogLevel::error, "events_dropped", &state->id, "count",
                                  to_decimal(static_cast<std::int64_t>(dropped)));
  }
  co_return std::monostate{};
}

}  // namespace

std::int64_t versions_kept(const FlowContext& context) {
  const auto declared = parse_decimal(context.env("TOKEN_VERSIONS_KEPT"));
  return std::clamp<std::int64_t>(declared.value_or(kVersions), 0, kMostVersions);
}

std::uint32_t random_bits(FlowContext* context) {
  std::uint32_t bits = 0;
  for (const char byte : context->take_entropy(4)) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
  }
  return bits;
}

void add_webhook_event(AuthorityState* state, StorageCommit* commit, const Event& event) {
  std::vector<std::string> invalid;
  const auto webhooks = webhooks_of(*state->context, state->id.org, &invalid);
  // While a webhook cannot be read nobody knows what it wants.
  if (invalid.empty() && std::ranges::none_of(webhooks, [&](const Webhook& webhook) {
        return webhook.wants(event.type);
      })) {
    return;
  }
  commit->puts.emplace_back(std::string(kEventKeyPrefix) + to_decimal(state->event_count),
                            encode_event(event));
  ++state->event_count;
  std::erase_if(commit->puts, [](const auto& put) { return put.first == kEventsKey; });
  commit->puts.emplace_back(kEventsKey, to_decimal(state->event_count));
}

void write_pauses(AuthorityState* state, const ConnectionRecord& record, EpochMs now, bool changed,
                  StorageCommit* commit) {
  auto& pauses = state->pauses;
  const auto over =
      std::erase_if(pauses, [&](const Pause& pause) { return !is_in_force(pause, record, now); });
  if (over == 0 && !changed) {
    return;
  }
  if (pauses.empty()) {
    commit->deletes.emplace_back(kPausesKey);
  } else {
    commit->puts.emplace_back(kPausesKey, encode_pauses(pauses));
  }
}

Task<bool> store(AuthorityState* state, StorageCommit commit, std::vector<Told> told) {
  const auto now = co_await current_time();
  auto outbox = state->outbox;
  const auto event_count = state->event_count;
  std::size_t dropped = 0;
  if (!told.empty()) {
    if (!state->outbox) {
      state->outbox = Outbox{.kv_done = true, .d1_done = true, .retry_at = now + kLogAlarmMs};
    } else if (state->outbox->owes_no_store() && state->outbox->retry_at != 0) {
      // A grant that is to be ended may have hours to wait; the log of events does not.
      state->outbox->retry_at = earlier_alarm(state->outbox->retry_at, now + kLogAlarmMs);
    }
    if (state->record) {
      dropped = tell(state, *state->record, told, now, &commit, &*state->outbox);
    } else {
      dropped = tell(state, nobody_connected(*state), told, now, &commit, &*state->outbox);
      commit.puts.emplace_back(kOwnerKey, encode(state->id));
    }
  }
  if (!state->behind) {
    commit.alarm_at = next_alarm(*state, now);
  }
  const auto stored = co_await perform(std::move(commit));
  state->armed = stored.has_value() && !state->behind;
  if (!stored) {
    state->behind = true;
    state->outbox = std::move(outbox);
    state->event_count = event_count;
    co_return false;
  }
  (void)co_await say_dropped(state, dropped);
  co_return true;
}

namespace {

// The version before stays under its number, and the oldest goes. Of what was ended nothing is kept
// that could be found or brought back, nor of anything where none are to be kept.
void keep_version(const AuthorityState& state, Status next, StorageCommit* commit) {
  const auto most = versions_kept(*state.context);
  if (!state.record) {
    return;
  }
  const auto last = state.record->version;
  if (next == Status::revoked || most == 0) {
    for (std::int64_t age = 0; age <= kMostVersions; ++age) {
      commit->deletes.push_back(version_key(last - age));
    }
    return;
  }
  if (state.record->status != Status::revoked) {
    commit->puts.emplace_back(version_key(last), encode_record(*state.record));
  }
  commit->deletes.push_back(version_key(last - most));
  if (most < kMostVersions) {
    // What is left of a time when more were kept.
    commit->deletes.push_back(version_key(last - kMostVersions));
  }
}

// What is owed for a new version, besides what was owed for the one before.
Outbox outbox_for(const AuthorityState& state, EpochMs now) {
  if (!state.outbox) {
    return {};
  }
  const auto& earlier = *state.outbox;
  return {.kv_again_at = earlier.kv_done ? 0 : now + kLateWriteMs,
          .events = earlier.events,
          .worked_at = earlier.worked_at,
          .revocations = earlier.revocations};
}

}  // namespace

Task<Result<std::monostate, Problem>> commit_record(AuthorityState* state, ConnectionRecord next,
                                                    std::vector<Told> told, Ends ends) {
  if (!may_become(state->record ? state->record->status : Status::not_connected, next.status)) {
    co_return std::unexpected(problem(ProblemCode::core_trap));
  }
  const auto now = co_await current_time();
  StorageCommit commit{.puts = {{kRecordKey, encode_record(next)}}, .deletes = {}, .alarm_at = {}};
  keep_version(*state, next.status, &commit);
  auto outbox = outbox_for(*state, now);
  const bool gives_up = add_revocations(&outbox, std::move(ends.revocations));
  if (state->refresh.journal || state->behind) {
    commit.deletes.emplace_back(kJournalKey);
    commit.deletes.emplace_back(kKeptKey);
  }
  if (ends.sign_in && state->sign_in.journal) {
    commit.deletes.emplace_back(kSignInKey);
    commit.deletes.emplace_back(kSignInKeptKey);
  }
  if (ends.in_doubt || (ends.keeps_doubt && state->recovered == 0)) {
    commit.puts.emplace_back(kRecoveredKey, "1");
  } else if (state->recovered != 0 && !ends.keeps_doubt) {
    commit.deletes.emplace_back(kRecoveredKey);
  }
  // A rollback begins anew, with what was given since.
  const bool anew = (next.status == Status::revoked || ends.in_doubt) && !state->pauses.empty();
  if (anew) {
    state->pauses.clear();
  }
  write_pauses(state, next, now, anew, &commit);
  if (ends.pending && (state->pending || state->pending_unreadable)) {
    commit.deletes.emplace_back(kPendingKey);
  }
  const bool ends_trouble =
      state->trouble && !ends.in_doubt && told.front().type != EventType::refresh_failed;
  if (ends_trouble) {
    commit.deletes.emplace_back(kTroubleKey);
    if (next.status == Status::connected) {
      told.push_back({.type = EventType::recovered,
                      .details = {{"reason", state->trouble->reason},
                                  {"since", format_iso8601(state->trouble->since)}}});
    }
  }
  // The provider took the integration just now: a rollback does not ask it.
  if (told.front().type == EventType::refreshed ||
      (told.front().type == EventType::connected && !ends.in_doubt)) {
    outbox.worked_at = now;
  }
  const auto event_count = state->event_count;
  const auto dropped = tell(state, next, told, now, &commit, &outbox);
  commit.alarm_at = earlier_alarm(now + kOutboxAlarmMs,
                                  delivery_due_at(state->delivery, state->event_count, now));
  const auto stored = co_await perform(std::move(commit));
  if (!stored) {
    state->event_count = event_count;
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  state->record = std::move(next);
  state->refresh = {};
  if (ends.sign_in) {
    state->sign_in = {};
  }
  state->recovered = ends.in_doubt      ? 1
                     : ends.keeps_doubt ? std::max<EpochMs>(state->recovered, 1)
                                        : 0;
  if (ends_trouble) {
    state->trouble.reset();
  }
  state->outbox = std::move(outbox);
  if (ends.pending) {
    state->pending.reset();
  }
  (void)co_await say_dropped(state, dropped);
  if (gives_up) {
    (void)co_await log_connection(LogLevel::error, "revocation_given_up", &state->id);
  }
  (void)co_await publish(state);
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
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  state->exchange(kind) = {.journal = std::move(journal), .kept = {}};
  co_return std::monostate{};
}

Task<bool> write_journal(AuthorityState* state, JournalKind kind) {
  const auto stored = co_await perform(
      StorageCommit{.puts = {{journal_key(kind), encode_journal(*state->exchange(kind).journal)}},
                    .deletes = {},
                    .alarm_at = std::nullopt});
  state->behind = state->behind || !stored;
  co_return stored.has_value();
}

Task<std::monostate> close_journal(AuthorityState* state, JournalKind kind, StorageCommit commit,
                                   std::vector<Told> told) {
  const auto& journal = state->exchange(kind).journal;
  const bool doubt = kind == JournalKind::refresh && journal && journal->attempts > 1;
  state->exchange(kind) = {};
  commit.deletes.emplace_back(journal_key(kind));
  commit.deletes.emplace_back(kept_key(kind));
  if (doubt) {
    // This try says nothing about the token; what an earlier one did to it is unknown still.
    commit.puts.emplace_back(kRecoveredKey, "1");
    state->recovered = 1;
  }
  (void)co_await store(state, std::move(commit), std::move(told));
  co_return std::monostate{};
}

}  // namespace postern
