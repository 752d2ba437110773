// How a token's refresh fails.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void refresh_transient(Stories& stories) {
  auto& story = expired(stories, "refresh-transient", "The token endpoint asks for patience",
                        "The journal stays open and names the time of the next try, which every\n"
                        "caller shares: until then no request leaves.");
  story.expect("POST", std::string(kTokenUrl),
               HttpReply{.status = 429, .headers = {{"retry-after", "9"}}, .body = ""});
  story.host.call(story.get_token());
  story.section("Two seconds later", "No request leaves.");
  story.world.now += 2 * kSecondMs;
  story.host.call(story.get_token());
  story.section("The alarm rings when the time has come");
  story.world.now += 7 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.ring(story.object_name());
}

void refresh_stale(Stories& stories) {
  auto& story =
      expired(stories, "refresh-transient-but-alive", "A refresh fails while the token still lives",
              "Within five minutes of its end the token is refreshed on use; when that\n"
              "fails for a passing reason, it is served as long as it lives.",
              56 * kMinuteMs);
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.call(story.get_token());
}

void refresh_terminal(Stories& stories) {
  auto& story =
      expired(stories, "refresh-terminal", "The grant is dead",
              "Believed only after the newest version was read again. The answer carries\n"
              "a link for the person; the record says why.");
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
  story.section("Everybody after that",
                "No request leaves. Whoever asks again within 30 seconds gets the same link.");
  story.host.call(story.get_token());
  story.section("Half a minute later", "A fresh one.");
  story.world.now += 31 * kSecondMs;
  story.host.call(story.get_token());
}

void refresh_claims(Stories& stories) {
  auto& story = expired(stories, "refresh-claims", "The provider wants the person to prove more",
                        "Its claims challenge goes into the link's row, and from there into the\n"
                        "next sign-in.");
  story.expect("POST", std::string(kTokenUrl),
               error_reply(400, "interaction_required",
                           R"(,"claims":"{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}")"));
  const auto outcome = story.host.call(story.get_token());
  const auto at = outcome.body.find("/connect/");
  story.section("The person opens the link and presses the button");
  story.begin(story.host, at == std::string::npos ? "" : outcome.body.substr(at + 9, 43));
}

void refresh_integration(Stories& stories) {
  auto& story = expired(stories, "refresh-integration", "The provider refuses Postern itself",
                        "The client secret ended: no connection is at fault, and none changes.");
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.host.call(story.get_token());
  story.section("As the answer to a replay",
                "One request leaves for one caller, not a second one right behind it.");
  story.world.now += 31 * kSecondMs;
  story.quietly([&](Host& silent) {
    silent.crash = [](const Effect& effect, bool carried_out) {
      return !carried_out && std::holds_alternative<Fetch>(effect);
    };
    silent.call(story.get_token());
  });
  story.world.now += 30 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.host.call(story.get_token());
}

}  // namespace

void tell_refreshes(Stories& stories) {
  refresh_transient(stories);
  refresh_stale(stories);
  refresh_terminal(stories);
  refresh_claims(stories);
  refresh_integration(stories);
}

}  // namespace postern::testing
