#include "core/flow/store/dead_letters.h"

#include <doctest/doctest.h>
#include <string>

#include "core/flow/store/events.h"
#include "tests/core/flow/store/event.h"
#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::event;
using postern::testing::kId;
using postern::testing::kNow;
using postern::testing::letter;
using postern::testing::run;

namespace {

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

TEST_CASE("rows of another shape are nobody's dead letters") {
  CHECK_FALSE(dead_letter_in_row({}).has_value());
}
