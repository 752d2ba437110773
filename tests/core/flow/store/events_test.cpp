#include "core/flow/store/events.h"

#include <doctest/doctest.h>
#include <string>

#include "core/flow/store/dead_letters.h"
#include "tests/core/flow/store/event.h"
#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::event;
using postern::testing::ids;
using postern::testing::kId;
using postern::testing::kNow;
using postern::testing::letter;
using postern::testing::run;

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
  add("b", {.org = "other", .integration = "azure", .subject = "u"});
  // In the order of arrival, whenever it happened.
  add("c", kId, EventType::needs_reauth, kNow - kDayMs);
  add("d", {.org = "acme", .integration = "github", .subject = "u"});
  add("e", {.org = "acme", .integration = "azure", .subject = "v"});
  CHECK(ids(d1, {.org = "acme", .limit = 10}) == "a c d e");
  CHECK(ids(d1, {.org = "acme", .limit = 2}) == "a c");
  CHECK(ids(d1, {.org = "acme", .after = 3, .limit = 10}) == "d e");
  CHECK(ids(d1, {.org = "acme", .after = 5, .limit = 10}) == "");
  CHECK(ids(d1, {.org = "acme", .subject = accounts_of("u"), .limit = 10}) == "a c d");
  CHECK(ids(d1, {.org = "acme", .integration = "github", .limit = 10}) == "d");
  CHECK(ids(d1, {.org = "acme", .type = "needs_reauth", .limit = 10}) == "c");
  CHECK(
      ids(d1, {.org = "acme", .subject = accounts_of("v"), .type = "needs_reauth", .limit = 10}) ==
      "");
  CHECK(ids(d1, {.org = "other", .limit = 10}) == "b");
  add("f", {.org = "other", .integration = "azure", .subject = subject_text({.user_id = ""})});
  add("g", {.org = "other",
            .integration = "azure",
            .subject = subject_text({.user_id = "u", .account = "work"})});
  CHECK(ids(d1, {.org = "other", .limit = 10}) == "b g");
  CHECK(ids(d1, {.org = "other", .organizations_own = true, .limit = 10}) == "b f g");
  CHECK(ids(d1, {.org = "other", .subject = accounts_of("u"), .limit = 10}) == "b g");
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

TEST_CASE("the log tells how an attempt ended, success before failure") {
  Database d1;
  const auto tell = [&](std::string id, EventType type, std::string data) {
    (void)run(d1, insert_event({.org = "acme", .integration = "azure", .subject = "u"},
                               {.id = std::move(id),
                                .type = std::string(name_of(type)),
                                .at = kNow,
                                .data = std::move(data)}));
  };
  const auto end = [&](std::string_view org, std::string_view attempt, EpochMs since = kNow) {
    return attempt_end_of(run(
        d1, select_end_of_attempt({.org = std::string(org), .integration = "azure", .subject = "u"},
                                  attempt, since)));
  };
  tell("evt_1", EventType::refresh_failed, R"({"attempt":"att_1"})");
  CHECK_FALSE(end("acme", "att_1").has_value());
  tell("evt_2", EventType::connect_failed, R"({"attempt":"att_1","reason":"r","cause":"c"})");
  CHECK(end("acme", "att_1")->reason == "r");
  CHECK(end("acme", "att_1")->cause == "c");
  CHECK_FALSE(end("other", "att_1").has_value());
  CHECK_FALSE(end("acme", "att_2").has_value());
  CHECK_FALSE(end("acme", "att_1", kNow + 1).has_value());
  tell("evt_3", EventType::connected, R"({"attempt":"att_1"})");
  CHECK(end("acme", "att_1")->connected);
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

TEST_CASE("the last place of an organization's events is known, and of nobody else's") {
  Database d1;
  const auto last = [&](std::string_view org) { return run(d1, select_last_event(org)).rows; };
  REQUIRE(last("acme").size() == 1);
  CHECK(last("acme")[0][0] == SqlValue());
  (void)run(d1, insert_event(kId, event("a")));
  (void)run(d1, insert_event({.org = "other", .integration = "azure", .subject = "u"}, event("b")));
  CHECK(last("acme")[0][0] == SqlValue(std::int64_t{1}));
  CHECK(last("other")[0][0] == SqlValue(std::int64_t{2}));
}

TEST_CASE("rows of another shape are nobody's events") {
  CHECK_FALSE(event_in_row({}).has_value());
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
