// Webhooks of one connection: each gets every event, one after another, until it has taken it or it
// is given up. Runs beside the authority's other flows, which a slow receiver must not hold up: it
// writes `delivery` and takes away event rows, and nothing else does; they add rows, and it does
// not.
#include <algorithm>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/flow/authority_store.h"
#include "core/flow/event_statements.h"
#include "core/flow/flows.h"
#include "core/flow/payload.h"
#include "core/flow/webhook.h"

namespace postern {

namespace {

// Of one flow: four times a receiver's deadline is less than a front's own.
constexpr int kMostRequests = 4;
// Rows of one commit.
constexpr std::int64_t kMostTaken = 100;
// Where the dead letter itself cannot be written.
constexpr DurationMs kDeadLetterAgainMs = 5 * kMinuteMs;
constexpr DurationMs kLongestPatienceMs = kDayMs;

struct Deliveries {
  std::int64_t count = 0;  // events that were written
  Delivery delivery;
  std::string stored;  // the same as it is in storage
};

std::string event_key(std::int64_t number) {
  return std::string(kEventKeyPrefix) + to_decimal(number);
}

// As it stands, for the webhooks that there are now: a new one begins with what is still there, one
// that is gone is owed nothing.
Task<Result<Deliveries, Problem>> load(const std::vector<Webhook>* webhooks) {
  const auto read =
      co_await perform(StorageRead{.keys = {std::string(kEventsKey), std::string(kDeliveryKey)}});
  if (!read || read->size() != 2) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  const auto& [count, stored] = std::tie((*read)[0], (*read)[1]);
  Deliveries all{.count = count ? parse_decimal(*count).value_or(0) : 0,
                 .delivery = stored ? decode_delivery(*stored).value_or(Delivery()) : Delivery(),
                 .stored = stored.value_or(std::string())};
  std::vector<WebhookProgress> progress;
  for (const auto& webhook : *webhooks) {
    const auto known = std::ranges::find(all.delivery.webhooks, webhook.url, &WebhookProgress::url);
    progress.push_back(known != all.delivery.webhooks.end()
                           ? *known
                           : WebhookProgress{.url = webhook.url, .next = all.delivery.first});
  }
  all.delivery.webhooks = std::move(progress);
  co_return std::move(all);
}

// Which webhook is to be asked next; nullopt: none is due.
std::optional<std::size_t> due_webhook(const Deliveries& all, EpochMs now) {
  for (std::size_t i = 0; i < all.delivery.webhooks.size(); ++i) {
    const auto& webhook = all.delivery.webhooks[i];
    if (webhook.next < all.count && webhook.next_at <= now) {
      return i;
    }
  }
  return std::nullopt;
}

// Writes what was reached, and takes away the rows that nobody needs any more.
Task<bool> save(Deliveries* all) {
  auto& delivery = all->delivery;
  auto first = all->count;
  delivery.seen = all->count;
  delivery.next_at = 0;
  const auto now = co_await current_time();
  for (const auto& webhook : delivery.webhooks) {
    if (webhook.next < all->count) {
      first = std::min(first, webhook.next);
      const auto at = std::max(webhook.next_at, now);
      delivery.next_at = delivery.next_at == 0 ? at : std::min(delivery.next_at, at);
    }
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
// is none.
Task<Result<std::optional<Event>, Problem>> next_event(const Webhook* webhook, std::int64_t count,
                                                       WebhookProgress* progress) {
  for (; progress->next < count; ++progress->next) {
    const auto read = co_await perform(StorageRead{.keys = {event_key(progress->next)}});
    if (!read || read->size() != 1) {
      co_return std::unexpected(problem(ProblemCode::store_unavailable));
    }
    auto events = (*read)[0] ? decode_events(*(*read)[0]) : std::nullopt;
    if (events && events->size() == 1 && webhook->wants(events->front().type)) {
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

// One request, and what came of it in `progress`.
Task<std::monostate> send(FlowContext* context, ConnectionId id, const Webhook* webhook,
                          Event event, WebhookProgress* progress) {
  const auto sent_at = co_await current_time();
  const auto reply = co_await perform(webhook_request(*webhook, event, sent_at));
  const auto now = co_await current_time();
  if (reply && reply->status >= 200 && reply->status < 300) {
    *progress = {.url = webhook->url, .next = progress->next + 1};
    co_return std::monostate{};
  }
  ++progress->attempts;
  const std::string said = reply ? to_decimal(reply->status) : std::string(name_of(reply.error()));
  (void)co_await perform(Log{.level = LogLevel::warn,
                             .event = "webhook_failed",
                             .fields = {{"connection", connection_key(id)},
                                        {"event", event.id},
                                        {"attempts", to_decimal(progress->attempts)},
                                        {"reason", said}}});
  if (progress->attempts < kMostDeliveryAttempts) {
    const auto asked = reply ? asked_patience(*reply, now) : std::nullopt;
    progress->next_at = now + std::max(delivery_delay(progress->attempts, random_bits(context)),
                                       std::min(asked.value_or(0), kLongestPatienceMs));
    co_return std::monostate{};
  }
  // Given up, but not lost: it is kept where an operator finds it and can have it sent again.
  const auto kept =
      co_await perform(Sql{.statements = {insert_dead_letter({.id = std::move(id),
                                                              .event = std::move(event),
                                                              .url = webhook->url,
                                                              .attempts = progress->attempts,
                                                              .reason = said,
                                                              .failed_at = now})}});
  if (kept) {
    *progress = {.url = webhook->url, .next = progress->next + 1};
  } else {
    progress->next_at = now + kDeadLetterAgainMs;
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
  for (const auto& what : invalid) {
    (void)co_await perform(
        Log{.level = LogLevel::error, .event = "webhook_not_valid", .fields = {{"url", what}}});
  }
  for (int requests = 0; requests < kMostRequests;) {
    auto all = co_await load(&webhooks);
    if (!all) {
      co_return problem_outcome(all.error());
    }
    const auto now = co_await current_time();
    const auto due = due_webhook(*all, now);
    if (due) {
      auto& progress = all->delivery.webhooks[*due];
      auto event = co_await next_event(&webhooks[*due], all->count, &progress);
      if (!event) {
        co_return problem_outcome(event.error());
      }
      if (*event) {
        ++requests;
        (void)co_await send(context, *id, &webhooks[*due], std::move(**event), &progress);
      }
    }
    if (!co_await save(&*all)) {
      co_return problem_outcome(ProblemCode::store_unavailable);
    }
    if (!due) {
      break;
    }
  }
  // The alarm is the authority's: it looks at what is owed as a whole.
  (void)co_await perform(Authority{.name = connection_key(*id),
                                   .operation = "authority.alarm",
                                   .payload = {},
                                   .restart = false,
                                   .note = {}});
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
  if (!co_await store(&*state, std::move(commit))) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  // It waits again: should it fail again, it comes back.
  (void)co_await perform(
      Sql{.statements = {delete_dead_letters(payload->id.org, payload->event.id)}});
  JsonWriter out;
  out.begin_object().key("success").boolean(true).member("id", payload->event.id);
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
