#include "core/connection/event.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/base/json.h"

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'767'323'045'000;

constexpr EventType kAll[] = {
    EventType::connected,      EventType::refreshed,      EventType::refresh_retry,
    EventType::refresh_failed, EventType::recovered,      EventType::needs_reauth,
    EventType::disconnected,   EventType::grant_expiring, EventType::admin_consent_claimed};

ConnectionRecord record() {
  ConnectionRecord record;
  record.id = {.org = "acme", .integration = "azure", .subject = "user \"1\"\n"};
  record.provider = "microsoft";
  record.version = 7;
  record.status = Status::needs_reauth;
  record.account = {.key = "key-of-the-account", .name = "Ada", .username = "ada@example.com"};
  record.sealed_refresh_token = "sealed-refresh";
  record.tokens = {{.resource = "graph", .sealed = "sealed-access"}};
  return record;
}

Event event(std::string id, EventType type = EventType::refreshed) {
  return {
      .id = std::move(id), .type = std::string(name_of(type)), .at = kNow, .data = R"({"a":1})"};
}

Delivery delivery() {
  return {.first = 1,
          .seen = 9,
          .next_at = 3,
          .webhooks = {{.name = "https://a.example/", .next = 4, .attempts = 5, .next_at = 6},
                       {.name = "https://b.example/", .next = 7, .attempts = 0, .next_at = 0}}};
}

}  // namespace

TEST_CASE("an event's type is read as it is written, and nothing else is") {
  constexpr std::string_view kNames[] = {
      "connected",    "refreshed",    "refresh_retry",  "refresh_failed",       "recovered",
      "needs_reauth", "disconnected", "grant_expiring", "admin_consent_claimed"};
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    CHECK(name_of(kAll[i]) == kNames[i]);
    CHECK(parse_event_type(kNames[i]) == kAll[i]);
  }
  for (const char* text : {"", "Connected", "connected ", "connection.connected", "connect"}) {
    CHECK(parse_event_type(text) == std::nullopt);
  }
}

TEST_CASE("an event's full type says what it is of") {
  for (const auto type : kAll) {
    const bool of_connection = type != EventType::admin_consent_claimed;
    CHECK(is_of_connection(type) == of_connection);
    CHECK(full_type(name_of(type)) ==
          (of_connection ? "connection." : "integration.") + std::string(name_of(type)));
  }
  CHECK(full_type("of_a_newer_release") == "connection.of_a_newer_release");
  const auto made = make_admin_consent_event("evt_1", kNow, {{"tenant_id", "t\"1"}});
  CHECK(event_body(made) ==
        R"({"type":"integration.admin_consent_claimed","timestamp":"2026-01-02T03:04:05.000Z",)"
        R"("data":{"tenant_id":"t\"1"}})");
}

TEST_CASE("an event says whose connection it is about, and its details") {
  const auto made = make_event("evt_1", EventType::needs_reauth, kNow, record(),
                               {{"cause", "invalid_grant"}, {"fix", "user"}});
  CHECK(made.id == "evt_1");
  CHECK(made.type == "needs_reauth");
  CHECK(made.at == kNow);
  CHECK(made.data == R"({"org_id":"acme","integration":"azure","provider":"microsoft",)"
                     R"("user_id":"user \"1\"\n","status":"needs_reauth","version":7,)"
                     R"("cause":"invalid_grant","fix":"user"})");
  CHECK(parse_json(made.data).has_value());
}

TEST_CASE("no event carries a token, sealed or not, nor who the account is") {
  const auto made = make_event("evt_1", EventType::refreshed, kNow, record(), {});
  for (const char* hidden : {"sealed", "Ada", "ada@", "key-of-the-account"}) {
    CHECK_FALSE(made.data.contains(hidden));
  }
}

TEST_CASE("a body is as Standard Webhooks has it") {
  CHECK(event_body(event("evt_1", EventType::grant_expiring)) ==
        R"({"type":"connection.grant_expiring","timestamp":"2026-01-02T03:04:05.000Z",)"
        R"("data":{"a":1}})");
}

TEST_CASE("events are read as they were written, one behind the other") {
  const auto bytes =
      encode_event(event("evt_1")) +
      encode_event(
          {.id = "evt_2", .type = "disconnected", .at = kNow + 1, .data = std::string("\0{", 2)});
  const auto read = decode_events(bytes);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].id == "evt_1");
  CHECK((*read)[0].type == "refreshed");
  CHECK((*read)[0].at == kNow);
  CHECK((*read)[0].data == R"({"a":1})");
  CHECK((*read)[1].id == "evt_2");
  CHECK((*read)[1].type == "disconnected");
  CHECK((*read)[1].at == kNow + 1);
  CHECK((*read)[1].data == std::string("\0{", 2));
  const auto none = decode_events("");
  REQUIRE(none.has_value());
  CHECK(none->empty());
}

TEST_CASE("events that are cut are refused, but for those that are whole") {
  const auto first = encode_event(event("evt_1"));
  const auto bytes = first + encode_event(event("evt_2"));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto read = decode_events(std::string_view(bytes).substr(0, length));
    CHECK(read.has_value() == (length == 0 || length == first.size()));
  }
}

TEST_CASE("an event of a type that a newer release knows is passed on as it is") {
  auto newer = event("evt_1");
  newer.type = "grant_widened";
  const auto bytes = encode_event(newer);
  const auto read = decode_events(bytes + encode_event(event("evt_2")));
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].type == "grant_widened");
  CHECK(encode_event((*read)[0]) == bytes);
  CHECK(event_body((*read)[0]).starts_with(R"({"type":"connection.grant_widened",)"));
}

TEST_CASE("what has not the shape of a type's word makes events unreadable") {
  for (const auto type : kAll) {
    CHECK(is_event_type(name_of(type)));
  }
  CHECK(is_event_type("told_2"));
  CHECK(is_event_type(std::string(40, 'a')));
  CHECK_FALSE(is_event_type(std::string(41, 'a')));
  for (const char* text : {"", "Refreshed", "a b", "connection.refreshed", "a-b", "a\n"}) {
    CHECK_FALSE(is_event_type(text));
    auto odd = event("evt_1");
    odd.type = text;
    CHECK_FALSE(decode_events(encode_event(odd)).has_value());
    CHECK_FALSE(decode_events(encode_event(odd) + encode_event(event("evt_2"))).has_value());
  }
}

TEST_CASE("a delivery is read as it was written") {
  const auto bytes = encode_delivery(delivery());
  const auto read = decode_delivery(bytes);
  REQUIRE(read.has_value());
  CHECK(encode_delivery(*read) == bytes);
  CHECK(read->first == 1);
  CHECK(read->seen == 9);
  CHECK(read->next_at == 3);
  REQUIRE(read->webhooks.size() == 2);
  CHECK(read->webhooks[0].name == "https://a.example/");
  CHECK(read->webhooks[0].next == 4);
  CHECK(read->webhooks[0].attempts == 5);
  CHECK(read->webhooks[0].next_at == 6);
  CHECK(read->webhooks[1].name == "https://b.example/");
  CHECK(read->webhooks[1].next == 7);
  CHECK(decode_delivery(encode_delivery({}))->webhooks.empty());
}

TEST_CASE("a delivery that is cut is refused, but behind a webhook") {
  auto one = delivery();
  one.webhooks.pop_back();
  const auto whole_of_one = encode_delivery(one).size();
  const auto whole_of_none = encode_delivery({.first = 1, .seen = 9, .next_at = 3}).size();
  const auto bytes = encode_delivery(delivery());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto read = decode_delivery(std::string_view(bytes).substr(0, length));
    CHECK(read.has_value() == (length == whole_of_one || length == whole_of_none));
  }
}

TEST_CASE("webhooks are looked after at once when there are new events, else when they said") {
  const Delivery waits{.first = 2, .seen = 5, .next_at = kNow + 7};
  CHECK(delivery_due_at(waits, 5, kNow) == kNow + 7);
  CHECK(delivery_due_at(waits, 6, kNow) == kNow);
  CHECK(delivery_due_at({.first = 5, .seen = 5}, 5, kNow) == 0);
  CHECK(delivery_due_at({}, 0, kNow) == 0);
  CHECK(delivery_due_at({}, 1, kNow) == kNow);
}

TEST_CASE("the delays of an event are those of Standard Webhooks, a tenth more or less") {
  constexpr DurationMs kDelays[] = {5 * kSecondMs, 5 * kMinuteMs, 30 * kMinuteMs,
                                    2 * kHourMs,   5 * kHourMs,   10 * kHourMs,
                                    14 * kHourMs,  20 * kHourMs,  24 * kHourMs};
  static_assert(std::size(kDelays) == kMostDeliveryAttempts - 1);
  for (std::size_t i = 0; i < std::size(kDelays); ++i) {
    const auto attempts = static_cast<std::int64_t>(i) + 1;
    const auto delay = kDelays[i];
    const auto range = static_cast<std::uint32_t>(delay / 5);
    CAPTURE(attempts);
    CHECK(delivery_delay(attempts, 0) == delay - delay / 10);
    CHECK(delivery_delay(attempts, range) == delay + delay / 10);
    CHECK(delivery_delay(attempts, range + 1) == delay - delay / 10);
    CHECK(delivery_delay(attempts, 0xffffffff) <= delay + delay / 10);
    CHECK(delivery_delay(attempts, 0xffffffff) >= delay - delay / 10);
  }
  // What a damaged store may hold.
  CHECK(delivery_delay(0, 0) == delivery_delay(1, 0));
  CHECK(delivery_delay(-7, 0) == delivery_delay(1, 0));
  CHECK(delivery_delay(1000, 0) == delivery_delay(9, 0));
}
