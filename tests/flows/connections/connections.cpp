// A connection is ended, and goes back to an earlier version.
#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

Request disconnect() {
  return rpc("disconnect", R"({"userId":"user-1"})", "connections:write");
}

void disconnect_story(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "disconnect", "A connection is ended",
      "A tombstone with a version of its own goes to every store, so that no older copy can rise\n"
      "again."));
  story.connect_quietly();
  const auto stale = story.world.kv;
  story.host.call(disconnect());
  story.section("Again", "Nothing is left to end; the answer says so.");
  story.host.call(disconnect());
  story.section("KV shows an older copy for a while",
                "A token that was read before may be read until KV catches up; nothing can be\n"
                "refreshed any more, because the authority knows better.");
  story.world.kv = stale;
  story.world.forget_memory();
  story.world.now += 56 * kMinuteMs;
  story.host.call(story.get_token());
}

void rollback(Stories& stories) {
  auto& story = connected(stories, "version-rollback", "Another account was connected by mistake",
                          "The last versions are kept, sealed. To go back to one is a new version; "
                          "whether its refresh\n"
                          "token was used meanwhile counts as unknown.");
  story.world.now += kMinuteMs;
  story.world.forget_memory();
  Person other;
  other.object.back() = '6';
  other.username = "eve@example.com";
  story.quietly([&](Host& silent) {
    const auto begun = story.begin(silent, story.make_link(silent, R"(,"allowOtherAccount":true)"));
    story.expect_sign_in(begun, other, {.access_token = "access-2", .refresh_token = "refresh-2"});
    silent.call(story.callback_of(begun));
  });
  story.host.call(rpc("list_versions", R"({"userId":"user-1"})", "connections:read"));
  story.section("Back");
  const auto back = rpc("rollback", R"({"userId":"user-1","version":1})", "connections:write");
  story.host.call(back);
  story.section("A version that is not kept");
  story.host.call(rpc("rollback", R"({"userId":"user-1","version":9})", "connections:write"));
  story.section("After a disconnect", "Nothing of what was ended is kept.");
  story.quietly([&](Host& silent) {
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  });
  story.host.call(back);
}

void spent_version(Stories& stories) {
  auto& story = connected(stories, "version-spent", "A version whose refresh token was used",
                          "Where a refresh token works once only, to show it again could end what "
                          "came of it.");
  story.world.environment["AZURE_REPLAY"] = "single_use";
  story.quietly([&](Host& silent) {
    story.world.now += kMinuteMs;
    expect_refresh(story, 2);
    silent.call(forced_refresh());
  });
  const auto back = rpc("rollback", R"({"userId":"user-1","version":1})", "connections:write");
  story.host.call(back);
  story.section("What its refresh token was used for cannot be read",
                "Another account was connected since. A version that cannot be read stands in no "
                "other's way\n"
                "where a refresh token works more than once; here it may be what this one was used "
                "for.");
  story.world.now += kMinuteMs;
  story.world.forget_memory();
  Person other;
  other.object.back() = '6';
  story.quietly([&](Host& silent) {
    const auto begun = story.begin(silent, story.make_link(silent, R"(,"allowOtherAccount":true)"));
    story.expect_sign_in(begun, other, {.access_token = "access-3", .refresh_token = "refresh-3"});
    silent.call(story.callback_of(begun));
  });
  story.world.objects[story.object_name()].storage[version_key(2)] = "of another kind";
  story.host.call(rpc("list_versions", R"({"userId":"user-1"})", "connections:read"));
  story.host.call(back);
  story.section("To go back to the one that cannot be read");
  story.host.call(rpc("rollback", R"({"userId":"user-1","version":2})", "connections:write"));
  story.section("Where a refresh token works more than once");
  story.world.environment["AZURE_REPLAY"] = "old_stays_valid";
  story.host.call(back);
}

}  // namespace

void tell_connections(Stories& stories) {
  disconnect_story(stories);
  rollback(stories);
  spent_version(stories);
}

}  // namespace postern::testing
