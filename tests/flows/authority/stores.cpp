// Stores that are down, behind, or hold what cannot be read.
#include "core/connection/journal.h"
#include "core/flow/grant/kept.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void alarm_without_storage(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "alarm-storage-down", "An alarm rings while the object's storage is down",
      "The flow ends in a problem, so that the platform rings again: to end well would be to "
      "forget\n"
      "what is owed. The same where the record is one that this version cannot read."));
  story.connect_quietly();
  story.fail_next("storage.read");
  story.host.ring(story.object_name());
  story.section("A record of a provider that this release does not know",
                "It is kept, its token is served while it lives, and it is shown to no endpoint.");
  auto& storage = story.world.objects[story.object_name()].storage;
  auto record = decode_record(storage[std::string(kRecordKey)]).value_or(ConnectionRecord{});
  record.provider = "gitlab";
  story.world.now += kMinuteMs;
  storage[std::string(kRecordKey)] = encode_record(record);
  story.host.call(forced_refresh());
  story.host.call(story.get_token());
  story.host.ring(story.object_name());
  story.section("A record of a later version");
  storage[std::string(kRecordKey)] = "of another kind";
  story.host.ring(story.object_name());
}

void outbox(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "outbox-retry", "KV and D1 are down when a new version is committed",
      "The caller gets its token all the same: the authority has it. What is owed to the stores\n"
      "waits in the outbox, and the alarm delivers it."));
  story.connect_quietly();
  story.world.now += 56 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.fail_next("kv.put");
  story.fail_next("sql", HostFault::timeout);
  story.host.call(forced_refresh());
  story.section("The alarm rings, and D1 is still down");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.fail_next("sql");
  story.host.ring(story.object_name());
  story.section("The alarm rings again", "Only D1 is owed something.");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
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

void unreadable(Stories& stories) {
  auto& story = connected(stories, "stored-data-unreadable", "What is stored cannot be read",
                          "That is not the same as nothing: to go on would lose it.");
  auto& object = story.world.objects[story.object_name()];
  story.section("A journal");
  object.storage[std::string(kJournalKey)] = "of another kind";
  story.host.call(forced_refresh());
  object.storage.erase(std::string(kJournalKey));
  story.section("A kept answer", "The only tokens may be in it: the old one is not shown again.");
  story.world.now += kMinuteMs;
  story.quietly([&](Host& silent) {
    silent.crash = before_fetch;
    silent.call(forced_refresh());
  });
  object.storage[std::string(kKeptKey)] = story.world.seal(
      kOrg,
      kept_context(
          {.org = std::string(kOrg), .integration = "azure", .subject = std::string(kUser)},
          *decode_journal(object.storage[std::string(kJournalKey)])),
      "an answer as another release writes it");
  story.world.now += kMinuteMs;
  story.host.call(forced_refresh());
  object.storage.erase(std::string(kJournalKey));
  object.storage.erase(std::string(kKeptKey));
  story.section("A sign-in that waits for its confirmation",
                "It keeps nothing else from going on, and goes with a disconnect.");
  std::string location;
  story.quietly([&](Host& silent) {
    const auto begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    story.expect_sign_in(begun);
    location = header_of(silent.call(story.callback_of(begun)), "location");
  });
  story.note_secret(query_value(location, "code"));
  object.storage[std::string(kPendingKey)] = "of another kind";
  story.host.call(Story::confirm_at(location));
  object.storage.erase(std::string(kPendingKey));
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

}  // namespace

void tell_stores(Stories& stories) {
  alarm_without_storage(stories);
  outbox(stories);
  late_write(stories);
  unreadable(stories);
  newer_backup(stories);
  alarm_commit_fails(stories);
  mending_times_out(stories);
}

}  // namespace postern::testing
