#include "core/connection/schedule.h"

#include <doctest/doctest.h>
#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'767'323'045'000;
constexpr DurationMs kIdle = 90 * kDayMs;

StoredAccessToken token(std::string resource, DurationMs lifetime, EpochMs minted = kNow) {
  return {.resource = std::move(resource),
          .sealed = "sealed",
          .sealed_version = 3,
          .minted_at = minted,
          .expires_at = minted + lifetime,
          .scope = ""};
}

// Connected and refreshed now, a token of an hour.
ConnectionRecord record(std::string user_id = "user-1") {
  ConnectionRecord record;
  record.id = {.org = "acme", .integration = "azure", .subject = std::move(user_id)};
  record.provider = "microsoft";
  record.status = Status::connected;
  record.version = 3;
  record.sealed_refresh_token = "sealed";
  record.refresh_minted_at = kNow;
  record.granted_at = kNow - kDayMs;
  record.tokens = {token("graph", kHourMs)};
  return record;
}

constexpr RefreshPolicy kKeepAlive{.mode = RefreshMode::keep_alive, .idle_ms = kIdle};
constexpr RefreshPolicy kKeepFresh{.mode = RefreshMode::keep_fresh, .ahead_ms = 10 * kMinuteMs};

bool lies_between(EpochMs at, EpochMs first, EpochMs last) {
  return at >= first && at <= last;
}

}  // namespace

TEST_CASE("a mode is read as it is written, and nothing else is") {
  for (const auto mode :
       {RefreshMode::on_demand, RefreshMode::keep_alive, RefreshMode::keep_fresh}) {
    CHECK(parse_refresh_mode(name_of(mode)) == mode);
  }
  CHECK(name_of(RefreshMode::on_demand) == "on_demand");
  CHECK(name_of(RefreshMode::keep_alive) == "keep_alive");
  CHECK(name_of(RefreshMode::keep_fresh) == "keep_fresh");
  for (const char* text : {"", "keep", "Keep_alive", "keep_alive ", "keep-alive"}) {
    CHECK(parse_refresh_mode(text) == std::nullopt);
  }
}

TEST_CASE("what nobody chose is to keep grants alive") {
  CHECK(RefreshPolicy().mode == RefreshMode::keep_alive);
  CHECK(RefreshPolicy().ahead_ms == 4 * kHourMs);
}

TEST_CASE("on demand nothing is due by itself") {
  auto policy = kKeepAlive;
  policy.mode = RefreshMode::on_demand;
  CHECK(next_refresh(record(), policy).at == 0);
}

TEST_CASE("a grant is kept alive at most at half of the time after which it would die") {
  for (int i = 0; i < 1000; ++i) {
    const auto due = next_refresh(record("user-" + std::to_string(i)), kKeepAlive);
    CHECK(lies_between(due.at, kNow + kIdle / 2 - kIdle / 20, kNow + kIdle / 2));
    CHECK(due.resource == "graph");
  }
}

TEST_CASE("what is overdue is so since a token was got the last time") {
  auto due = next_refresh(record(), kKeepAlive);
  CHECK(due.since == due.at);
  auto later = record();
  later.tokens.front().minted_at = kNow + 2 * kIdle;
  due = next_refresh(later, kKeepAlive);
  CHECK(due.at < kNow + kIdle);
  CHECK(due.since == kNow + 2 * kIdle);
}

TEST_CASE("idleness counts from the refresh token, whatever its access tokens do") {
  auto later = record();
  later.refresh_minted_at += kDayMs;
  CHECK(lies_between(next_refresh(later, kKeepAlive).at, kNow + kDayMs + kIdle / 2 - kIdle / 20,
                     kNow + kDayMs + kIdle / 2));
  auto over = record();
  over.tokens[0].expires_at = kNow - kDayMs;
  CHECK(next_refresh(over, kKeepAlive).at == next_refresh(record(), kKeepAlive).at);
  // By the resource that got a token last, or by one that it can always get one for.
  over.tokens.insert(over.tokens.begin(), token("arm", kHourMs));
  CHECK(next_refresh(over, kKeepAlive).resource == "graph");
  over.tokens[0].minted_at += 1;
  CHECK(next_refresh(over, kKeepAlive).resource == "arm");
  // One that is refused keeps no other from its turn.
  const std::vector<std::string> refused = {"arm"};
  CHECK(next_refresh(over, kKeepAlive, refused).resource == "graph");
  const std::vector<std::string> both = {"arm", "graph"};
  CHECK(next_refresh(over, kKeepAlive, both).at == 0);
  over.tokens.clear();
  CHECK(next_refresh(over, kKeepAlive).resource == "graph");
  CHECK(next_refresh(over, kKeepAlive).at != 0);
}

TEST_CASE("where a refresh token does not die of idleness nothing has to be kept alive") {
  CHECK(next_refresh(record(), {.mode = RefreshMode::keep_alive, .idle_ms = 0}).at == 0);
}

TEST_CASE("kept fresh a token has its time left when it is replaced, and hardly more") {
  // A sweep of every 30 minutes with the window of 5, and 4 hours of a token of a day.
  for (const auto& [lifetime, ahead] : {std::pair{kHourMs, 35 * kMinuteMs},
                                        {kHourMs, 10 * kMinuteMs},
                                        {kDayMs, 4 * kHourMs},
                                        {kHourMs, DurationMs{0}}}) {
    for (int i = 0; i < 100; ++i) {
      auto fresh = record("user-" + std::to_string(i));
      fresh.tokens = {token("graph", lifetime)};
      const auto due = next_refresh(fresh, {.mode = RefreshMode::keep_fresh, .ahead_ms = ahead});
      const auto left = kNow + lifetime - due.at;
      CHECK(lies_between(left, ahead, ahead + lifetime / 16));
      CHECK(due.resource == "graph");
    }
  }
}

TEST_CASE("kept fresh a token is used for a while, however much life is asked for") {
  // At most three quarters of the lifetime, as for min_ttl, and the spread.
  constexpr auto longest = std::numeric_limits<DurationMs>::max();
  for (const auto ahead : {45 * kMinuteMs, kHourMs, 4 * kHourMs, longest}) {
    for (int i = 0; i < 100; ++i) {
      const auto due = next_refresh(record("user-" + std::to_string(i)),
                                    {.mode = RefreshMode::keep_fresh, .ahead_ms = ahead});
      CHECK(lies_between(due.at - kNow, kHourMs / 4 - kHourMs / 16, kHourMs / 4));
    }
  }
}

TEST_CASE("of several resources the first that is due comes first, and idleness beside them") {
  auto two = record();
  two.tokens = {token("arm", kHourMs / 2), token("graph", kHourMs)};
  CHECK(next_refresh(two, kKeepFresh).resource == "arm");
  two.tokens[0].expires_at = kNow + 2 * kHourMs;
  CHECK(next_refresh(two, kKeepFresh).resource == "graph");
  auto policy = kKeepFresh;
  policy.idle_ms = kIdle;
  CHECK(next_refresh(two, policy).at == next_refresh(two, kKeepFresh).at);
  CHECK(next_refresh(two, policy).resource == "graph");
  // The refresh token is old, and no answer brought another one since.
  two.refresh_minted_at = kNow - kIdle;
  CHECK(next_refresh(two, policy).at < kNow);
  two.tokens[0].minted_at += 1;
  CHECK(next_refresh(two, policy).resource == "arm");
}

TEST_CASE("a lifetime that nobody told is not kept fresh, but kept alive") {
  auto unknown = record();
  unknown.tokens[0].expires_at = 0;
  CHECK(next_refresh(unknown, kKeepFresh).at == 0);
  auto policy = kKeepFresh;
  policy.idle_ms = kIdle;
  CHECK(next_refresh(unknown, policy).at == next_refresh(unknown, kKeepAlive).at);
}

TEST_CASE("a token that ends before it begins is due, and nothing breaks") {
  for (DurationMs lifetime = -100; lifetime <= 100; ++lifetime) {
    auto odd = record();
    odd.tokens = {token("graph", lifetime)};
    const auto due = next_refresh(odd, kKeepFresh);
    // Nobody is asked more often than once a minute.
    CHECK(due.at == odd.tokens[0].minted_at + kMinuteMs);
  }
}

TEST_CASE("nobody is asked more often than once a minute, however short the times are") {
  auto brief = record();
  brief.tokens = {token("graph", 10 * kSecondMs)};
  CHECK(next_refresh(brief, kKeepFresh).at == kNow + kMinuteMs);
  CHECK(next_refresh(record(), {.mode = RefreshMode::keep_alive, .idle_ms = kMinuteMs}).at ==
        kNow + kMinuteMs);
}

TEST_CASE("a resource that is refused is left out, whatever the others do") {
  auto two = record();
  two.tokens = {token("arm", kHourMs / 2), token("graph", kHourMs)};
  const std::vector<std::string> arm = {"arm"};
  CHECK(next_refresh(two, kKeepFresh).resource == "arm");
  CHECK(next_refresh(two, kKeepFresh, arm).resource == "graph");
  const std::vector<std::string> both = {"arm", "graph"};
  CHECK(next_refresh(two, kKeepFresh, both).at == 0);
  // Nor is one asked for of which there is no token.
  two.tokens.clear();
  CHECK(next_refresh(two, kKeepAlive, arm).at == 0);
}

TEST_CASE("what cannot be refreshed is never due and has no end that is told") {
  const RefreshPolicy all{.mode = RefreshMode::keep_fresh,
                          .ahead_ms = kMinuteMs,
                          .idle_ms = kIdle,
                          .lifetime_ms = 365 * kDayMs};
  REQUIRE(next_refresh(record(), all).at != 0);
  REQUIRE(expires_for_good_at(record(), all) != 0);
  for (const auto status : {Status::not_connected, Status::waiting_callback, Status::testing,
                            Status::needs_reauth, Status::failed, Status::revoked}) {
    auto other = record();
    other.status = status;
    CHECK(next_refresh(other, all).at == 0);
    CHECK(expires_for_good_at(other, all) == 0);
    CHECK(expiry_told_at(other, all) == 0);
  }
  auto without = record();
  without.sealed_refresh_token.clear();
  CHECK(next_refresh(without, all).at == 0);
  CHECK(expires_for_good_at(without, all) == 0);
  CHECK(expiry_told_at(without, all) == 0);
}

TEST_CASE("a grant ends its lifetime after the sign-in, and that is told two weeks ahead") {
  const auto granted = record().granted_at;
  const auto year = RefreshPolicy{.lifetime_ms = 365 * kDayMs};
  CHECK(expires_for_good_at(record(), year) == granted + 365 * kDayMs);
  CHECK(expiry_told_at(record(), year) == granted + 351 * kDayMs);
  // Of a short one in its last quarter.
  const auto week = RefreshPolicy{.lifetime_ms = 8 * kDayMs};
  CHECK(expires_for_good_at(record(), week) == granted + 8 * kDayMs);
  CHECK(expiry_told_at(record(), week) == granted + 6 * kDayMs);
  // Neither a refresh nor the mode moves it.
  auto refreshed = record();
  refreshed.refresh_minted_at += 30 * kDayMs;
  refreshed.updated_at = kNow + 30 * kDayMs;
  CHECK(expires_for_good_at(refreshed, year) == granted + 365 * kDayMs);
  CHECK(expires_for_good_at(record(), {.mode = RefreshMode::on_demand,
                                       .lifetime_ms = 365 * kDayMs}) == granted + 365 * kDayMs);
}

TEST_CASE("a grant without an end has none") {
  CHECK(expires_for_good_at(record(), kKeepAlive) == 0);
  CHECK(expiry_told_at(record(), kKeepAlive) == 0);
}

TEST_CASE("a spread is the same for the same record, and no longer than its range") {
  for (const DurationMs range : {DurationMs{0}, DurationMs{1}, DurationMs{9}, kHourMs, kDayMs}) {
    const auto first = spread(record(), range);
    CHECK(lies_between(first, 0, range));
    CHECK(spread(record(), range) == first);
  }
  // Both of its ends are met.
  std::set<DurationMs> met;
  for (int i = 0; i < 200; ++i) {
    met.insert(spread(record("user-" + std::to_string(i)), 3));
  }
  CHECK(met == std::set<DurationMs>{0, 1, 2, 3});
  // A range that is none.
  CHECK(spread(record(), -1) == 0);
  CHECK(spread(record(), std::numeric_limits<DurationMs>::min()) == 0);
}

TEST_CASE("connections that were made together are spread evenly") {
  constexpr int kConnections = 1000;
  constexpr int kParts = 10;
  std::vector<int> parts(kParts);
  for (int i = 0; i < kConnections; ++i) {
    const auto at = next_refresh(record("user-" + std::to_string(i)), kKeepAlive).at;
    const auto before = kNow + kIdle / 2 - at;
    ++parts[static_cast<std::size_t>(before * kParts / (kIdle / 20 + 1))];
  }
  for (const int count : parts) {
    // A hundred, give or take four standard deviations.
    CHECK(lies_between(count, 62, 138));
  }
}

TEST_CASE(
    "an organization, a user and a time have each a place of their own, and nobody is always "
    "first") {
  auto other = record();
  other.id.org = "acmf";
  CHECK(spread(other, kDayMs) != spread(record(), kDayMs));
  CHECK(spread(record("user-2"), kDayMs) != spread(record(), kDayMs));
  other = record();
  other.refresh_minted_at += 1;
  CHECK(spread(other, kDayMs) != spread(record(), kDayMs));
}
