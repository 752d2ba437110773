// A token is read: from memory, from KV, from the authority.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kArmScope = "https://management.azure.com/user_impersonation";

void token_warm(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "token-cold-and-warm", "A token is read: cold from KV, then warm from the isolate",
      "Cold is one KV read and one opening. Warm is neither: the isolate remembers the token for\n"
      "30 seconds. Neither asks the authority."));
  story.connect_quietly();
  story.world.forget_memory();
  story.host.call(story.get_token());
  story.section("Warm");
  story.host.call(story.get_token());
  story.section("31 seconds later", "The memory is over; KV answers again.");
  story.world.now += 31 * kSecondMs;
  story.host.call(story.get_token());
}

void token_from_authority(Stories& stories) {
  auto& story = *stories.emplace_back(
      std::make_unique<Story>("token-from-authority", "KV has nothing, so the authority answers",
                              "The front flow leaves for the authority and starts again with its "
                              "answer; no instance waits\n"
                              "meanwhile. The authority puts the record back into KV."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.kv.clear();
  story.host.call(story.get_token());
  story.section("And if the authority's storage is gone as well",
                "The backup in D1 rebuilds the connection. Its refresh token may have been used\n"
                "since: that is remembered.");
  story.world.forget_memory();
  story.world.kv.clear();
  story.world.objects.clear();
  story.host.call(story.get_token());
}

void token_refresh(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "token-refresh", "A token near its end is refreshed before anybody gets it",
      "The journal is written before the refresh token leaves; the new tokens are committed "
      "before\n"
      "anybody sees them."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += 56 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(story.get_token());
  story.section("Another resource", "From the same refresh token, with that resource's scopes.");
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-arm",
                            .refresh_token = "refresh-3",
                            .scope = std::string(kArmScope)}));
  story.host.call(story.get_token(R"(,"resource":"arm")"));
  story.section("Forced, and the answer has no refresh token", "The old one is kept (RFC 6749 6).");
  story.world.now += kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-4", .refresh_token = ""}));
  story.host.call(forced_refresh());
}

void stores_down(Stories& stories) {
  auto& story =
      expired(stories, "store-down-token", "A store is down while a token is read", "", kMinuteMs);
  story.section("KV is down", "The authority answers, as if KV had nothing.");
  story.fail_next("kv.get", HostFault::timeout);
  story.host.call(story.get_token());
  story.section("The authority's storage is down", "Not the same as \"not connected\".");
  story.world.forget_memory();
  story.fail_next("kv.get");
  story.fail_next("storage.read");
  story.host.call(story.get_token());
  story.section("Nothing is stored, and D1 cannot be asked", "Nor is this.");
  story.world.forget_memory();
  story.world.kv.clear();
  story.world.objects.clear();
  story.fail_next("sql");
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

}  // namespace

void tell_tokens(Stories& stories) {
  token_warm(stories);
  token_from_authority(stories);
  token_refresh(stories);
  stores_down(stories);
  stale_kv(stories);
}

}  // namespace postern::testing
