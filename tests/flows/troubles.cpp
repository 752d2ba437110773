// Several things go wrong at once, or one after the other.
#include "core/connection/journal.h"
#include "tests/flows/story.h"

namespace postern::testing {

namespace {

Request forced_refresh() {
  return rpc("refresh", R"({"userId":"user-1"})", "connections:write");
}

// Dies before the provider is asked: an open journal, and nobody knows.
bool before_fetch(const Effect& effect, bool carried_out) {
  return !carried_out && std::holds_alternative<Fetch>(effect);
}
// Dies with the token endpoint's answer in its hands.
bool after_token_answer(const Effect& effect, bool carried_out) {
  const auto* fetch = std::get_if<Fetch>(&effect);
  return carried_out && fetch != nullptr && fetch->method == "POST";
}

Story& connected(Stories& stories, std::string name, std::string_view heading,
                 std::string_view prose) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  story.connect_quietly();
  story.world.forget_memory();
  return story;
}

void sign_in_beside_refresh(Stories& stories) {
  auto& story = connected(stories, "sign-in-over-unknown-outcome",
                          "Somebody signs in while a refresh is unsettled",
                          "Each has a journal of its own. The sign-in fails; what was unknown "
                          "before is unknown still,\n"
                          "and is settled later.");
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    silent.crash = before_fetch;
    silent.call(forced_refresh());
  });
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.id_token = id_token({}, "another-nonce", story.world.now)}));
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.host.call(story.callback_of(begun));
  story.section("The next caller settles the refresh");
  story.world.now += 30 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(story.get_token());
}

void sign_in_over_refresh(Stories& stories) {
  auto& story = connected(
      stories, "sign-in-ends-unknown-outcome", "A sign-in that works ends what was unsettled",
      "The new grant takes the old one's place: the refresh's journal is over with it.");
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    silent.crash = before_fetch;
    silent.call(forced_refresh());
  });
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect_sign_in(begun, {}, {.access_token = "access-new", .refresh_token = "refresh-new"});
  story.host.call(story.callback_of(begun));
}

void keys_missing(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-waits-for-keys", "A grant arrives, and the provider's keys cannot be fetched",
      "Who signed in is not proven yet. The answer is kept, and the alarm proves it later."));
  Story::Begun begun;
  const auto fail_keys = [&] {
    const TokenAnswer answer{.id_token = id_token({}, begun.nonce, story.world.now)};
    story.expect("POST", std::string(kTokenUrl), token_reply(answer));
    story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
  };
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
    fail_keys();
    silent.call(story.callback_of(begun));
  });
  story.section("The person tries once more, too early",
                "It is not yet time to ask for the keys again. No code is sent: its answer would\n"
                "overwrite a grant that has arrived.");
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.host.call(story.callback_of(begun));
  story.section("The alarm rings, and the keys are back");
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

void kept_for_ever(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-keys-never-come", "The keys do not come for a day",
      "Then the answer is given up: what it grants ends by itself, and the person signs in "
      "again."));
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
    const TokenAnswer answer{.id_token = id_token({}, begun.nonce, story.world.now)};
    story.expect("POST", std::string(kTokenUrl), token_reply(answer));
    story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
    silent.call(story.callback_of(begun));
  });
  story.world.now += kDayMs + kMinuteMs;
  story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
  story.host.ring(story.object_name());
}

void poison(Stories& stories) {
  auto& story = connected(
      stories, "refresh-poisoned-answer", "Flows die of an answer that was kept",
      "A defect of ours, most likely. The answer may hold the only tokens, so it is not thrown\n"
      "away; but after the third death it is left alone for ten minutes, and the token that lives\n"
      "is served meanwhile.");
  story.world.now += 56 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.quietly([&](Host& silent) {
    silent.crash = after_token_answer;
    silent.call(story.get_token());
    silent.crash = [](const Effect& effect, bool) { return std::holds_alternative<Seal>(effect); };
    silent.call(story.get_token());
    silent.call(story.get_token());
  });
  story.section("The third death");
  story.host.crash = [](const Effect& effect, bool) {
    return std::holds_alternative<Seal>(effect);
  };
  story.host.call(story.get_token());
  story.section("The next caller");
  story.host.call(story.get_token());
  story.section("Eleven minutes later, with a version that does not die",
                "The new tokens are there.");
  story.host.crash = {};
  story.world.now += 11 * kMinuteMs;
  story.host.call(story.get_token());
}

void late_write(Stories& stories) {
  auto& story = connected(
      stories, "disconnect-over-late-write", "A write to KV times out just before a disconnect",
      "It may land at any time, over the tombstone. So the tombstone is written once more after\n"
      "a minute.");
  story.world.now += kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.fail_next("kv.put", HostFault::timeout);
  story.quietly([&](Host& silent) { silent.call(forced_refresh()); });
  const auto late = story.world.kv;
  story.host.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  story.section("The late write lands, and the alarm rings");
  story.world.kv = late;
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
  story.section("Nothing is served");
  story.host.call(story.get_token());
}

void stale_kv(Stories& stories) {
  auto& story = connected(
      stories, "token-from-stale-kv", "KV shows an older version than the authority has",
      "Whoever is led to the authority by it has KV corrected, at most every 30 seconds.");
  const auto older = story.world.kv;
  story.world.now += 56 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.quietly([&](Host& silent) { silent.call(story.get_token()); });
  story.world.forget_memory();
  story.world.kv = older;
  story.host.call(story.get_token());
}

void unreadable(Stories& stories) {
  auto& story = connected(stories, "stored-data-unreadable", "What is stored cannot be read",
                          "That is not the same as nothing: to go on would lose it.");
  auto& object = story.world.objects[story.object_name()];
  story.section("A journal");
  object.storage[std::string(kJournalKey)] = "of another kind";
  story.host.call(forced_refresh());
  object.storage.erase(std::string(kJournalKey));
  story.section("An outbox", "Whatever it owed is delivered: twice harms nobody.");
  object.storage[std::string(kOutboxKey)] = "of another kind";
  story.host.ring(story.object_name());
  story.section("The backup in D1, when storage and KV have nothing");
  const auto storage = std::exchange(object.storage, {});
  const auto kv = std::exchange(story.world.kv, {});
  (void)story.world.d1.batch(
      {{.sql = "UPDATE oauth_connections SET record = 'AAAA'", .parameters = {}}});
  story.host.call(story.get_token());
  story.section("The same, and KV has a copy", "It may be older than what cannot be read.");
  story.world.kv = kv;
  story.host.call(forced_refresh());
  story.section("KV alone");
  (void)story.world.d1.batch({{.sql = "DELETE FROM oauth_connections", .parameters = {}}});
  story.world.kv[story.object_name()] = "of another kind";
  story.host.call(forced_refresh());
  object.storage = storage;
}

void newer_backup(Stories& stories) {
  auto& story = connected(stories, "backup-is-newer", "D1 has a newer version than the authority",
                          "The object's storage was put back to an earlier day. The backup is not\n"
                          "overwritten, and the log says so.");
  (void)story.world.d1.batch(
      {{.sql = "UPDATE oauth_connections SET version = 7", .parameters = {}}});
  story.world.now += kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(forced_refresh());
}

void foreign_key(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "id-token-by-another-issuers-key", "The key belongs to another issuer",
      "Entra publishes all its keys together and says with each whose tokens it signs."));
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  const TokenAnswer answer{.id_token = id_token({}, begun.nonce, story.world.now)};
  story.expect("POST", std::string(kTokenUrl), token_reply(answer));
  story.expect(
      "GET", std::string(kKeysUrl),
      keys_reply("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"));
  story.host.call(story.callback_of(begun));
}

void refresh_beside_sign_in(Stories& stories) {
  auto& story =
      connected(stories, "refresh-beside-waiting-sign-in",
                "A connection goes on while a second sign-in waits for the provider's keys",
                "The kept answer of the sign-in stands in nobody's way: the token is refreshed, "
                "and the keys\n"
                "are not asked for again before their time.");
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
    const TokenAnswer answer{.id_token = id_token({}, begun.nonce, story.world.now)};
    story.expect("POST", std::string(kTokenUrl), token_reply(answer));
    story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
    silent.call(story.callback_of(begun));
  });
  story.world.now += 20 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(forced_refresh());
  story.section("The alarm finishes the sign-in", "It is the same person, with a newer grant.");
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

void alarm_commit_fails(Stories& stories) {
  auto& story = connected(
      stories, "alarm-commit-fails", "The last thing that an alarm does is not stored",
      "The alarm that rang is gone, and the next one was perhaps not armed. The flow ends in a\n"
      "problem, so that the platform rings again.");
  auto& object = story.world.objects[story.object_name()];
  object.storage[std::string(kOutboxKey)] = encode_outbox({.attempts = 1});
  story.fail_next("storage.commit");
  story.host.ring(story.object_name());
}

void mending_times_out(Stories& stories) {
  auto& story = connected(
      stories, "kv-mended-too-late", "KV is mended, and that very write times out",
      "It may land at any time, over a tombstone too: KV is owed another write after that.");
  story.world.kv.clear();
  story.world.now += kSecondMs;
  story.fail_next("kv.put", HostFault::timeout);
  story.host.call(story.get_token());
  story.section("A minute later");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

void pending_overtaken(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "pending-overtaken", "A sign-in that waits for its confirmation is overtaken by another",
      "The second one needs no confirmation and connects. The first is over with it: confirmed\n"
      "later it would put an older grant in the place of a newer one."));
  Story::Begun begun;
  Outcome waiting;
  story.quietly([&](Host& silent) {
    begun = story.begin(
        silent, story.make_link(silent, R"(,"returnTo":")" + std::string(kReturnTo) + "\""));
    story.expect_sign_in(begun);
    waiting = silent.call(story.callback_of(begun));
  });
  story.connect_quietly({}, {.access_token = "access-2", .refresh_token = "refresh-2"});
  const auto location = header_of(waiting, "location");
  story.host.call(rpc("confirm_connection", R"({"attempt":")" + query_value(location, "attempt") +
                                                R"(","code":")" + query_value(location, "code") +
                                                R"(","userId":"user-1"})"));
}

void sign_in_over_unstored(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "sign-in-over-unstored-one", "A sign-in meets one whose outcome could not be stored",
      "The answer of the first is kept still: another code now would put its journal in the\n"
      "place of that answer."));
  Story::Begun second;
  story.quietly([&](Host& silent) {
    const auto first = story.begin(
        silent, story.make_link(silent, R"(,"returnTo":")" + std::string(kReturnTo) + "\""));
    const TokenAnswer answer{.id_token = id_token({}, first.nonce, story.world.now)};
    story.expect("POST", std::string(kTokenUrl), token_reply(answer));
    story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
    silent.call(story.callback_of(first));
    second = story.begin(silent, story.make_link(silent));
  });
  story.world.now += 31 * kSecondMs;
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  int commits = 0;
  story.world.weather = [&commits](const Effect& effect) -> std::optional<HostFault> {
    return std::holds_alternative<StorageCommit>(effect) && ++commits == 2
               ? std::optional(HostFault::unavailable)
               : std::nullopt;
  };
  story.host.call(story.callback_of(second));
  story.world.weather = {};
  story.section("The alarm finishes the first");
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

}  // namespace

void tell_troubles(Stories& stories) {
  sign_in_beside_refresh(stories);
  sign_in_over_refresh(stories);
  sign_in_over_unstored(stories);
  keys_missing(stories);
  kept_for_ever(stories);
  poison(stories);
  late_write(stories);
  stale_kv(stories);
  unreadable(stories);
  newer_backup(stories);
  foreign_key(stories);
  refresh_beside_sign_in(stories);
  alarm_commit_fails(stories);
  mending_times_out(stories);
  pending_overtaken(stories);
}

}  // namespace postern::testing
