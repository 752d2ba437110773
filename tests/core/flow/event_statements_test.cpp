// The statements in the database that they are written for.
#include "core/flow/event_statements.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::run;

namespace {

constexpr EpochMs kNow = 1'767'323'045'000;
const ConnectionId kId{.org = "acme", .integration = "azure", .user_id = "u"};

Event event(std::string id, EventType type = EventType::refreshed, EpochMs at = kNow) {
  return {.id = std::move(id), .type = std::string(name_of(type)), .at = at, .data = R"({"a":1})"};
}

DeadLetter letter(std::string event_id, std::string url, EpochMs failed_at = kNow) {
  return {.id = kId,
          .event = event(std::move(event_id)),
          .webhook = std::move(url),
          .attempts = 10,
          .reason = "503",
          .failed_at = failed_at};
}

// The ids that a query finds, in its order.
std::string ids(Database& d1, const EventQuery& query) {
  std::string all;
  for (const auto& row : run(d1, select_events(query)).rows) {
    const auto found = event_in_row(row);
    CHECK((found && found->id.org == query.org));
    all += (all.empty() ? "" : " ") + (found ? found->event.id : "?");
  }
  return all;
}

std::string letters(Database& d1, std::string_view org, std::int64_t limit = 10,
                    std::int64_t after = 0) {
  std::string all;
  for (const auto& row : run(d1, select_dead_letters(org, after, limit)).rows) {
    const auto found = dead_letter_in_row(row);
    CHECK((found && found->id.org == org));
    all += (all.empty() ? "" : " ") + (found ? found->event.id + "@" + found->webhook : "?");
  }
  return all;
}

}  // namespace

TEST_CASE("an event is read from the log as it was written") {
  Database d1;
  CHECK(run(d1, insert_event(kId, event("evt_1", EventType::needs_reauth))).changes == 1);
  const auto rows = run(d1, select_events({.org = "acme", .limit = 10})).rows;
  REQUIRE(rows.size() == 1);
  const auto found = event_in_row(rows[0]);
  REQUIRE(found.has_value());
  CHECK(found->seq == 1);
  CHECK(found->id == kId);
  CHECK(found->event.id == "evt_1");
  CHECK(found->event.type == "needs_reauth");
  CHECK(found->event.at == kNow);
  CHECK(found->event.data == R"({"a":1})");
}

TEST_CASE("an event that is there already stays as it is, where it is") {
  Database d1;
  (void)run(d1, insert_event(kId, event("evt_1")));
  (void)run(d1, insert_event(kId, event("evt_2")));
  auto again = event("evt_1", EventType::disconnected, kNow + 1);
  CHECK(run(d1, insert_event(kId, again)).changes == 0);
  CHECK(ids(d1, {.org = "acme", .limit = 10}) == "evt_1 evt_2");
  CHECK(ids(d1, {.org = "acme", .type = "disconnected", .limit = 10}) == "");
}

TEST_CASE("the log is read in its order, by organization, filter and cursor") {
  Database d1;
  const auto add = [&](std::string id, const ConnectionId& whose,
                       EventType type = EventType::refreshed, EpochMs at = kNow) {
    (void)run(d1, insert_event(whose, event(std::move(id), type, at)));
  };
  add("a", kId);
  add("b", {.org = "other", .integration = "azure", .user_id = "u"});
  // In the order of arrival, whenever it happened.
  add("c", kId, EventType::needs_reauth, kNow - kDayMs);
  add("d", {.org = "acme", .integration = "github", .user_id = "u"});
  add("e", {.org = "acme", .integration = "azure", .user_id = "v"});
  CHECK(ids(d1, {.org = "acme", .limit = 10}) == "a c d e");
  CHECK(ids(d1, {.org = "acme", .limit = 2}) == "a c");
  CHECK(ids(d1, {.org = "acme", .after = 3, .limit = 10}) == "d e");
  CHECK(ids(d1, {.org = "acme", .after = 5, .limit = 10}) == "");
  CHECK(ids(d1, {.org = "acme", .user_id = "u", .limit = 10}) == "a c d");
  CHECK(ids(d1, {.org = "acme", .integration = "github", .limit = 10}) == "d");
  CHECK(ids(d1, {.org = "acme", .type = "needs_reauth", .limit = 10}) == "c");
  CHECK(ids(d1, {.org = "acme", .user_id = "v", .type = "needs_reauth", .limit = 10}) == "");
  CHECK(ids(d1, {.org = "other", .limit = 10}) == "b");
  CHECK(ids(d1, {.org = "", .limit = 10}) == "");
  CHECK(ids(d1, {.org = "acme' OR '1'='1", .limit = 10}) == "");
}

TEST_CASE("a place in the log is never given twice, though what stood there is swept") {
  Database d1;
  (void)run(d1, insert_event(kId, event("old", EventType::refreshed, kNow - 30 * kDayMs - 1)));
  (void)run(d1, insert_event(kId, event("edge", EventType::refreshed, kNow - 30 * kDayMs)));
  CHECK(run(d1, sweep_events(kNow)).changes == 1);
  CHECK(ids(d1, {.org = "acme", .limit = 10}) == "edge");
  CHECK(run(d1, sweep_events(kNow + 1)).changes == 1);
  CHECK(run(d1, sweep_events(kNow + 1)).changes == 0);
  // A reader who had come to the second goes on with the third.
  (void)run(d1, insert_event(kId, event("new")));
  CHECK(ids(d1, {.org = "acme", .after = 2, .limit = 10}) == "new");
}

TEST_CASE("an event is found by its id, in its own organization only") {
  Database d1;
  (void)run(d1, insert_event(kId, event("evt_1")));
  const auto rows = run(d1, select_event("acme", "evt_1")).rows;
  REQUIRE(rows.size() == 1);
  const auto found = event_in_row(rows[0]);
  REQUIRE(found.has_value());
  CHECK(found->id == kId);
  CHECK(found->event.id == "evt_1");
  CHECK(found->event.data == R"({"a":1})");
  CHECK(run(d1, select_event("other", "evt_1")).rows.empty());
  CHECK(run(d1, select_event("acme", "evt_2")).rows.empty());
}

TEST_CASE("an event that is no longer in the log is found among the dead letters, once") {
  Database d1;
  (void)run(d1, insert_event(kId, event("evt_1")));
  (void)run(d1, insert_dead_letter(letter("evt_1", "https://a.example/")));
  (void)run(d1, insert_dead_letter(letter("evt_1", "https://b.example/")));
  CHECK(run(d1, select_event("acme", "evt_1")).rows.size() == 1);
  (void)run(d1, sweep_events(kNow + 31 * kDayMs));
  CHECK(ids(d1, {.org = "acme", .limit = 10}) == "");
  const auto rows = run(d1, select_event("acme", "evt_1")).rows;
  REQUIRE(rows.size() == 1);
  const auto found = event_in_row(rows[0]);
  REQUIRE(found.has_value());
  CHECK(found->id == kId);
  CHECK(found->event.type == "refreshed");
  CHECK(found->event.at == kNow);
  CHECK(run(d1, select_event("other", "evt_1")).rows.empty());
}

TEST_CASE("a dead letter is read as it was written, one for each event and webhook") {
  Database d1;
  (void)run(d1, insert_dead_letter(letter("evt_1", "https://a.example/")));
  auto again = letter("evt_1", "https://a.example/", kNow + 5);
  again.attempts = 20;
  again.reason = "timeout";
  (void)run(d1, insert_dead_letter(again));
  const auto rows = run(d1, select_dead_letters("acme", 0, 10)).rows;
  REQUIRE(rows.size() == 1);
  const auto found = dead_letter_in_row(rows[0]);
  REQUIRE(found.has_value());
  CHECK(found->id == kId);
  CHECK(found->event.id == "evt_1");
  CHECK(found->event.type == "refreshed");
  CHECK(found->event.at == kNow);
  CHECK(found->event.data == R"({"a":1})");
  CHECK(found->webhook == "https://a.example/");
  CHECK(found->attempts == 20);
  CHECK(found->reason == "timeout");
  CHECK(found->failed_at == kNow + 5);
}

TEST_CASE(
    "dead letters are listed by their organization, the first first, and end with a redelivery") {
  Database d1;
  (void)run(d1, insert_dead_letter(letter("a", "1", kNow + 2)));
  (void)run(d1, insert_dead_letter(letter("b", "1", kNow + 1)));
  (void)run(d1, insert_dead_letter(letter("b", "2", kNow + 3)));
  auto foreign = letter("b", "3");
  foreign.id.org = "other";
  (void)run(d1, insert_dead_letter(foreign));
  CHECK(letters(d1, "acme") == "a@1 b@1 b@2");
  CHECK(letters(d1, "acme", 2) == "a@1 b@1");
  CHECK(letters(d1, "acme", 2, 2) == "b@2");
  CHECK(run(d1, delete_dead_letters("acme", "b")).changes == 2);
  CHECK(letters(d1, "acme") == "a@1");
  CHECK(letters(d1, "other") == "b@3");
  CHECK(run(d1, delete_dead_letters("acme", "b")).changes == 0);
}

TEST_CASE("a place among the dead letters is never given twice") {
  Database d1;
  (void)run(d1, insert_dead_letter(letter("a", "1")));
  (void)run(d1, insert_dead_letter(letter("b", "1")));
  // A reader has come to the second, which is redelivered; then there is another one.
  CHECK(run(d1, delete_dead_letters("acme", "b")).changes == 1);
  (void)run(d1, insert_dead_letter(letter("c", "1")));
  CHECK(letters(d1, "acme", 10, 2) == "c@1");
  // One that failed once more comes once more.
  (void)run(d1, insert_dead_letter(letter("a", "1")));
  CHECK(letters(d1, "acme", 10, 3) == "a@1");
  CHECK(letters(d1, "acme") == "c@1 a@1");
}

TEST_CASE(
    "events and dead letters of more than thirty days ago are swept, five hundred at a time") {
  Database d1;
  const auto long_ago = kNow - 30 * kDayMs - 1;
  std::vector<SqlStatement> inserts;
  for (int i = 0; i < 501; ++i) {
    const auto id = std::to_string(i);
    inserts.push_back(insert_event(kId, event(id, EventType::refreshed, long_ago)));
    inserts.push_back(insert_dead_letter(letter(id, "1", long_ago)));
  }
  inserts.push_back(insert_dead_letter(letter("edge", "1", kNow - 30 * kDayMs)));
  REQUIRE(d1.batch(inserts).has_value());
  CHECK(run(d1, sweep_events(kNow)).changes == 500);
  CHECK(run(d1, sweep_events(kNow)).changes == 1);
  CHECK(run(d1, sweep_dead_letters(kNow)).changes == 500);
  CHECK(run(d1, sweep_dead_letters(kNow)).changes == 1);
  CHECK(letters(d1, "acme") == "edge@1");
}

TEST_CASE("the last place of an organization's events is known, and of nobody else's") {
  Database d1;
  const auto last = [&](std::string_view org) { return run(d1, select_last_event(org)).rows; };
  REQUIRE(last("acme").size() == 1);
  CHECK(last("acme")[0][0] == SqlValue());
  (void)run(d1, insert_event(kId, event("a")));
  (void)run(d1, insert_event({.org = "other", .integration = "azure", .user_id = "u"}, event("b")));
  CHECK(last("acme")[0][0] == SqlValue(std::int64_t{1}));
  CHECK(last("other")[0][0] == SqlValue(std::int64_t{2}));
}

TEST_CASE("an integration's fault keeps its beginning until a refresh works") {
  Database d1;
  const auto fault = [&](std::string_view org, std::string_view integration) {
    return integration_fault_of(run(d1, select_integration_fault(org, integration)));
  };
  CHECK_FALSE(fault("acme", "azure").has_value());
  (void)run(d1, upsert_integration_fault("acme", "azure",
                                         {.reason = "invalid_client",
                                          .error = "invalid_client",
                                          .reference = "AADSTS7000222",
                                          .since = kNow,
                                          .last_seen = kNow}));
  (void)run(d1, upsert_integration_fault("acme", "azure",
                                         {.reason = "unauthorized_client",
                                          .error = "e",
                                          .reference = "r",
                                          .since = kNow + 5,
                                          .last_seen = kNow + 5}));
  const auto found = fault("acme", "azure");
  REQUIRE(found.has_value());
  CHECK(found->reason == "unauthorized_client");
  CHECK(found->error == "e");
  CHECK(found->reference == "r");
  CHECK(found->since == kNow);
  CHECK(found->last_seen == kNow + 5);
  CHECK_FALSE(fault("other", "azure").has_value());
  CHECK_FALSE(fault("acme", "github").has_value());
  CHECK(run(d1, delete_integration_fault("other", "azure", kNow + 9)).changes == 0);
  CHECK(run(d1, delete_integration_fault("acme", "github", kNow + 9)).changes == 0);
  // Seen again after the refresh that worked.
  CHECK(run(d1, delete_integration_fault("acme", "azure", kNow + 4)).changes == 0);
  CHECK(run(d1, delete_integration_fault("acme", "azure", kNow + 5)).changes == 1);
  CHECK_FALSE(fault("acme", "azure").has_value());
}

TEST_CASE("rows of another shape are nobody's events") {
  CHECK_FALSE(event_in_row({}).has_value());
  CHECK_FALSE(dead_letter_in_row({}).has_value());
  CHECK_FALSE(integration_fault_of({}).has_value());
  CHECK_FALSE(integration_fault_of({.rows = {{}, {}}, .changes = 0}).has_value());
  const auto row = [](std::string type, std::string data) {
    return SqlRow{std::int64_t{1},  std::string("evt_1"), std::string("acme"), std::string("azure"),
                  std::string("u"), std::move(type),      std::int64_t{kNow},  std::move(data)};
  };
  CHECK(event_in_row(row("refreshed", "{}")).has_value());
  // Of a newer release.
  CHECK(event_in_row(row("refreshee", "{}")).has_value());
  CHECK_FALSE(event_in_row(row("", "{}")).has_value());
  CHECK_FALSE(event_in_row(row("connection.refreshed", "{}")).has_value());
  // It is passed on as it is, inside of other JSON.
  for (const char* data : {"", "[]", "7", "{", "{}}", R"({},"a":{})", R"({"a":1,"a":2})"}) {
    CAPTURE(data);
    CHECK_FALSE(event_in_row(row("refreshed", data)).has_value());
  }
}
