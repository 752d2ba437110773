// What a story at GitHub is written with: acme's OAuth app there, and the provider's answers.
#pragma once

#include <string>
#include <string_view>

#include "tests/flows/host/story.h"

namespace postern::testing {

inline constexpr std::string_view kGithubTokenUrl = "https://github.com/login/oauth/access_token";
inline constexpr std::string_view kGithubProfileUrl = "https://api.github.com/user";
inline constexpr std::string_view kGithubRevocationUrl =
    "https://api.github.com/applications/postern-app/token";

struct GithubTokens {
  std::string access_token = "gho_1";
  std::string refresh_token;  // empty: none
  int expires_in = 0;         // 0: not said
};
[[nodiscard]] HttpReply github_token_reply(const GithubTokens& tokens);
[[nodiscard]] HttpReply github_profile_reply();

class GithubStory {
 public:
  // Furnishes the story's world with the app.
  explicit GithubStory(Story& story);

  // From a link to the redirect; the link is made unwritten.
  Story::Begun begin(Host& by);
  Story::Begun begin_quietly();
  [[nodiscard]] Request callback_of(const Story::Begun& begun) const;
  void expect_sign_in(const GithubTokens& tokens = {});
  void connect_quietly(const GithubTokens& tokens);
  [[nodiscard]] Request get_token() const;
  [[nodiscard]] Request refresh() const;
  [[nodiscard]] std::string object_name() const;

 private:
  Story& story_;
};

}  // namespace postern::testing
