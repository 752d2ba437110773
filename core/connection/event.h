// What is told of a connection to whoever subscribed, and how far the telling has come.
//
// An event is written in the same transaction as the change that it tells of. From there it goes
// into D1's log of events (with the outbox) and, one after another for each connection, to the
// organization's webhooks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/pairs.h"
#include "core/base/time.h"
#include "core/connection/record.h"

namespace postern {

enum class EventType : std::uint8_t {
  connected,
  refreshed,
  refresh_retry,   // a passing fault; it will be tried again by itself
  refresh_failed,  // refused for a reason that trying again does not change; the grant lives
  recovered,       // a refresh works again
  needs_reauth,
  disconnected,
  grant_expiring,  // the grant will end whatever is done
  connect_failed,  // an attempt to connect ended without a connection; what was there stays
  // Of an integration, no connection: in the log only, because authorities tell webhooks.
  admin_consent_claimed,
};
[[nodiscard]] std::string_view name_of(EventType type);
[[nodiscard]] std::optional<EventType> parse_event_type(std::string_view text);
[[nodiscard]] constexpr bool is_of_connection(EventType type) {
  return type != EventType::admin_consent_claimed;
}
// With what it is of: "connection.refreshed", "integration.admin_consent_claimed". One that is not
// known here is a connection's.
[[nodiscard]] std::string full_type(std::string_view type);
// Whether it has the shape of a type's word, known here or not.
[[nodiscard]] bool is_event_type(std::string_view text);

struct Event {
  std::string id;  // "evt_…": the same wherever and however often it arrives
  // A word (name_of). What a newer release stored may have one that this one does not know: it is
  // passed on all the same.
  std::string type;
  EpochMs at = 0;
  std::string data;  // a JSON object; never a token
};
// The members that every event has, then `details`.
[[nodiscard]] Event make_event(std::string id, EventType type, EpochMs at,
                               const ConnectionRecord& record, const Pairs& details);
// A directory's administrator said yes, or somebody says so; nothing but `members`.
[[nodiscard]] Event make_admin_consent_event(std::string id, EpochMs at, const Pairs& members);
// {"type":"connection.…","timestamp":"…","data":{…}}, as Standard Webhooks has it.
[[nodiscard]] std::string event_body(const Event& event);

// Events one behind the other, as stored.
[[nodiscard]] std::string encode_event(const Event& event);
// Behind the last of them, in place of what a later release appended.
void append_event(std::string& events, const Event& event);
[[nodiscard]] std::optional<std::vector<Event>> decode_events(std::string_view bytes);

// How far one webhook has come with one connection's events.
struct WebhookProgress {
  std::string name;       // the webhook's (core/flow/events/webhook.h)
  std::int64_t next = 0;  // number of the first event that it has not got
  std::int64_t attempts = 0;
  EpochMs next_at = 0;  // not before
};
// The rows event:<first> to event:<seen - 1> are there or are of no interest to anybody.
struct Delivery {
  std::int64_t first = 0;
  std::int64_t seen = 0;  // how many events there were at the last look
  EpochMs next_at = 0;    // of all that have not got everything; 0: they all have
  std::vector<WebhookProgress> webhooks;
};
[[nodiscard]] std::string encode_delivery(const Delivery& delivery);
[[nodiscard]] std::optional<Delivery> decode_delivery(std::string_view bytes);
// When webhooks are to be looked after, where `count` events were written; 0: nothing is owed.
[[nodiscard]] EpochMs delivery_due_at(const Delivery& delivery, std::int64_t count, EpochMs now);

// Attempts at one event before it goes to the dead letters: some three days.
inline constexpr std::int64_t kMostDeliveryAttempts = 10;
// How long to wait after the `attempts`-th failure; `random` is any 32 random bits.
[[nodiscard]] DurationMs delivery_delay(std::int64_t attempts, std::uint32_t random);

}  // namespace postern
