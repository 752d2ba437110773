// An account that cannot have all that is asked for.
#include "core/base/form.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kNoAzure =
    "error=invalid_client&error_description=AADSTS650052%3A+The+app+needs+access+to+a+service";

Story& told(Stories& stories, std::string name, std::string_view heading, std::string_view prose) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  story.world.environment["AZURE_SCOPES"] =
      "openid profile offline_access User.Read https://management.azure.com/user_impersonation";
  return story;
}

// The browser at the provider once more.
Story::Begun sent_on(Story& story, const Outcome& outcome, const Story::Begun& before) {
  Story::Begun begun{.location = header_of(outcome, "location"),
                     .cookie = before.cookie,
                     .state = {},
                     .nonce = {}};
  begun.state = query_value(begun.location, "state");
  begun.nonce = query_value(begun.location, "nonce");
  if (begun.state.empty() || begun.state == before.state) {
    story.fail_next("it was not sent on");
  }
  story.note_secret(begun.state);
  return begun;
}

Request attempt_of(const Story::Begun& begun) {
  return rpc("get_attempt",
             R"({"attempt":")" + begun.state.substr(0, begun.state.find('.')) + "\"}", "connect");
}

void fewer(Stories& stories) {
  auto& story = told(stories, "fewer-scopes", "A directory without Azure",
                     "The provider refuses all because of one service. The same browser is sent\n"
                     "on for the rest, and what was left out is told as missing.");
  std::string link;
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    link = story.make_link(silent);
    begun = story.begin(silent, link);
  });
  story.world.now += 9 * kMinuteMs;
  const auto on = sent_on(story, story.host.call(story.callback_of(begun, kNoAzure)), begun);
  story.section("It stands as long as the second request");
  story.world.now += 2 * kMinuteMs;
  story.host.call(attempt_of(begun));
  story.section("Back, and the button", "It leads to the same sign-in.");
  auto pressed = http("begin_connect");
  pressed.path = {{"link", link}};
  pressed.headers = {{"sec-fetch-site", "same-origin"}, {"cookie", begun.cookie}};
  if (navigation_of(story.host.call(pressed)) != on.location) {
    story.fail_next("it led elsewhere");
  }
  story.section("Back beyond it", "The first answer comes once more, and leads there too.");
  if (header_of(story.host.call(story.callback_of(begun, kNoAzure)), "location") != on.location) {
    story.fail_next("it led elsewhere");
  }
  story.section("The answer to the second request");
  story.expect_sign_in(on, {}, {.scope = "openid profile User.Read"});
  story.host.call(story.callback_of(on));
  story.host.call(rpc("get_connection", R"({"userId":"user-1"})", "connections:read"));
  story.section("Azure is asked for");
  story.host.call(story.get_token(R"(,"resource":"arm")"));
}

void refusal_stands(Stories& stories) {
  auto& story = told(stories, "fewer-scopes-refused", "When nothing less is asked for",
                     "The refusal is told as any other, at `return_to` and of the attempt.");
  Story::Begun begun;
  const auto again = [&] {
    story.quietly([&](Host& silent) {
      begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    });
  };
  again();
  story.section("From another provider", "Its `iss` says so (RFC 9207).");
  story.host.call(
      story.callback_of(begun, std::string(kNoAzure) + "&iss=https%3A%2F%2Fevil.example"));
  story.section("At another integration's callback");
  again();
  auto elsewhere = story.callback_of(begun, kNoAzure);
  elsewhere.path = {{"integration", "google"}};
  story.host.call(elsewhere);
  story.section("In another browser", "Nothing is used up.");
  again();
  elsewhere = story.callback_of(begun, kNoAzure);
  elsewhere.headers = {};
  story.host.call(elsewhere);
  story.section("A scope that does not exist, a wrong secret");
  story.host.call(story.callback_of(
      begun, "error=invalid_scope&error_description=AADSTS70011%3A+The+scope+is+not+valid"));
  again();
  story.host.call(story.callback_of(
      begun, "error=invalid_client&error_description=AADSTS7000215%3A+Invalid+client+secret"));
  story.section("The number is in error_uri alone", "The second request is refused so too.");
  again();
  const auto on = sent_on(
      story,
      story.host.call(story.callback_of(
          begun, "error=invalid_client&error_uri=" +
                     percent_encode("https://login.microsoftonline.com/error?code=650052"))),
      begun);
  story.host.call(story.callback_of(on, kNoAzure));
  story.host.call(attempt_of(begun));
  story.section("The keys cannot be used", "The refusal stands.");
  again();
  story.fail_next("seal");
  story.host.call(story.callback_of(begun, kNoAzure));
}

}  // namespace

void tell_fewer_scopes(Stories& stories) {
  fewer(stories);
  refusal_stands(stories);
}

}  // namespace postern::testing
