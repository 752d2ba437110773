// Sign-ins at a provider that has no ID tokens: whose the grant is says its profile endpoint.
#include "tests/flows/host/github.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void connected_by_profile(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-by-profile", "A person connects an account of a provider without ID tokens",
      "No nonce is sent. Before anything is stored the profile endpoint is asked whose the token "
      "is.\nThe token has no end that is known, and there is nothing to refresh it with."));
  GithubStory github(story);
  const auto begun = github.begin(story.host);
  github.expect_sign_in();
  story.host.call(github.callback_of(begun));
  story.section("Its token is served");
  story.host.call(github.get_token());
  story.section("It cannot be refreshed");
  story.world.now += kMinuteMs;
  story.host.call(github.refresh());
}

void waits_for_profile(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-waits-for-profile", "The profile endpoint is down while a person connects",
      "The grant has arrived and is kept: the alarm finishes when the provider says whose it is."));
  GithubStory github(story);
  const auto begun = github.begin(story.host);
  story.expect("POST", std::string(kGithubTokenUrl), github_token_reply({}));
  story.expect("GET", std::string(kGithubProfileUrl), json_reply(502, "{}"));
  story.host.call(github.callback_of(begun));
  story.section("The alarm rings, and it is back");
  story.world.now = story.world.objects[github.object_name()].alarm_at;
  story.expect("GET", std::string(kGithubProfileUrl), github_profile_reply());
  story.host.ring(github.object_name());
}

void half_configured(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-half-configured", "An integration is configured in part",
      "Where it can be seen nobody is sent to the provider. That the secret is missing the "
      "authority "
      "sees alone:\nthe code is not spent, and the log names the variable."));
  GithubStory github(story);
  const auto begun = github.begin_quietly();
  story.world.secrets.erase("GITHUB_CLIENT_SECRET");
  story.host.call(github.callback_of(begun));
  const auto link = [&] {
    story.host.call(
        rpc("create_connect_link", R"({"userId":"user-1","integration":"github"})", "connect"));
  };
  story.section("A rule that nobody can read");
  story.world.environment["GITHUB_REPLAY"] = "sometimes";
  link();
  story.section("Another integration's callback");
  story.world.environment.erase("GITHUB_REPLAY");
  story.world.environment["GITHUB_REDIRECT_URI"] = "https://postern.example.com/callback/azure";
  link();
}

void rate_limited(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-profile-rate-limited", "The profile endpoint is asked too often",
      "GitHub says so with 403 and the requests that remain: the grant has arrived and is kept."));
  GithubStory github(story);
  const auto begun = github.begin_quietly();
  story.expect("POST", std::string(kGithubTokenUrl), github_token_reply({}));
  auto limited = json_reply(403, "{}");
  limited.headers.emplace_back("x-ratelimit-remaining", "0");
  story.expect("GET", std::string(kGithubProfileUrl), limited);
  story.host.call(github.callback_of(begun));
}

void profile_refused(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-profile-refused", "The profile endpoint refuses the token, or says nothing usable",
      "Nobody knows whose the grant is: nothing is connected."));
  GithubStory github(story);
  for (const auto& reply : {json_reply(403, "{}"), json_reply(200, R"({"login":"ada"})"),
                            json_reply(200, R"({"id":"1\n2"})"), json_reply(200, "<html>")}) {
    const auto begun = github.begin_quietly();
    story.expect("POST", std::string(kGithubTokenUrl), github_token_reply({}));
    story.expect("GET", std::string(kGithubProfileUrl), reply);
    story.host.call(github.callback_of(begun));
  }
}

void refused_with_200(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "exchange-refused-with-200", "A provider refuses the code with HTTP 200", ""));
  GithubStory github(story);
  const auto begun = github.begin_quietly();
  story.expect("POST", std::string(kGithubTokenUrl),
               json_reply(200, R"({"error":"bad_verification_code","error_description":"The )"
                               R"(code passed is incorrect or expired."})"));
  story.host.call(github.callback_of(begun));
  story.section("The person has something to do there first");
  const auto next = github.begin_quietly();
  story.expect("POST", std::string(kGithubTokenUrl),
               json_reply(200, R"({"error":"unverified_user_email"})"));
  story.host.call(github.callback_of(next));
}

void rotates(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "refresh-single-use", "A token that expires is refreshed at a provider of single use",
      "No scope is sent, and the new refresh token takes the place of the old one."));
  GithubStory github(story);
  github.connect_quietly({.access_token = "ghu_1", .refresh_token = "ghr_1", .expires_in = 28'800});
  story.world.forget_memory();
  story.world.now += 8 * kHourMs;
  story.expect("POST", std::string(kGithubTokenUrl),
               github_token_reply(
                   {.access_token = "ghu_2", .refresh_token = "ghr_2", .expires_in = 28'800}));
  story.host.call(github.get_token());
  story.section("The refresh token is dead");
  story.world.now += 8 * kHourMs;
  story.expect("POST", std::string(kGithubTokenUrl),
               json_reply(200, R"({"error":"bad_refresh_token"})"));
  story.host.call(github.get_token());
}

}  // namespace

void tell_sign_ins_by_profile(Stories& stories) {
  connected_by_profile(stories);
  waits_for_profile(stories);
  half_configured(stories);
  rate_limited(stories);
  profile_refused(stories);
  refused_with_200(stories);
  rotates(stories);
}

}  // namespace postern::testing
