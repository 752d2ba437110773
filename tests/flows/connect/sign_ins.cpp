// Sign-ins that are cut short, wait, or meet one another or a refresh.
#include <algorithm>
#include <utility>

#include "core/connection/journal.h"
#include "core/flow/grant/kept.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

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
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
    fail_keys(story, begun);
    silent.call(story.callback_of(begun));
  });
  story.section("The person tries once more, too early",
                "It is not yet time to ask for the keys again. No code is sent: its answer would\n"
                "overwrite a grant that has arrived.");
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.host.call(story.callback_of(begun));
  story.section("The log gets the attempt that failed", "It is not yet time for anything else.");
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
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
    fail_keys(story, begun);
    silent.call(story.callback_of(begun));
  });
  story.world.now += kDayMs + kMinuteMs;
  story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
  story.host.ring(story.object_name());
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
    fail_keys(story, begun);
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

void pending_overtaken(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "pending-overtaken", "A sign-in that waits for its confirmation is overtaken by another",
      "The second one needs no confirmation and connects. The first is over with it: confirmed\n"
      "later it would put an older grant in the place of a newer one."));
  Story::Begun begun;
  Outcome waiting;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    story.expect_sign_in(begun);
    waiting = silent.call(story.callback_of(begun));
  });
  story.connect_quietly({}, {.access_token = "access-2", .refresh_token = "refresh-2"});
  const auto location = header_of(waiting, "location");
  story.host.call(Story::confirm_at(location));
}

void sign_in_over_unstored(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "sign-in-over-unstored-one", "A sign-in meets one whose outcome could not be stored",
      "The answer of the first is kept still: another code now would put its journal in the\n"
      "place of that answer."));
  Story::Begun second;
  story.quietly([&](Host& silent) {
    const auto first = story.begin(silent, story.make_link(silent));
    fail_keys(story, first);
    silent.call(story.callback_of(first));
    second = story.begin(silent, story.make_link(silent));
  });
  story.world.now += 31 * kSecondMs;
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.fail_after(1, "storage.commit");
  story.host.call(story.callback_of(second));
  story.section("The alarm finishes the first");
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.world.now = std::max(story.world.now, story.world.objects[story.object_name()].alarm_at);
  story.host.ring(story.object_name());
}

void sign_in_while_not_configured(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "sign-in-waits-for-configuration", "A sign-in's answer waits, and a variable is missing",
      "Alarms that cannot finish it are not deaths: it gives way to nobody."));
  Story::Begun second;
  story.quietly([&](Host& silent) {
    const auto first = story.begin(silent, story.make_link(silent));
    fail_keys(story, first);
    silent.call(story.callback_of(first));
    second = story.begin(silent, story.make_link(silent));
    const auto client = std::exchange(story.world.environment["AZURE_CLIENT_ID"], "");
    for (int i = 0; i < 4; ++i) {
      story.world.now = story.world.objects[story.object_name()].alarm_at;
      silent.ring(story.object_name());
    }
    story.world.environment["AZURE_CLIENT_ID"] = client;
  });
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.expect("POST", std::string(kTokenUrl), error_reply(503, "temporarily_unavailable"));
  story.host.call(story.callback_of(second));
}

void over_unreadable(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "sign-in-over-unreadable-one", "A sign-in meets an answer that nobody can read",
      "As another release wrote it, perhaps. It is left for that release, until somebody signs in "
      "anew."));
  Story::Begun second;
  story.quietly([&](Host& silent) {
    const auto first = story.begin(silent, story.make_link(silent));
    fail_keys(story, first);
    silent.call(story.callback_of(first));
    second = story.begin(silent, story.make_link(silent));
  });
  auto& storage = story.world.objects[story.object_name()].storage;
  storage[std::string(kSignInKeptKey)] = story.world.seal(
      kOrg,
      kept_context(
          {.org = std::string(kOrg), .integration = "azure", .subject = std::string(kUser)},
          decode_journal(storage[std::string(kSignInKey)]).value()),
      "an answer as another release writes it");
  story.world.now += kMinuteMs;
  story.section("The alarm");
  story.host.ring(story.object_name());
  story.section("Somebody signs in");
  story.expect_sign_in(second);
  story.host.call(story.callback_of(second));
}

void nobody_can_confirm(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "sign-in-nobody-can-confirm", "A sign-in for a backend's confirmation is cut short",
      "Its code would have gone to the backend through this browser. Finished later, nobody could\n"
      "confirm it; and it must not take the place of one that somebody can."));
  std::string location;
  Story::Begun late;
  story.quietly([&](Host& silent) {
    const auto begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    late = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    story.expect_sign_in(begun);
    location = header_of(silent.call(story.callback_of(begun)), "location");
    story.note_secret(query_value(location, "code"));
    story.expect("POST", std::string(kTokenUrl),
                 token_reply({.id_token = id_token({}, late.nonce, story.world.now)}));
    silent.crash = after_token_answer;
    silent.call(story.callback_of(late));
  });
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
  story.section("The one that arrived is confirmed");
  story.host.call(Story::confirm_at(location));
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

}  // namespace

void tell_sign_ins(Stories& stories) {
  sign_in_beside_refresh(stories);
  sign_in_over_refresh(stories);
  keys_missing(stories);
  kept_for_ever(stories);
  refresh_beside_sign_in(stories);
  pending_overtaken(stories);
  sign_in_over_unstored(stories);
  sign_in_while_not_configured(stories);
  over_unreadable(stories);
  nobody_can_confirm(stories);
  foreign_key(stories);
  kept_code(stories);
  kept_nothing(stories);
}

}  // namespace postern::testing
