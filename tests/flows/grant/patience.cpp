// What the provider refuses, again and again: who is told what, and when it is asked once more.
#include "core/flow/authority/store.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void refused_again(Stories& stories) {
  auto& story = connected(
      stories, "refusals-are-remembered", "What the provider refused is not asked again at once",
      "For half a minute whoever asks is told what the provider said. Here consent is missing for\n"
      "one resource.");
  story.expect("POST", std::string(kTokenUrl),
               error_reply(400, "invalid_grant", R"(,"suberror":"consent_required")"));
  story.quietly([&](Host& silent) { silent.call(story.get_token(R"(,"resource":"arm")")); });
  story.host.call(story.get_token(R"(,"resource":"arm")"));
  story.section("The integration's secret ended",
                "That is said of every connection of the integration.");
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.quietly([&](Host& silent) { silent.call(story.get_token()); });
  story.host.call(story.get_token());
  story.section("Half a minute later", "The provider is asked once more.");
  story.world.now += 31 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(story.get_token());
}

void odd_answer(Stories& stories) {
  auto& story = connected(stories, "refresh-odd-answer",
                          "A new refresh token comes with an answer that is no good",
                          "No access token is in it. Under rotation the new refresh token is all "
                          "that is left, so it is\n"
                          "kept, and the next try is made with it.");
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               json_reply(200, R"({"token_type":"Bearer","refresh_token":"refresh-2"})"));
  story.note_secret("refresh-2");
  story.host.call(story.get_token());
  story.section("Half a minute later");
  story.world.now += 31 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-3", .refresh_token = "refresh-3"}));
  story.host.call(story.get_token());
}

void tired_alarm(Stories& stories) {
  auto& story = connected(stories, "refresh-alarm-gives-up",
                          "Nobody asks, and the provider is down for hours",
                          "On demand: after 24 tries in vain no alarm is armed any more; whoever "
                          "asks for a token makes\n"
                          "the next try.");
  story.world.environment["AZURE_REFRESH_MODE"] = "on_demand";
  story.world.now += 61 * kMinuteMs;
  const auto object = story.object_name();
  story.quietly([&](Host& silent) {
    story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
    silent.call(story.get_token());
    for (int tries = 1; tries < kMostUnaskedTries; ++tries) {
      story.world.now = story.world.objects[object].alarm_at;
      story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
      silent.ring(object);
    }
  });
  story.world.now = story.world.objects[object].alarm_at;
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.ring(object);
  story.section("A caller, an hour later");
  story.world.now += 60 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(story.get_token());
}

void doubt_stays(Stories& stories) {
  auto& story =
      connected(stories, "refresh-doubt-outlives-another-fault",
                "An answer is lost, and the next try fails for another reason",
                "Refresh tokens are good for one use here. The refusal of our registration says "
                "nothing about\n"
                "the token: whether it is spent stays unknown, and is told so in the end.");
  constexpr std::string_view kOther = "https://login.example.com";
  const auto token_url = std::string(kOther) + "/common/oauth2/v2.0/token";
  story.world.environment["AZURE_LOGIN_ORIGIN"] = kOther;
  story.world.environment["ALLOW_INSECURE_ORIGINS"] = kOther;
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    silent.crash = before_fetch;
    silent.call(story.get_token());
  });
  story.world.now += 30 * kSecondMs;
  story.expect("POST", token_url, error_reply(401, "invalid_client"));
  story.host.call(story.get_token());
  story.section("Half a minute later");
  story.world.now += 31 * kSecondMs;
  story.expect("POST", token_url, error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
}

}  // namespace

void tell_patience(Stories& stories) {
  refused_again(stories);
  odd_answer(stories);
  tired_alarm(stories);
  doubt_stays(stories);
}

}  // namespace postern::testing
