#include "core/flow/store/states.h"

#include <doctest/doctest.h>
#include <string>

#include "core/flow/frame/sql.h"
#include "core/flow/store/links.h"
#include "tests/core/flow/store/attempt.h"
#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kAttempt;
using postern::testing::kId;
using postern::testing::kNow;
using postern::testing::link;
using postern::testing::run;
using postern::testing::state;

TEST_CASE("a row whose attempt is none is nobody's state") {
  Database d1;
  auto odd = state();
  odd.attempt = "att_AAAAAAAAAAAAAAAAAAAA\r\n";
  (void)run(d1, insert_state(odd));
  CHECK(run(d1, select_state("state")).rows.size() == 1);
  CHECK_FALSE(state_of(run(d1, select_state("state"))).has_value());
}

TEST_CASE("of two presses of the button one gets a state") {
  Database d1;
  (void)run(d1, insert_link(link()));
  const auto press = [&](const std::string& hash) {
    const auto outcomes = d1.batch(
        {insert_state_for_link(state(hash), "link", kNow), consume_link("link", "cookie", kNow)});
    REQUIRE(outcomes.has_value());
    return outcomes && link_of((*outcomes)[1]).has_value();
  };
  CHECK(press("first"));
  CHECK_FALSE(press("second"));
  CHECK(state_of(run(d1, select_state("first"))).has_value());
  CHECK_FALSE(state_of(run(d1, select_state("second"))).has_value());
}

TEST_CASE("a state is consumed once, by its cookie, in its mode, in its time") {
  Database d1;
  (void)run(d1, insert_state(state()));
  const auto consume = [&](std::string_view hash, std::string_view cookie, std::string_view mode,
                           EpochMs now) {
    return state_of(run(d1, consume_state(hash, cookie, mode, now)));
  };
  CHECK_FALSE(consume("other", "cookie", "browser", kNow).has_value());
  CHECK_FALSE(consume("state", "other", "browser", kNow).has_value());
  CHECK_FALSE(consume("state", "", "browser", kNow).has_value());
  CHECK_FALSE(consume("state", "-", "browser", kNow).has_value());
  CHECK_FALSE(consume("state", "cookie", "caller", kNow).has_value());
  CHECK_FALSE(consume("state", "cookie", "browser", kNow + 10).has_value());
  const auto consumed = consume("state", "cookie", "browser", kNow);
  REQUIRE(consumed.has_value());
  CHECK(consumed->id == kId);
  CHECK(consumed->sealed_verifier == "sealed");
  CHECK_FALSE(consume("state", "cookie", "browser", kNow).has_value());
}

TEST_CASE("a state takes another one's place while that lives, for its own browser") {
  Database d1;
  (void)run(d1, insert_state(state()));
  auto next = state("next");
  const auto replace = [&](const StateRow& row, EpochMs now) {
    return run(d1, insert_state_for_state(row, "state", now)).changes;
  };
  CHECK(replace(next, kNow + 10) == 0);
  next.cookie_hash = "another";
  CHECK(replace(next, kNow) == 0);
  next = state("next");
  next.id.org = "other";
  CHECK(replace(next, kNow) == 0);
  next.id.org = kId.org;
  next.dropped_scopes = "a b";
  CHECK(replace(next, kNow) == 1);
  CHECK(state_of(run(d1, select_state("next")))->dropped_scopes == "a b");
  (void)run(d1, consume_state("state", "cookie", "browser", kNow));
  CHECK(replace(state("third"), kNow) == 0);
}

TEST_CASE("a caller's state is bound to its organization, integration and user") {
  Database d1;
  (void)run(d1, insert_state(state("state", "caller")));
  for (const auto& id : {ConnectionId{"other", "azure", "u"}, ConnectionId{"acme", "other", "u"},
                         ConnectionId{"acme", "azure", "v"}}) {
    CHECK_FALSE(state_of(run(d1, consume_caller_state("state", id, "", kNow))).has_value());
  }
  CHECK_FALSE(state_of(run(d1, consume_caller_state("state", kId, "other", kNow))).has_value());
  // Nor can a browser without a cookie consume it.
  CHECK_FALSE(state_of(run(d1, consume_state("state", "", "browser", kNow))).has_value());
  CHECK(state_of(run(d1, consume_caller_state("state", kId, "", kNow))).has_value());
  CHECK_FALSE(state_of(run(d1, consume_caller_state("state", kId, "", kNow))).has_value());
}

TEST_CASE("a browser's state is not consumed by a caller") {
  Database d1;
  (void)run(d1, insert_state(state()));
  CHECK_FALSE(state_of(run(d1, consume_caller_state("state", kId, "", kNow))).has_value());
}

TEST_CASE("a state that ended a day ago is swept, one that ended later is kept") {
  Database d1;
  (void)run(d1, insert_state(state()));
  CHECK(run(d1, sweep_states(kNow + 10 + kDayMs)).changes == 0);
  CHECK(run(d1, sweep_states(kNow + 11 + kDayMs)).changes == 1);
}

TEST_CASE("rows of another shape are nobody's state") {
  CHECK_FALSE(state_of({.rows = {{}, {}}, .changes = 0}).has_value());
}

TEST_CASE("the state of an attempt is found without reading all of them") {
  Database d1;
  auto statement = select_state_of_attempt(kAttempt, kId.org);
  statement.sql = "EXPLAIN QUERY PLAN " + statement.sql;
  const auto plan = run(d1, statement);
  REQUIRE(plan.rows.size() == 1);
  CHECK(text_at(plan.rows[0], 3).contains("USING INDEX idx_oauth_states_attempt"));
}
