#include "core/flow/store/links.h"

#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/store/attempt.h"
#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kAttempt;
using postern::testing::kId;
using postern::testing::kNow;
using postern::testing::link;
using postern::testing::run;

TEST_CASE("a row whose attempt is none is nobody's link") {
  Database d1;
  auto odd = link();
  odd.attempt = "att_1";
  (void)run(d1, insert_link(odd));
  CHECK(run(d1, select_link_by_hash("link")).rows.size() == 1);
  CHECK_FALSE(link_of(run(d1, select_link_by_hash("link"))).has_value());
}

TEST_CASE("a link is consumed once, and only while it lives") {
  Database d1;
  (void)run(d1, insert_link(link()));
  const auto found = link_of(run(d1, select_link_by_hash("link")));
  REQUIRE(found.has_value());
  CHECK(found->id == kId);
  CHECK(found->allow_other_account);
  CHECK(found->claims == "{}");
  CHECK(found->consumed_at == 0);
  CHECK_FALSE(link_of(run(d1, consume_link("link", "cookie", kNow + 10))).has_value());
  CHECK(link_of(run(d1, consume_link("link", "cookie", kNow + 9))).has_value());
  CHECK_FALSE(link_of(run(d1, consume_link("link", "cookie", kNow + 9))).has_value());
  CHECK(link_of(run(d1, select_link_by_hash("link")))->consumed_at == kNow + 9);
}

TEST_CASE("a used link is found by the cookie that used it only") {
  Database d1;
  (void)run(d1, insert_link(link()));
  CHECK_FALSE(link_of(run(d1, select_link_of_browser(kAttempt, "cookie"))).has_value());
  CHECK_FALSE(link_of(run(d1, select_link_of_browser(kAttempt, ""))).has_value());
  (void)run(d1, consume_link("link", "cookie", kNow));
  CHECK(link_of(run(d1, select_link_of_browser(kAttempt, "cookie")))->cookie_hash == "cookie");
  CHECK_FALSE(link_of(run(d1, select_link_of_browser(kAttempt, "other"))).has_value());
}

TEST_CASE("an attempt's end is its own organization's, and nothing ends what is connected") {
  Database d1;
  (void)run(d1, insert_link(link()));
  const auto end = [&](std::string_view org, std::string_view outcome) {
    (void)run(d1, end_attempt(kAttempt, org, outcome, "why", kNow + 1));
    return link_of(run(d1, select_link_by_attempt(kAttempt, "acme")))->outcome;
  };
  CHECK(end("other", "code_refused").empty());
  CHECK(end("acme", "outcome_unknown") == "outcome_unknown");
  CHECK(end("acme", "pending") == "pending");
  CHECK(end("acme", kOutcomeConnected) == "connected");
  CHECK(end("acme", "code_refused") == "connected");
  const auto ended = link_of(run(d1, select_link_by_attempt(kAttempt, "acme")));
  CHECK(ended->cause == "why");
  CHECK(ended->ended_at == kNow + 1);
}

TEST_CASE("a link's attempt is found by its own organization only") {
  Database d1;
  (void)run(d1, insert_link(link()));
  CHECK(link_of(run(d1, select_link_by_attempt(kAttempt, "acme"))).has_value());
  CHECK_FALSE(link_of(run(d1, select_link_by_attempt(kAttempt, "other"))).has_value());
}

TEST_CASE("a link that ended a day ago is swept, one that ended later is kept") {
  Database d1;
  (void)run(d1, insert_link(link()));
  CHECK(run(d1, sweep_links(kNow + 10 + kDayMs)).changes == 0);
  CHECK(run(d1, sweep_links(kNow + 11 + kDayMs)).changes == 1);
}

TEST_CASE("rows of another shape are nobody's link") {
  CHECK_FALSE(link_of({}).has_value());
}
