// The statements in the database that they are written for.
#include "core/flow/statements.h"

#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::run;

namespace {

constexpr std::string_view kAttempt = "att_AAAAAAAAAAAAAAAAAAAAAA";

constexpr EpochMs kNow = 1'000'000'000'000;
const ConnectionId kId{.org = "acme", .integration = "azure", .user_id = "u"};

LinkRow link() {
  return {.hash = "link",
          .attempt = std::string(kAttempt),
          .id = kId,
          .tenant = "common",
          .return_to = "https://app.example.com/",
          .confirm = "backend",
          .allow_other_account = true,
          .claims = "{}",
          .created_at = kNow,
          .expires_at = kNow + 10,
          .consumed_at = 0};
}

StateRow state(std::string hash = "state", std::string mode = "browser") {
  return {.state_hash = std::move(hash),
          .cookie_hash = mode == "browser" ? "cookie" : "",
          .mode = std::move(mode),
          .attempt = std::string(kAttempt),
          .id = kId,
          .tenant = "common",
          .redirect_uri = "https://postern.example.com/callback",
          .code_challenge = "challenge",
          .sealed_verifier = "sealed",
          .return_to = "",
          .confirm = "page",
          .allow_other_account = false,
          .created_at = kNow,
          .expires_at = kNow + 10};
}

ConnectionRecord record(std::int64_t version, std::string user_id = "u") {
  ConnectionRecord record;
  record.id = {.org = "acme", .integration = "azure", .user_id = std::move(user_id)};
  record.provider = "microsoft";
  record.version = version;
  record.status = Status::connected;
  return record;
}

}  // namespace

TEST_CASE("a row whose attempt is none is nobody's link, nor anybody's state") {
  Database d1;
  auto odd_link = link();
  odd_link.attempt = "att_1";
  auto odd_state = state();
  odd_state.attempt = "att_AAAAAAAAAAAAAAAAAAAA\r\n";
  (void)run(d1, insert_link(odd_link));
  (void)run(d1, insert_state(odd_state));
  CHECK(run(d1, select_link_by_hash("link")).rows.size() == 1);
  CHECK_FALSE(link_of(run(d1, select_link_by_hash("link"))).has_value());
  CHECK(run(d1, select_state("state")).rows.size() == 1);
  CHECK_FALSE(state_of(run(d1, select_state("state"))).has_value());
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
  CHECK_FALSE(link_of(run(d1, consume_link("link", kNow + 10))).has_value());
  CHECK(link_of(run(d1, consume_link("link", kNow + 9))).has_value());
  CHECK_FALSE(link_of(run(d1, consume_link("link", kNow + 9))).has_value());
  CHECK(link_of(run(d1, select_link_by_hash("link")))->consumed_at == kNow + 9);
}

TEST_CASE("a link's attempt is found by its own organization only") {
  Database d1;
  (void)run(d1, insert_link(link()));
  CHECK(link_of(run(d1, select_link_by_attempt(kAttempt, "acme"))).has_value());
  CHECK_FALSE(link_of(run(d1, select_link_by_attempt(kAttempt, "other"))).has_value());
}

TEST_CASE("of two presses of the button one gets a state") {
  Database d1;
  (void)run(d1, insert_link(link()));
  const auto press = [&](const std::string& hash) {
    const auto outcomes =
        d1.batch({insert_state_for_link(state(hash), "link", kNow), consume_link("link", kNow)});
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

TEST_CASE("a caller's state is bound to its organization, integration and user") {
  Database d1;
  (void)run(d1, insert_state(state("state", "caller")));
  for (const auto& id : {ConnectionId{"other", "azure", "u"}, ConnectionId{"acme", "other", "u"},
                         ConnectionId{"acme", "azure", "v"}}) {
    CHECK_FALSE(state_of(run(d1, consume_caller_state("state", id, kNow))).has_value());
  }
  // Nor can a browser without a cookie consume it.
  CHECK_FALSE(state_of(run(d1, consume_state("state", "", "browser", kNow))).has_value());
  CHECK(state_of(run(d1, consume_caller_state("state", kId, kNow))).has_value());
  CHECK_FALSE(state_of(run(d1, consume_caller_state("state", kId, kNow))).has_value());
}

TEST_CASE("a browser's state is not consumed by a caller") {
  Database d1;
  (void)run(d1, insert_state(state()));
  CHECK_FALSE(state_of(run(d1, consume_caller_state("state", kId, kNow))).has_value());
}

TEST_CASE("what ended a day ago is swept, what ended later is kept") {
  Database d1;
  (void)run(d1, insert_link(link()));
  (void)run(d1, insert_state(state()));
  CHECK(run(d1, sweep_links(kNow + 10 + kDayMs)).changes == 0);
  CHECK(run(d1, sweep_states(kNow + 10 + kDayMs)).changes == 0);
  CHECK(run(d1, sweep_links(kNow + 11 + kDayMs)).changes == 1);
  CHECK(run(d1, sweep_states(kNow + 11 + kDayMs)).changes == 1);
}

TEST_CASE("a backup is overwritten by a later version only") {
  Database d1;
  const auto version = [&] {
    const auto found = connection_of(run(d1, select_connection(kId)));
    return found ? found->version : 0;
  };
  (void)run(d1, upsert_connection(record(2)));
  CHECK(version() == 2);
  (void)run(d1, upsert_connection(record(1)));
  CHECK(version() == 2);
  (void)run(d1, upsert_connection(record(2)));
  CHECK(version() == 2);
  (void)run(d1, upsert_connection(record(3)));
  CHECK(version() == 3);
  CHECK_FALSE(connection_of(run(d1, select_connection({"other", "azure", "u"}))).has_value());
}

TEST_CASE("listing stays in the organization, filters and goes on after a cursor") {
  Database d1;
  for (const char* user : {"a", "b", "c"}) {
    (void)run(d1, upsert_connection(record(1, user)));
  }
  auto ended = record(1, "d");
  ended.status = Status::revoked;
  (void)run(d1, upsert_connection(ended));
  auto foreign = record(1, "b");
  foreign.id.org = "other";
  (void)run(d1, upsert_connection(foreign));

  const auto users = [&](ConnectionQuery query) {
    std::string all;
    const auto outcome = run(d1, select_connections(query));
    for (const auto& row : outcome.rows) {
      const auto found = connection_of({.rows = {row}, .changes = 0});
      CHECK((found && found->id.org == query.org));
      all += found ? found->id.user_id : "?";
    }
    return all;
  };
  CHECK(users({.org = "acme", .limit = 10}) == "abc");
  CHECK(users({.org = "acme", .limit = 2}) == "ab");
  CHECK(users({.org = "acme", .after_user_id = "b", .after_integration = "azure", .limit = 10}) ==
        "c");
  CHECK(users({.org = "acme", .user_id = "b", .limit = 10}) == "b");
  CHECK(users({.org = "acme", .status = "revoked", .limit = 10}) == "d");
  CHECK(users({.org = "other", .limit = 10}) == "b");
  CHECK(users({.org = "", .limit = 10}) == "");
}

TEST_CASE("rows of another shape are nobody's") {
  CHECK_FALSE(link_of({}).has_value());
  CHECK_FALSE(state_of({.rows = {{}, {}}, .changes = 0}).has_value());
  CHECK_FALSE(connection_of({.rows = {{std::int64_t{1}}}, .changes = 0}).has_value());
  CHECK_FALSE(connection_of({.rows = {{std::string("no record")}}, .changes = 0}).has_value());
}
