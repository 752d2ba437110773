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
      "again.\nA token that the provider does not know any more is over: 404 may mean that, and "
      "its "
      "profile endpoint says whether it does."));
  GithubStory github(story);
  github.connect_quietly({});
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(503, ""));
  story.host.call(disconnect());
  story.section("The alarm rings");
  story.world.now = story.world.objects[github.object_name()].alarm_at;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(404, ""));
  story.expect("GET", std::string(kGithubProfileUrl), json_reply(401, ""));
  story.host.ring(github.object_name());
}

void not_let_in(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-with-a-wrong-secret", "The provider does not let the client in that ends a grant",
      "It answers 404, as for a token that it does not know. This one lives, as the profile "
      "endpoint "
      "says:\nit is not called ended, and the secret may be mended within a day."));
  GithubStory github(story);
  github.connect_quietly({});
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(404, ""));
  story.expect("GET", std::string(kGithubProfileUrl), github_profile_reply());
  story.host.call(disconnect());
  story.section("The alarm rings, and it is mended");
  story.world.now = story.world.objects[github.object_name()].alarm_at;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
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
  story.section("KV has lost the connection meanwhile", "It is mended all the same.");
  story.world.forget_memory();
  story.world.kv.clear();
  story.world.now += kMinuteMs;
  story.host.call(github.get_token());
  story.section("The alarm rings");
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

void of_unknown_outcome(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-an-unknown-outcome", "A grant is ended whose newest tokens may be with nobody",
      "The answer to a refresh was lost. The provider does not know the access token before it any "
      "more:\nthat does not mean that the grant is over, so it is not called so."));
  GithubStory github(story);
  const GithubTokens first{.access_token = "ghu_1", .refresh_token = "ghr_1", .expires_in = 28'800};
  const auto refused = [&] {
    story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(404, ""));
    story.expect("GET", std::string(kGithubProfileUrl), json_reply(401, ""));
    story.host.call(disconnect());
  };
  const auto lost = [&](Host& silent) {
    story.expect("POST", std::string(kGithubTokenUrl), json_reply(504, ""));
    silent.call(github.refresh());
  };
  github.connect_quietly(first);
  story.world.now += kHourMs;
  story.quietly(lost);
  story.section("While the refresh is open");
  refused();
  story.section("After it was told");
  github.connect_quietly(first);
  story.world.now += kHourMs;
  story.quietly([&](Host& silent) {
    lost(silent);
    story.world.now += kMinuteMs;
    story.expect("POST", std::string(kGithubTokenUrl),
                 json_reply(200, R"({"error":"bad_refresh_token"})"));
    silent.call(github.refresh());
  });
  refused();
}

void of_a_person(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-a-grant-that-wants-a-person",
      "A grant is ended that wanted a person, and whose access token has expired",
      "Its refresh token lives. To show the dead token would end nothing."));
  GithubStory github(story);
  github.connect_quietly({.access_token = "ghu_1", .refresh_token = "ghr_1", .expires_in = 28'800});
  story.world.now += 8 * kHourMs;
  story.quietly([&](Host& silent) {
    story.expect("POST", std::string(kGithubTokenUrl),
                 json_reply(200, R"({"error":"unverified_user_email"})"));
    silent.call(github.refresh());
  });
  story.host.call(disconnect());
}

void earlier_grants(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-earlier-grants", "A connection that was made anew is ended",
      "A provider may give a token of its own with each sign-in. Those of versions that are kept "
      "are "
      "ended with it."));
  GithubStory github(story);
  github.connect_quietly({});
  story.world.now += kMinuteMs;
  github.connect_quietly({.access_token = "gho_2"});
  story.world.now += kMinuteMs;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.call(disconnect());
}

void unconfirmed(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-of-an-unconfirmed-sign-in",
      "A sign-in that waits for its confirmation is ended, or confirmed by nobody",
      "Its tokens are here, so its grant is ended like any other one."));
  GithubStory github(story);
  const auto sign_in = [&] {
    story.quietly([&](Host& silent) {
      const auto link = story.make_link(
          silent,
          R"(,"integration":"github","returnTo":"https://app.example.com/connected?from=postern","confirm":"backend")");
      const auto begun = story.begin(silent, link);
      github.expect_sign_in();
      silent.call(github.callback_of(begun));
    });
  };
  const auto ring = [&](int status) {
    story.world.now = story.world.objects[github.object_name()].alarm_at;
    story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(status, ""));
    story.host.ring(github.object_name());
  };
  story.section("Nobody confirms it");
  sign_in();
  ring(503);
  ring(204);
  story.section("Another sign-in takes its place");
  sign_in();
  sign_in();
  ring(204);
  story.section("Ended");
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.call(disconnect());
}

void storage_fails(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "revocation-beside-failing-storage", "Storage fails right after a connection has ended",
      "What is owed is stored with the tombstone: the answer says so, and the alarm does it."));
  GithubStory github(story);
  github.connect_quietly({});
  story.fail_after(1, "storage.commit");
  story.host.call(disconnect());
  story.section("The alarm rings");
  story.world.now = story.world.objects[github.object_name()].alarm_at;
  story.expect("DELETE", std::string(kGithubRevocationUrl), json_reply(204, ""));
  story.host.ring(github.object_name());
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
  not_let_in(stories);
  of_unknown_outcome(stories);
  of_a_person(stories);
  earlier_grants(stories);
  unconfirmed(stories);
  storage_fails(stories);
  ended_again(stories);
  too_many(stories);
}

}  // namespace postern::testing
