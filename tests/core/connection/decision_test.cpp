#include "core/connection/decision.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {

constexpr EpochMs kNow = 1'767'323'045'000;
constexpr DurationMs kHour = 60 * kMinuteMs;

// Minted at `minted`, `left` before its end.
ConnectionRecord record_with(DurationMs left, EpochMs minted = kNow - kHour) {
  ConnectionRecord record;
  record.status = Status::connected;
  record.version = 3;
  record.sealed_refresh_token = "sealed";
  record.account.key = "t|ada";
  record.tokens = {{.resource = "graph",
                    .sealed = "sealed",
                    .sealed_version = 3,
                    .minted_at = minted,
                    .expires_at = kNow + left,
                    .scope = ""}};
  return record;
}

TokenDemand demand() {
  return {.resource = "graph", .arrived_at = kNow};
}

std::string verdict(const ConnectionRecord& record, const TokenDemand& wish = demand()) {
  return std::string(decide_token(&record, wish, kNow).reason);
}

TokenDecision decision(const ConnectionRecord& record, const TokenDemand& wish = demand()) {
  return decide_token(&record, wish, kNow).decision;
}

}  // namespace

TEST_CASE("nothing stored, a tombstone and a record that never was connected are not connected") {
  CHECK(decide_token(nullptr, demand(), kNow).decision == TokenDecision::not_connected);
  for (const auto status : {Status::revoked, Status::not_connected}) {
    auto record = record_with(kHour);
    record.status = status;
    CHECK(decision(record) == TokenDecision::not_connected);
  }
}

TEST_CASE("a token with more than five minutes left is served, with five it is refreshed") {
  CHECK(verdict(record_with(kRefreshWindowMs + 1)) == "fresh");
  CHECK(verdict(record_with(kRefreshWindowMs)) == "near_expiry");
  CHECK(decision(record_with(kRefreshWindowMs)) == TokenDecision::refresh);
  CHECK(verdict(record_with(-1)) == "near_expiry");
}

TEST_CASE("min_ttl widens the window and never narrows it") {
  auto wish = demand();
  wish.min_ttl_ms = 10 * kMinuteMs;
  CHECK(verdict(record_with(10 * kMinuteMs + 1), wish) == "fresh");
  CHECK(verdict(record_with(10 * kMinuteMs), wish) == "near_expiry");
  wish.min_ttl_ms = kSecondMs;
  CHECK(verdict(record_with(kRefreshWindowMs), wish) == "near_expiry");
}

TEST_CASE("min_ttl is capped at three quarters of the lifetime, or it would refresh for ever") {
  auto wish = demand();
  wish.min_ttl_ms = 24 * kHour;
  // Tokens of one hour, a second, a quarter of an hour, and more than that old.
  const auto aged = [&](DurationMs age) {
    return std::string(verdict(record_with(kHour - age, kNow - age), wish));
  };
  CHECK(aged(kSecondMs) == "fresh");
  CHECK(aged(15 * kMinuteMs - 1) == "fresh");
  CHECK(aged(15 * kMinuteMs) == "near_expiry");
}

TEST_CASE("a token minted after the caller came satisfies it, forced or not") {
  auto record = record_with(kMinuteMs, kNow);
  auto wish = demand();
  wish.forced = true;
  CHECK(verdict(record, wish) == "minted_after_arrival");
  record.tokens[0].minted_at = kNow - 1;
  CHECK(verdict(record, wish) == "forced");
  CHECK(decision(record, wish) == TokenDecision::refresh);
}

TEST_CASE("a token that is over is not served because it is new") {
  CHECK(verdict(record_with(0, kNow)) == "near_expiry");
}

TEST_CASE("a lifetime that nobody told is served until it is refused") {
  auto record = record_with(0);
  record.tokens[0].expires_at = 0;
  CHECK(verdict(record) == "fresh");
  auto wish = demand();
  wish.refused_version = 3;
  CHECK(verdict(record, wish) == "refused_by_resource");
}

TEST_CASE("a refused token is not served again, an older refusal says nothing about it") {
  auto wish = demand();
  wish.refused_version = 3;
  CHECK(verdict(record_with(kHour), wish) == "refused_by_resource");
  wish.refused_version = 2;
  CHECK(verdict(record_with(kHour), wish) == "fresh");
  // Not even when it is newer than the caller.
  wish.refused_version = 3;
  CHECK(verdict(record_with(kHour, kNow), wish) == "refused_by_resource");
}

TEST_CASE("another resource's token is no token for this one") {
  auto wish = demand();
  wish.resource = "arm";
  CHECK(verdict(record_with(kHour), wish) == "no_token_for_resource");
}

TEST_CASE("where nothing can be refreshed a token is served as long as it lives") {
  auto record = record_with(kMinuteMs);
  record.sealed_refresh_token.clear();
  CHECK(verdict(record) == "cannot_refresh");
  record.tokens[0].expires_at = kNow;
  CHECK(verdict(record) == "no_refresh_token");
  CHECK(decision(record) == TokenDecision::needs_person);

  auto dead = record_with(kMinuteMs);
  dead.status = Status::needs_reauth;
  CHECK(verdict(dead) == "cannot_refresh");
  dead.tokens[0].expires_at = kNow;
  CHECK(verdict(dead) == "needs_reauth");
  CHECK(decision(dead) == TokenDecision::needs_person);
}

TEST_CASE("a token is alive before its end, and without one") {
  CHECK(is_alive({.expires_at = kNow + 1}, kNow));
  CHECK_FALSE(is_alive({.expires_at = kNow}, kNow));
  CHECK(is_alive({.expires_at = 0}, kNow));
}

TEST_CASE("what a lost answer means is the provider's") {
  const auto replay = [](ReplayClass kind, DurationMs ago) {
    const ReplayRule rule{.kind = kind, .leeway_seconds = 600};
    return std::string(decide_replay(rule, {.sent_at = kNow - ago}, kNow).reason);
  };
  CHECK(replay(ReplayClass::not_rotated, kHour) == "not_rotated");
  CHECK(replay(ReplayClass::old_stays_valid, kHour) == "old_stays_valid");
  CHECK(replay(ReplayClass::reuse_leeway, 10 * kMinuteMs - 1) == "within_leeway");
  CHECK(replay(ReplayClass::reuse_leeway, 10 * kMinuteMs) == "leeway_over");
  CHECK(replay(ReplayClass::single_use, 0) == "single_use");

  const ReplayRule single{.kind = ReplayClass::single_use};
  CHECK(decide_replay(single, {.sent_at = kNow}, kNow).decision ==
        ReplayDecision::replay_may_be_refused);
  const ReplayRule stays{.kind = ReplayClass::old_stays_valid};
  CHECK(decide_replay(stays, {.sent_at = kNow}, kNow).decision == ReplayDecision::replay_is_safe);
}

TEST_CASE("a refusal may mean that the token was spent only where it is good for one use") {
  const auto spent = [](ReplayClass kind, OpenJournal journal) {
    const ReplayRule rule{.kind = kind, .leeway_seconds = 600};
    return may_have_been_spent(rule, journal, kNow);
  };
  for (const auto kind : {ReplayClass::not_rotated, ReplayClass::old_stays_valid,
                          ReplayClass::reuse_leeway, ReplayClass::single_use}) {
    CHECK_FALSE(spent(kind, {.sent_at = kNow - kHour}));
  }
  const OpenJournal again{.sent_at = kNow - kMinuteMs, .attempts = 2};
  const OpenJournal late{.sent_at = kNow - kHour, .attempts = 2};
  const OpenJournal backup{.sent_at = kNow, .recovered = true};
  for (const auto& journal : {again, late, backup}) {
    CHECK_FALSE(spent(ReplayClass::not_rotated, journal));
    CHECK_FALSE(spent(ReplayClass::old_stays_valid, journal));
    CHECK(spent(ReplayClass::single_use, journal));
  }
  CHECK_FALSE(spent(ReplayClass::reuse_leeway, again));
  CHECK(spent(ReplayClass::reuse_leeway, late));
  CHECK(spent(ReplayClass::reuse_leeway, backup));
}

TEST_CASE("a token that was used works again only where its provider never ends it") {
  CHECK(works_again({.kind = ReplayClass::not_rotated}));
  CHECK(works_again({.kind = ReplayClass::old_stays_valid}));
  CHECK_FALSE(works_again({.kind = ReplayClass::reuse_leeway, .leeway_seconds = 600}));
  CHECK_FALSE(works_again({.kind = ReplayClass::single_use}));
}

TEST_CASE("an earlier version's token was used where the same grant has a later one") {
  auto earlier = record_with(kHour);
  earlier.granted_at = kNow;
  earlier.refresh_minted_at = kNow + 5;
  auto newest = earlier;
  CHECK_FALSE(was_used(earlier, newest));
  newest.refresh_minted_at += 1;
  CHECK(was_used(earlier, newest));
  CHECK_FALSE(was_used(newest, earlier));
  // Another sign-in since: what the grant before became, nobody here knows.
  newest.granted_at += 1;
  CHECK_FALSE(was_used(earlier, newest));
}

TEST_CASE("what a fault does to the connection") {
  CHECK(decide_fault(FaultKind::terminal, 3, 3) == FaultDecision::grant_is_dead);
  CHECK(decide_fault(FaultKind::person, 3, 3) == FaultDecision::needs_person);
  // Somebody else refreshed meanwhile: the refusal was about an older token.
  CHECK(decide_fault(FaultKind::terminal, 3, 4) == FaultDecision::retry_later);
  CHECK(decide_fault(FaultKind::person, 3, 4) == FaultDecision::retry_later);
  for (const std::int64_t newest : {3, 4}) {
    CHECK(decide_fault(FaultKind::transient, 3, newest) == FaultDecision::retry_later);
    CHECK(decide_fault(FaultKind::refused, 3, newest) == FaultDecision::resource_refused);
    CHECK(decide_fault(FaultKind::integration, 3, newest) == FaultDecision::integration_down);
  }
}

TEST_CASE("a refresh token is shown while its grant may live") {
  auto record = record_with(kHour);
  record.sealed_refresh_token = "sealed";
  CHECK(may_refresh(record));
  record.status = Status::needs_reauth;
  for (const char* cause : {"invalid_grant", "refresh_outcome_unknown", ""}) {
    record.cause = cause;
    CHECK_FALSE(may_refresh(record));
  }
  record.cause = kNeedsPerson;
  CHECK(may_refresh(record));
  record.sealed_refresh_token.clear();
  CHECK_FALSE(may_refresh(record));
}

TEST_CASE("why a person is wanted is told by a stable word") {
  CHECK(cause_of({.error = "invalid_grant", .suberror = "consent_required"}) == "consent_required");
  CHECK(cause_of({.error = "invalid_grant", .suberror = "basic_action"}) == "interaction_required");
  CHECK(cause_of({.error = "login_required"}) == "login_required");
}

TEST_CASE("a replay may overtake what it repeats only where that does no harm") {
  const auto leeway = [](std::int64_t seconds) {
    return may_overtake({.kind = ReplayClass::reuse_leeway, .leeway_seconds = seconds});
  };
  CHECK(may_overtake({.kind = ReplayClass::not_rotated}));
  CHECK(may_overtake({.kind = ReplayClass::old_stays_valid}));
  CHECK_FALSE(may_overtake({.kind = ReplayClass::single_use}));
  CHECK(leeway(kRequestLifeMs / kSecondMs));
  CHECK_FALSE(leeway(kRequestLifeMs / kSecondMs - 1));
}

TEST_CASE("an account takes a connection over only where the link allows it") {
  const auto record = record_with(kHour);
  CHECK(decide_account(nullptr, "t|ada", false) == AccountDecision::first);
  CHECK(decide_account(&record, "t|ada", false) == AccountDecision::same);
  CHECK(decide_account(&record, "t|bob", false) == AccountDecision::other_refused);
  CHECK(decide_account(&record, "t|bob", true) == AccountDecision::other_allowed);
  // By tid and oid as they are, in no other spelling.
  CHECK(decide_account(&record, "T|ADA", false) == AccountDecision::other_refused);
  auto ended = record;
  ended.status = Status::revoked;
  CHECK(decide_account(&ended, "t|bob", false) == AccountDecision::first);
  auto nobody = record;
  nobody.account.key.clear();
  CHECK(decide_account(&nobody, "t|bob", false) == AccountDecision::first);
}
