// Disconnects that end the grant at its provider.
#include "tests/flows/host/github.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

Request disconnect() {
  return rpc("disconnect", R"({"userId":"user-1","integration":"github"})", "connections:write");
}

void revoked(Stories& stories) {
  auto& story = *stories.emplace_back(
      std::make_unique<Story>("disconnect-revokes", "A disconnect ends the grant at its provider",
                              "What is owed to the provider is stored with the tombstone, so that "
                              "no crash forgets it."));
  GithubStory github(story);
  github.connect_quietly({});
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.call(disconnect());
  story.section("Once more", "There is nothing left to end.");
  story.host.call(disconnect());
}

void retried(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-retried", "The provider is down when a grant is to be ended",
      "The connection is over all the same, the answer says what is owed, and the alarm tries "
      "again.\nA token that the provider does not know any more is over."));
  GithubStory github(story);
  github.connect_quietly({});
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
  story.host.call(disconnect());
  story.section("The alarm rings");
  story.world.now = story.world.objects[github.object_name()].alarm_at;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(404, ""));
  story.host.ring(github.object_name());
}

void given_up(Stories& stories) {
  auto& story = *stories.emplace_back(
      std::make_unique<Story>("revocation-given-up", "A grant cannot be ended for a day",
                              "The log says so, and what was kept for it goes."));
  GithubStory github(story);
  github.connect_quietly({});
  story.quietly([&](Host& silent) {
    story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
    silent.call(disconnect());
  });
  story.world.now += kDayMs;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(401, ""));
  story.host.ring(github.object_name());
  story.section("Nothing is left");
  story.host.ring(github.object_name());
}

void reconnected(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "reconnect-over-revocation", "The person connects again while a grant is still to be ended",
      "The token before is ended alone: the new grant lives."));
  GithubStory github(story);
  github.connect_quietly({});
  story.quietly([&](Host& silent) {
    story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
    silent.call(disconnect());
  });
  github.connect_quietly({.access_token = "gho_2"});
  story.world.now += kHourMs;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.ring(github.object_name());
  story.section("Served");
  story.host.call(github.get_token());
}

void expired(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-an-expired-token", "A grant is ended whose access token has expired",
      "The provider ends a grant by a living access token alone, and of a dead one it says that it "
      "knows none:\nthe refresh token would live on. It is used once more."));
  GithubStory github(story);
  const GithubTokens first{.access_token = "ghu_1", .refresh_token = "ghr_1", .expires_in = 28'800};
  github.connect_quietly(first);
  story.world.now += 8 * kHourMs;
  story.expect("POST", std::string(kGithubTokenUrl),
               github_token_reply(
                   {.access_token = "ghu_2", .refresh_token = "ghr_2", .expires_in = 28'800}));
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.call(disconnect());
  story.section("While the token endpoint is down",
                "The connection is over; that the grant is not is said, and not taken for done.");
  github.connect_quietly(first);
  story.world.now += 8 * kHourMs;
  story.expect("POST", std::string(kGithubTokenUrl), json_reply(503, ""));
  story.host.call(disconnect());
}

void ended_again(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-two-grants",
      "A connection is ended again before the provider could be told of the first time",
      "Both grants are owed, and both are ended."));
  GithubStory github(story);
  github.connect_quietly({});
  story.quietly([&](Host& silent) {
    story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
    silent.call(disconnect());
  });
  github.connect_quietly({.access_token = "gho_2"});
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
  story.host.call(disconnect());
  story.section("The alarm rings");
  story.world.now += kHourMs;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.ring(github.object_name());
}

void too_many(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-too-many",
      "A connection is ended for the fifth time while its provider is down",
      "No more than four are owed: the oldest is given up, and the log says so."));
  GithubStory github(story);
  for (int times = 1; times <= 5; ++times) {
    github.connect_quietly(
        {.access_token = "gho_" + std::string(1, static_cast<char>('0' + times))});
    const auto end = [&](Host& by) {
      story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
      by.call(disconnect());
    };
    if (times == 5) {
      end(story.host);
    } else {
      story.quietly(end);
    }
  }
}

}  // namespace

void tell_revocations(Stories& stories) {
  revoked(stories);
  retried(stories);
  given_up(stories);
  expired(stories);
  reconnected(stories);
  ended_again(stories);
  too_many(stories);
}

}  // namespace postern::testing
