#include "tests/flows/host/github.h"

#include "core/base/json_writer.h"
#include "core/connection/record.h"

namespace postern::testing {

HttpReply github_token_reply(const GithubTokens& tokens) {
  JsonWriter out;
  out.begin_object()
      .member("access_token", tokens.access_token)
      .member("token_type", "bearer")
      .member("scope", "read:user,repo");
  if (tokens.expires_in != 0) {
    out.member("expires_in", tokens.expires_in);
  }
  if (!tokens.refresh_token.empty()) {
    out.member("refresh_token", tokens.refresh_token).member("refresh_token_expires_in", 15897600);
  }
  return json_reply(200, out.end_object().take());
}

HttpReply github_profile_reply() {
  return json_reply(200, R"({"login":"ada","id":583231,"name":"Ada Example","email":null})");
}

GithubStory::GithubStory(Story& story) : story_(story) {
  story.world.environment.emplace("GITHUB_CLIENT_ID", "postern-app");
  story.world.environment.emplace("GITHUB_REDIRECT_URI",
                                  "https://postern.example.com/callback/github");
  story.world.secrets.emplace("GITHUB_CLIENT_SECRET", "the-apps-secret");
  story.note_secret("the-apps-secret");
}

Story::Begun GithubStory::begin(Host& by) {
  std::string link;
  story_.quietly(
      [&](Host& silent) { link = story_.make_link(silent, R"(,"integration":"github")"); });
  return story_.begin(by, link);
}

Story::Begun GithubStory::begin_quietly() {
  Story::Begun begun;
  story_.quietly([&](Host& silent) { begun = begin(silent); });
  return begun;
}

Request GithubStory::callback_of(const Story::Begun& begun) const {
  auto request = story_.callback_of(begun);
  request.path = {{"integration", "github"}};
  return request;
}

void GithubStory::expect_sign_in(const GithubTokens& tokens) {
  for (const auto& secret :
       {tokens.access_token, tokens.refresh_token, std::string("the-code-of-the-provider")}) {
    story_.note_secret(secret);
  }
  story_.expect("POST", std::string(kGithubTokenUrl), github_token_reply(tokens));
  story_.expect("GET", std::string(kGithubProfileUrl), github_profile_reply());
}

void GithubStory::connect_quietly(const GithubTokens& tokens) {
  const auto begun = begin_quietly();
  story_.quietly([&](Host& silent) {
    expect_sign_in(tokens);
    silent.call(callback_of(begun));
  });
  story_.world.logs.clear();
}

Request GithubStory::get_token() const {
  return story_.get_token(R"(,"integration":"github")");
}

Request GithubStory::refresh() const {
  return rpc("refresh", R"({"userId":"user-1","integration":"github"})", "connections:write");
}

std::string GithubStory::object_name() const {
  return connection_key(
      {.org = std::string(kOrg), .integration = "github", .subject = std::string(kUser)});
}

}  // namespace postern::testing
