// A token endpoint's answer that was kept and cannot be read: it may hold the only tokens.
#include "core/flow/grant/kept.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <utility>

#include "core/base/base64url.h"
#include "core/connection/journal.h"
#include "tests/core/flow/grant/two_resources.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

// Sealed with a key that is not in the ring.
constexpr std::string_view kUnopened = "s1.gone.AAAA";

std::string sealed_for(World& world, const Object& object, JournalKind kind,
                       std::string_view plaintext) {
  const auto key = std::string(kind == JournalKind::code ? kSignInKey : kJournalKey);
  const auto found = object.storage.find(key);
  const auto journal = found == object.storage.end() ? std::nullopt : decode_journal(found->second);
  REQUIRE(journal.has_value());
  return world.seal(
      kOrg,
      kept_context(
          {.org = std::string(kOrg), .integration = "azure", .subject = std::string(kUser)},
          journal.value_or(Journal())),
      plaintext);
}

std::ptrdiff_t unreadable_answers(const World& world) {
  return std::ranges::count_if(world.logs, [](const Log& log) {
    return log.event == "kept_answer_unreadable" && log.level == LogLevel::error;
  });
}

}  // namespace

TEST_CASE("an alarm says of a refresh's answer that it cannot be read, and nothing is lost") {
  for (const bool opens : {false, true}) {
    CAPTURE(opens);
    Story story("kept", "", "");
    story.connect_quietly();
    auto& world = story.world;
    auto& object = world.objects[story.object_name()];
    int requests = 0;
    world.internet = [&](const Fetch&) -> Fetch::Reply {
      ++requests;
      return token_reply({.access_token = "access-2", .refresh_token = "refresh-2"});
    };
    world.now += 61 * kMinuteMs;
    Host host(world);
    host.crash = after_token_answer;
    (void)host.call(story.get_token());
    host.crash = {};
    REQUIRE(requests == 1);
    auto& kept = object.storage[std::string(kKeptKey)];
    REQUIRE_FALSE(kept.empty());
    kept = opens ? sealed_for(world, object, JournalKind::refresh, "of another release")
                 : std::string(kUnopened);
    auto before = object.storage;
    for (int ring = 1; ring <= 5; ++ring) {
      CAPTURE(ring);
      world.now += 11 * kMinuteMs;
      (void)host.ring(story.object_name());
      CHECK(unreadable_answers(world) == ring);
      CHECK(object.alarm_at > world.now);
      // Callers come in crowds.
      const auto outcome = host.call(story.get_token());
      CHECK(outcome.body.contains("stored_data_unreadable"));
      CHECK(unreadable_answers(world) == ring);
    }
    CHECK(requests == 1);
    for (const auto key : {kRecordKey, kJournalKey, kKeptKey}) {
      CAPTURE(key);
      REQUIRE(before.contains(std::string(key)));
      CHECK(object.storage[std::string(key)] == before[std::string(key)]);
    }
    const auto journal = decode_journal(object.storage[std::string(kJournalKey)]);
    REQUIRE(journal.has_value());
    CHECK(journal->kept_reads == 0);
  }
}

namespace {

// A sign-in whose flow died with the answer, which is another one now.
void cut_short(Story& story, bool opens) {
  story.quietly([&](Host& silent) {
    const auto first = story.begin(silent, story.make_link(silent));
    story.expect("POST", std::string(kTokenUrl),
                 token_reply({.id_token = id_token({}, first.nonce, story.world.now)}));
    silent.crash = after_token_answer;
    (void)silent.call(story.callback_of(first));
  });
  auto& object = story.world.objects[story.object_name()];
  REQUIRE(object.storage.contains(std::string(kSignInKeptKey)));
  object.storage[std::string(kSignInKeptKey)] =
      opens ? sealed_for(story.world, object, JournalKind::code, "of another release")
            : std::string(kUnopened);
}

}  // namespace

TEST_CASE("a sign-in's answer that does not open keeps its place: its key may come back") {
  Story story("unopened", "", "");
  cut_short(story, false);
  auto& world = story.world;
  auto& object = world.objects[story.object_name()];
  story.quietly([&](Host& silent) {
    for (int i = 1; i <= 5; ++i) {
      CAPTURE(i);
      world.now += kMinuteMs;
      (void)silent.ring(story.object_name());
      const auto next = story.begin(silent, story.make_link(silent));
      const auto outcome = silent.call(story.callback_of(next));
      CHECK(outcome.body.contains("earlier_answer_waits"));
      CHECK(object.storage[std::string(kSignInKeptKey)] == kUnopened);
      // Here also a person's own flow says so.
      CHECK(unreadable_answers(world) == 2 * i);
    }
  });
  CHECK(story.complaints() == "");
}

TEST_CASE("a sign-in's answer that opens and is none gives its place to the next sign-in") {
  Story story("no-answer", "", "");
  cut_short(story, true);
  auto& world = story.world;
  auto& object = world.objects[story.object_name()];
  world.now += kMinuteMs;
  story.quietly([&](Host& silent) {
    // For an alarm it is left as it is.
    const auto kept = object.storage[std::string(kSignInKeptKey)];
    (void)silent.ring(story.object_name());
    CHECK(object.storage[std::string(kSignInKeptKey)] == kept);
    const auto next = story.begin(silent, story.make_link(silent));
    story.expect_sign_in(next);
    CHECK(silent.call(story.callback_of(next)).status == 200);
  });
  const auto record = decode_record(object.storage[std::string(kRecordKey)]);
  REQUIRE(record.has_value());
  CHECK(record->status == Status::connected);
  CHECK(story.complaints() == "");
}

TEST_CASE(
    "an answer that flows died of waits as long as it was granted, by a clock that is right") {
  for (const auto kind : {JournalKind::refresh, JournalKind::code}) {
    for (const bool was_ahead : {true, false}) {
      CAPTURE(kind);
      CAPTURE(was_ahead);
      Story story("patience", "", "");
      auto& world = story.world;
      auto& object = world.objects[story.object_name()];
      const bool signs_in = kind == JournalKind::code;
      story.quietly([&](Host& silent) {
        const auto first = story.begin(silent, story.make_link(silent));
        story.expect_sign_in(first);
        if (signs_in) {
          silent.crash = after_token_answer;
        }
        (void)silent.call(story.callback_of(first));
        if (!signs_in) {
          world.now += 61 * kMinuteMs;
          story.expect("POST", std::string(kTokenUrl),
                       token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
          silent.crash = after_token_answer;
          (void)silent.call(story.get_token());
        }
        silent.crash = {};
        auto& stored = object.storage[std::string(signs_in ? kSignInKey : kJournalKey)];
        auto journal = decode_journal(stored);
        REQUIRE(journal.has_value());
        journal->kept_reads = kMostKeptReads;
        journal->retry_at = world.now + (was_ahead ? 5 * kHourMs : 10 * kMinuteMs);
        stored = encode_journal(*journal);
        world.now += kSecondMs;
        (void)silent.ring(story.object_name());
      });
      const auto key = std::string(signs_in ? kSignInKeptKey : kKeptKey);
      CHECK(object.storage.contains(key) != was_ahead);
      const auto record = decode_record(object.storage[std::string(kRecordKey)]);
      CHECK((record && record->version == (signs_in ? 1 : 2)) == was_ahead);
    }
  }
}

TEST_CASE("a refusal of claims that was kept is told to nobody who did not name them") {
  for (const bool same_claims : {false, true}) {
    CAPTURE(same_claims);
    TwoResources two("on_demand");
    two.refused["graph"] = "interaction_required";
    // The flow dies before it can write what came of the answer.
    bool dies = true;
    two.world.weather = [&](const Effect& effect) -> std::optional<HostFault> {
      const auto* commit = std::get_if<StorageCommit>(&effect);
      const bool ends = commit != nullptr && std::ranges::contains(commit->deletes, kJournalKey);
      return ends && dies ? std::optional(HostFault::unavailable) : std::nullopt;
    };
    two.world.now += 61 * kMinuteMs;
    const auto with_claims = R"(,"claims":")" + base64url_encode(R"({"a":1})") + "\"";
    CHECK(two.host.call(two.story.get_token(with_claims)).status != 200);
    REQUIRE(two.object().storage.contains(std::string(kKeptKey)));
    dies = false;
    two.refused.clear();
    two.world.forget_memory();
    two.world.now += kMinuteMs;
    two.got.clear();
    const auto answer =
        same_claims ? two.host.call(two.story.get_token(with_claims)) : two.ask("graph");
    CHECK(answer.status == (same_claims ? 409 : 200));
    CHECK(two.got["graph"] == (same_claims ? 0 : 1));
    CHECK(two.record().status == Status::connected);
    CHECK(two.told(EventType::needs_reauth).empty());
    CHECK_FALSE(two.object().storage.contains(std::string(kPausesKey)));
  }
}
