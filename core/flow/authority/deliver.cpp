// Webhooks of one connection: each gets every event, one after another, until it has taken it or it
// is given up. Runs beside the authority's other flows, which a slow receiver must not hold up: it
// writes `delivery` and takes away event rows, and nothing else does; they add rows, and it does
// not.
#include <algorithm>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/flow/authority/operations.h"
#include "core/flow/authority/store.h"
#include "core/flow/events/webhook.h"
#include "core/flow/frame/log.h"
#include "core/flow/store/database.h"
#include "core/flow/store/dead_letters.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/place.h"

namespace postern {

namespace {

// Of one flow: three times a receiver's deadline and D1's is less than a front's own.
constexpr int kMostRequests = 3;
// Rows that are read, or taken away, at once.
constexpr std::int64_t kMostTaken = 100;
// Events that wait for one webhook; what is beyond goes to the dead letters, the oldest first.
constexpr std::int64_t kMostWaiting = 1000;
// Where these cannot be written either so many more wait; what is beyond is lost, and the log says
// so.
constexpr std::int64_t kMostWaitingForLetters = 1000;
// Where the variable, or an entry of it, cannot be read. Every connection rings for it.
constexpr DurationMs kReadAgainMs = kHourMs;
// Where the dead letter itself cannot be written.
constexpr DurationMs kDeadLetterAgainMs = 5 * kMinuteMs;
constexpr DurationMs kLongestPatienceMs = kDayMs;

struct Deliveries {
  std::int64_t count = 0;  // events that were written
  Delivery delivery;
  std::string stored;  // the same as it is in storage
};

// Whose turn it is.
struct Turn {
  const Webhook* webhook = nullptr;
  WebhookProgress* progress = nullptr;
};

std::string event_key(std::int64_t number) {
  return std::string(kEventKeyPrefix) + to_decimal(number);
}

WebhookProgress* progress_of(Deliveries& all, std::string_view name) {
  const auto found = std::ranges::find(all.delivery.webhooks, name, &WebhookProgress::name);
  return found == all.delivery.webhooks.end() ? nullptr : &*found;
}

// As it stands, for the webhooks that there are now: a new one begins with what is still there, one
// that is gone is owed nothing. While some cannot be read, what is owed to those that are not there
// stays: they may be these.
Task<Result<Deliveries, Problem>> load(const std::vector<Webhook>* webhooks, bool all_are_read) {
  const auto read =
      co_await perform(StorageRead{.keys = {std::string(kEventsKey), std::string(kDeliveryKey)}});
  if (!read || read->size() != 2) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  const auto& [count, stored] = std::tie((*read)[0], (*read)[1]);
  Deliveries all{.count = count ? parse_decimal(*count).value_or(0) : 0,
                 .delivery = stored ? decode_delivery(*stored).value_or(Delivery()) : Delivery(),
                 .stored = stored.value_or(std::string())};
  all.count = std::max(all.count, all.delivery.seen);
  if (all_are_read) {
    std::erase_if(all.delivery.webhooks, [&](const WebhookProgress& progress) {
      return std::ranges::find(*webhooks, progress.name, &Webhook::name) == webhooks->end();
    });
  }
  for (const auto& webhook : *webhooks) {
    if (progress_of(all, webhook.name) == nullptr) {
      all.delivery.webhooks.push_back({.name = webhook.name, .next = all.delivery.first});
    }
  }
  co_return std::move(all);
}

// nullopt: none is due. The one that has come furthest, which is done the soonest: behind one that
// is slow and has much to catch up with it would wait for all of it.
std::optional<Turn> whose_turn(const std::vector<Webhook>& webhooks, Deliveries& all, EpochMs now) {
  std::optional<Turn> turn;
  for (const auto& webhook : webhooks) {
    auto* progress = progress_of(all, webhook.name);
    if (progress->next < all.count && progress->next_at <= now &&
        (!turn || progress->next > turn->progress->next)) {
      turn = {.webhook = &webhook, .progress = progress};
    }
  }
  return turn;
}

// Writes what was reached, and takes away the rows that nobody needs any more.
Task<bool> save(Deliveries* all, const std::vector<Webhook>* webhooks, bool all_are_read) {
  auto& delivery = all->delivery;
  const auto now = co_await current_time();
  // Whatever cannot be read now may be owed all that is there, up to what may wait for any other.
  const auto least = all->count - kMostWaiting;
  auto first = all_are_read ? all->count : std::max(delivery.first, least);
  delivery.seen = all->count;
  delivery.next_at = all_are_read || first == all->count ? 0 : now + kReadAgainMs;
  for (const auto& progress : delivery.webhooks) {
    if (progress.next >= all->count) {
      continue;
    }
    const bool known =
        std::ranges::find(*webhooks, progress.name, &Webhook::name) != webhooks->end();
    first = std::min(first, known ? progress.next : std::max(progress.next, least));
    const auto at = std::max(progress.next_at, known ? now : now + kReadAgainMs);
    delivery.next_at = delivery.next_at == 0 ? at : std::min(delivery.next_at, at);
  }
  StorageCommit commit;
  for (; delivery.first < first && std::ssize(commit.deletes) < kMostTaken; ++delivery.first) {
    commit.deletes.push_back(event_key(delivery.first));
  }
  if (delivery.first < first && delivery.next_at == 0) {
    delivery.next_at = now;
  }
  auto bytes = encode_delivery(delivery);
  if (bytes == all->stored) {
    co_return true;
  }
  commit.puts.emplace_back(kDeliveryKey, bytes);
  co_return (co_await perform(std::move(commit))).has_value();
}

// The first event that a webhook wants, from where it stands, which moves there; nullopt when there
// is none among the next hundred.
Task<Result<std::optional<Event>, Problem>> next_event(ConnectionId id, Turn turn,
                                                       std::int64_t count) {
  auto& next = turn.progress->next;
  const auto end = std::min(count, next + kMostTaken);
  for (; next < end; ++next) {
    const auto read = co_await perform(StorageRead{.keys = {event_key(next)}});
    if (!read || read->size() != 1) {
      co_return std::unexpected(problem(ProblemCode::store_unavailable));
    }
    auto events = (*read)[0] ? decode_events(*(*read)[0]) : std::nullopt;
    if ((*read)[0] && !events) {
      (void)co_await log_connection(LogLevel::error, "events_unreadable", &id);
    }
    if (events && events->size() == 1 && turn.webhook->wants(events->front().type)) {
      co_return std::optional(std::move(events->front()));
    }
  }
  co_return std::optional<Event>();
}

std::optional<DurationMs> asked_patience(const HttpReply& reply, EpochMs now) {
  for (const auto& [name, value] : reply.headers) {
    if (name == "retry-after") {
      return parse_retry_after(value, now);
    }
  }
  return std::nullopt;
}

// Given up, but not lost: it is kept where an operator finds it and can have it sent again. False
// where that cannot be written.
Task<bool> give_up(ConnectionId id, Event event, Turn turn, std::string reason) {
  const auto now = co_await current_time();
  const auto org = id.org;
  const auto kept =
      co_await perform(in_database_of(org, {insert_dead_letter({.id = std::move(id),
                                                                .event = std::move(event),
                                                                .webhook = turn.webhook->name,
                                                                .attempts = turn.progress->attempts,
                                                                .reason = std::move(reason),
                                                                .failed_at = now})}));
  if (kept) {
    *turn.progress = {.name = turn.webhook->name, .next = turn.progress->next + 1};
  } else {
    turn.progress->next_at = now + kDeadLetterAgainMs;
  }
  co_return kept.has_value();
}

// One request, and what came of it. `waiting`: how many events the webhook has not got.
Task<std::monostate> send(FlowContext* context, ConnectionId id, Event event, Turn turn,
                          std::int64_t waiting) {
  const auto sent_at = co_await current_time();
  const auto reply = co_await perform(webhook_request(*turn.webhook, event, sent_at));
  const auto now = co_await current_time();
  if (reply && reply->status >= 200 && reply->status < 300) {
    *turn.progress = {.name = turn.webhook->name, .next = turn.progress->next + 1};
    co_return std::monostate{};
  }
  auto& progress = *turn.progress;
  ++progress.attempts;
  std::string said = reply ? to_decimal(reply->status) : std::string(name_of(reply.error()));
  (void)co_await perform(Log{.level = LogLevel::warn,
                             .event = "webhook_failed",
                             .fields = {{"connection", connection_key(id)},
                                        {"event_id", event.id},
                                        {"attempts", to_decimal(progress.attempts)},
                                        {"reason", said}}});
  // Where too many wait their letters could not be written just now: that is soon tried again.
  const bool too_many = waiting > kMostWaiting;
  if (progress.attempts >= kMostDeliveryAttempts && !too_many) {
    (void)co_await give_up(std::move(id), std::move(event), turn, std::move(said));
    co_return std::monostate{};
  }
  const auto asked = reply ? asked_patience(*reply, now) : std::nullopt;
  progress.next_at = now + std::max(delivery_delay(progress.attempts, random_bits(context)),
                                    std::min(asked.value_or(0), kLongestPatienceMs));
  if (too_many) {
    progress.next_at = std::min(progress.next_at, now + kDeadLetterAgainMs);
  }
  // Beyond all room goes what was refused twice, and where that is far beyond, all of it, tried or
  // not: one at a time could not keep up with what arrives.
  const auto excess = waiting - kMostWaiting - kMostWaitingForLetters;
  if (excess > 0 && progress.attempts > 1) {
    const auto lost = excess > kMostTaken ? excess : 1;
    (void)co_await log_connection(LogLevel::error, "dead_letters_lost", &id, "count",
                                  to_decimal(lost));
    progress = {.name = turn.webhook->name, .next = progress.next + lost};
  }
  co_return std::monostate{};
}

// Sends what is due, some of it; Fault: store_unavailable.
Task<Result<std::monostate, Problem>> deliver(FlowContext* context, ConnectionId id,
                                              const std::vector<Webhook>* webhooks,
                                              bool all_are_read) {
  for (int requests = 0; requests < kMostRequests; ++requests) {
    auto all = co_await load(webhooks, all_are_read);
    if (!all) {
      co_return std::unexpected(all.error());
    }
    const auto now = co_await current_time();
    const auto turn = whose_turn(*webhooks, *all, now);
    if (turn) {
      auto event = co_await next_event(id, *turn, all->count);
      if (!event) {
        co_return std::unexpected(event.error());
      }
      const auto waiting = all->count - turn->progress->next;
      // Where the oldest cannot be given up, the receiver may take it after all.
      const bool given_up = *event && waiting > kMostWaiting &&
                            co_await give_up(id, **event, *turn, "too_many_waiting");
      if (*event && !given_up) {
        (void)co_await send(context, id, std::move(**event), *turn, waiting);
      }
    }
    if (!co_await save(&*all, webhooks, all_are_read)) {
      co_return std::unexpected(problem(ProblemCode::store_unavailable));
    }
    if (!turn) {
      break;
    }
  }
  co_return std::monostate{};
}

}  // namespace

Task<Outcome> authority_deliver_flow(FlowContext* context) {
  const auto id = decode_connection_id(context->input.payload);
  if (!id) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  std::vector<std::string> invalid;
  const auto webhooks = webhooks_of(*context, id->org, &invalid);
  for (const auto& place : invalid) {
    (void)co_await perform(
        Log{.level = LogLevel::error, .event = "webhook_not_valid", .fields = {{"place", place}}});
  }
  const auto delivered = co_await deliver(context, *id, &webhooks, invalid.empty());
  if (!delivered) {
    co_return problem_outcome(delivered.error());
  }
  // The alarm is the authority's: it looks at what is owed as a whole.
  (void)co_await perform(ask_authority(*id, "authority.alarm", "delivered"));
  co_return problem_outcome(ProblemCode::core_trap);
}

Task<Outcome> authority_redeliver_flow(FlowContext* context) {
  auto payload = decode_redeliver_payload(context->input.payload);
  if (!payload) {
    co_return problem_outcome(ProblemCode::core_trap);
  }
  auto state = co_await load_authority(context, payload->id);
  if (!state) {
    co_return problem_outcome(state.error());
  }
  StorageCommit commit;
  add_webhook_event(&*state, &commit, payload->event);
  if (commit.puts.empty()) {
    co_return problem_outcome(ProblemCode::no_webhook);
  }
  if (!state->record) {
    commit.puts.emplace_back(kOwnerKey, encode(state->id));
  }
  if (!co_await store(&*state, std::move(commit))) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  // It waits again: should it fail again, it comes back.
  (void)co_await perform(
      in_database_of(payload->id.org, {delete_dead_letters(payload->id.org, payload->event.id)}));
  JsonWriter out;
  out.begin_object().key("success").boolean(true).member("id", payload->event.id);
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
