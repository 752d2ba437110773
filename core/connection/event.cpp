#include "core/connection/event.h"

#include <algorithm>
#include <iterator>

#include "core/base/fields.h"
#include "core/base/json_writer.h"
#include "core/connection/application.h"

namespace postern {

namespace {

constexpr std::string_view kNames[] = {
    "connected",    "refreshed",    "refresh_retry",  "refresh_failed", "recovered",
    "needs_reauth", "disconnected", "grant_expiring", "connect_failed", "admin_consent_claimed"};
constexpr int kEventFields = 4;
constexpr std::size_t kLongestType = 40;

// As Standard Webhooks proposes.
constexpr DurationMs kDelays[kMostDeliveryAttempts - 1] = {
    5 * kSecondMs, 5 * kMinuteMs, 30 * kMinuteMs, 2 * kHourMs, 5 * kHourMs,
    10 * kHourMs,  14 * kHourMs,  20 * kHourMs,   24 * kHourMs};

}  // namespace

std::string_view name_of(EventType type) {
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<EventType> parse_event_type(std::string_view text) {
  const auto* found = std::ranges::find(kNames, text);
  return found == std::end(kNames) ? std::nullopt
                                   : std::optional(static_cast<EventType>(found - kNames));
}

std::string full_type(std::string_view type) {
  const auto known = parse_event_type(type);
  return (known && !is_of_connection(*known) ? "integration." : "connection.") + std::string(type);
}

bool is_event_type(std::string_view text) {
  return !text.empty() && text.size() <= kLongestType && std::ranges::all_of(text, [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

Event make_event(std::string id, EventType type, EpochMs at, const ConnectionRecord& record,
                 const Pairs& details) {
  const auto subject = parse_subject(record.id.subject);
  JsonWriter out;
  out.begin_object()
      .member("org_id", record.id.org)
      .member("integration", record.id.integration)
      .member("provider", record.provider)
      .member("user_id", subject.is_organization() ? kOrganizationName : subject.user_id)
      .member("status", name_of(record.status))
      .member("version", record.version);
  if (type == EventType::connected && record.sealed_refresh_token.empty() &&
      !is_application(record)) {
    out.key("can_refresh").boolean(false);
  }
  // Absent, as in 0.1.0: a user's default account.
  if (subject.is_organization()) {
    out.member("subject", "organization");
  }
  if (subject.account != kDefaultAccount) {
    out.member("account", subject.account);
  }
  for (const auto& [name, value] : details) {
    out.member(name, value);
  }
  return {.id = std::move(id),
          .type = std::string(name_of(type)),
          .at = at,
          .data = out.end_object().take()};
}

Event make_admin_consent_event(std::string id, EpochMs at, const Pairs& members) {
  JsonWriter out;
  out.begin_object();
  for (const auto& [name, value] : members) {
    out.member(name, value);
  }
  return {.id = std::move(id),
          .type = std::string(name_of(EventType::admin_consent_claimed)),
          .at = at,
          .data = out.end_object().take()};
}

std::string event_body(const Event& event) {
  JsonWriter out;
  out.begin_object()
      .member("type", full_type(event.type))
      .member("timestamp", format_iso8601(event.at));
  out.key("data").raw(event.data);
  return out.end_object().take();
}

std::string encode_event(const Event& event) {
  FieldWriter out;
  out.text(event.id).text(event.type).number(event.at).text(event.data);
  return out.take();
}

void append_event(std::string& events, const Event& event) {
  FieldReader in(events);
  auto behind = in.left();
  while (in.element()) {
    for (int field = 1; field < kEventFields; ++field) {
      (void)in.text();
    }
    behind = in.left();
  }
  // What cannot be read stays so.
  if (in.ok()) {
    events.resize(events.size() - behind);
  }
  events += encode_event(event);
}

std::optional<std::vector<Event>> decode_events(std::string_view bytes) {
  std::vector<Event> events;
  FieldReader in(bytes);
  bool well_formed = true;
  while (const auto id = in.element()) {
    Event event;
    event.id = *id;
    event.type = in.text();
    well_formed = well_formed && is_event_type(event.type);
    event.at = in.number();
    event.data = in.text();
    events.push_back(std::move(event));
  }
  return in.complete_or_later() && well_formed ? std::optional(std::move(events)) : std::nullopt;
}

std::string encode_delivery(const Delivery& delivery) {
  FieldWriter out;
  out.number(delivery.first).number(delivery.seen).number(delivery.next_at);
  for (const auto& webhook : delivery.webhooks) {
    out.text(webhook.name).number(webhook.next).number(webhook.attempts).number(webhook.next_at);
  }
  return out.take();
}

std::optional<Delivery> decode_delivery(std::string_view bytes) {
  FieldReader in(bytes);
  Delivery delivery;
  delivery.first = in.number();
  delivery.seen = in.number();
  delivery.next_at = in.number();
  while (const auto name = in.element()) {
    WebhookProgress webhook;
    webhook.name = *name;
    webhook.next = in.number();
    webhook.attempts = in.number();
    webhook.next_at = in.number();
    delivery.webhooks.push_back(std::move(webhook));
  }
  return in.complete_or_later() ? std::optional(std::move(delivery)) : std::nullopt;
}

EpochMs delivery_due_at(const Delivery& delivery, std::int64_t count, EpochMs now) {
  return count > delivery.seen ? now : delivery.next_at;
}

DurationMs delivery_delay(std::int64_t attempts, std::uint32_t random) {
  const auto delay = kDelays[std::clamp<std::int64_t>(attempts, 1, kMostDeliveryAttempts - 1) - 1];
  // A tenth more or less: what failed together does not come back together.
  return delay - delay / 10 +
         static_cast<DurationMs>(random % static_cast<std::uint32_t>(delay / 5 + 1));
}

}  // namespace postern
