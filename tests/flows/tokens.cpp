// Tokens: read, refreshed, recovered, ended.
#include "core/connection/journal.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kArmScope = "https://management.azure.com/user_impersonation";

Request disconnect() {
  return rpc("disconnect", R"({"userId":"user-1"})", "connections:write");
}

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

void unknown_outcome(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-unknown-outcome", "The object dies while the provider's answer is on its way",
      "An open journal without a kept answer: nobody knows what the provider did. The request may\n"
      "be on its way still, so for as long as one can be, no other leaves. Then the alarm shows\n"
      "the same refresh token again: Microsoft lets an old one live."));
  story.connect_quietly();
  story.world.now += 56 * kMinuteMs;
  story.host.crash = [](const Effect& effect, bool carried_out) {
    return !carried_out && std::holds_alternative<Fetch>(effect);
  };
  story.host.call(forced_refresh());
  story.host.crash = {};
  story.section("Three seconds later", "The token that lives is served, and no request leaves.");
  story.world.now += 3 * kSecondMs;
  story.host.call(story.get_token());
  story.section("Whoever demands a new one is asked for patience");
  story.host.call(forced_refresh());
  story.section("The alarm rings");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.ring(story.object_name());
}

void trap(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-trap", "A flow traps in the middle of a refresh, and its object lives on",
      "Nothing that this object sent is on its way any more. The next caller need not wait."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    silent.object_survives = true;
    silent.crash = [](const Effect& effect, bool carried_out) {
      return !carried_out && std::holds_alternative<Fetch>(effect);
    };
    silent.call(story.get_token());
  });
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.call(story.get_token());
  story.section("That try timed out, and so says the journal",
                "Now the delay counts, in this object as in any other.");
  story.host.call(story.get_token());
}

void unknown_outcome_refused(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-unknown-outcome-refused", "The replay after an unknown outcome is refused",
      "Entra would have taken the old refresh token: a refusal means what it says."));
  const auto refused_replay = [&] {
    story.connect_quietly();
    story.world.forget_memory();
    story.world.now += 61 * kMinuteMs;
    story.quietly([&](Host& silent) {
      silent.crash = [](const Effect& effect, bool carried_out) {
        return !carried_out && std::holds_alternative<Fetch>(effect);
      };
      silent.call(story.get_token());
    });
    story.world.now += 30 * kSecondMs;
  };
  refused_replay();
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
  story.section("Where a refresh token is good for one use",
                "As is assumed of every server but Entra's own. The grant may have been lost with\n"
                "the answer, and what happened is told as it is.");
  story.quietly([&](Host& silent) {
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  });
  refused_replay();
  constexpr std::string_view kOther = "https://login.example.com";
  story.world.environment["AZURE_LOGIN_ORIGIN"] = kOther;
  story.world.environment["ALLOW_INSECURE_ORIGINS"] = kOther;
  story.expect("POST", std::string(kOther) + "/common/oauth2/v2.0/token",
               error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
}

void kept_answer(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-kept-answer", "The object dies with the provider's answer in its hands",
      "The answer was sealed and stored before the flow saw it. The next caller's flow finds it,\n"
      "and no second request leaves."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.crash = [](const Effect& effect, bool carried_out) {
    return carried_out && std::holds_alternative<Fetch>(effect);
  };
  story.host.call(story.get_token());
  story.host.crash = {};
  story.section("The next caller");
  story.host.call(story.get_token());
}

void kept_code(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-kept-answer", "The object dies after the code was redeemed",
      "A code works once, so it is never sent again; but its answer was kept, and the alarm makes\n"
      "the connection that the person signed in for."));
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect_sign_in(begun);
  story.host.crash = [](const Effect& effect, bool carried_out) {
    const auto* fetch = std::get_if<Fetch>(&effect);
    return carried_out && fetch != nullptr && fetch->method == "POST";
  };
  story.host.call(story.callback_of(begun));
  story.host.crash = {};
  story.section("The alarm rings");
  story.world.now += 45 * kSecondMs;
  story.host.ring(story.object_name());
}

void kept_nothing(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-kept-nothing", "The object dies, and what was kept is no answer",
      "The request timed out. Nobody knows whether the code was redeemed, and it is not sent "
      "again:\n"
      "the alarm ends the attempt."));
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.crash = [](const Effect& effect, bool carried_out) {
    return carried_out && std::holds_alternative<Fetch>(effect);
  };
  story.quietly([&](Host& silent) {
    silent.crash = story.host.crash;
    silent.call(story.callback_of(begun));
  });
  story.host.crash = {};
  story.world.now += 45 * kSecondMs;
  story.host.ring(story.object_name());
}

void alarm_without_storage(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "alarm-storage-down", "An alarm rings while the object's storage is down",
      "The flow ends in a problem, so that the platform rings again: to end well would be to "
      "forget\n"
      "what is owed. The same where the record is one that this version cannot read."));
  story.connect_quietly();
  story.fail_next("storage.read");
  story.host.ring(story.object_name());
  story.section("A record of a provider that this version does not know");
  auto& storage = story.world.objects[story.object_name()].storage;
  auto record = decode_record(storage[std::string(kRecordKey)]).value_or(ConnectionRecord{});
  record.provider = "gitlab";
  storage[std::string(kRecordKey)] = encode_record(record);
  story.host.call(forced_refresh());
  story.host.ring(story.object_name());
  story.section("A record of a later version");
  storage[std::string(kRecordKey)] = "of another kind";
  story.host.ring(story.object_name());
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

}  // namespace

void tell_tokens(Stories& stories) {
  token_warm(stories);
  token_from_authority(stories);
  token_refresh(stories);
  unknown_outcome(stories);
  trap(stories);
  unknown_outcome_refused(stories);
  kept_answer(stories);
  kept_code(stories);
  kept_nothing(stories);
  alarm_without_storage(stories);
  disconnect_story(stories);
  outbox(stories);
}

}  // namespace postern::testing
