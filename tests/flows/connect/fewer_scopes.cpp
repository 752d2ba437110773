// An account that cannot have all that is asked for.
#include <utility>
#include <variant>

#include "core/base/form.h"
#include "core/provider/microsoft.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kNoAzure =
    "error=invalid_client&error_description=AADSTS650052%3A+The+app+needs+access+to+a+service";

constexpr std::string_view kConsumersTokenUrl =
    "https://login.microsoftonline.com/consumers/oauth2/v2.0/token";
constexpr std::string_view kConsumersKeysUrl =
    "https://login.microsoftonline.com/consumers/discovery/v2.0/keys";

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

// Back to Postern's page, and its button once more: it leads to the same sign-in.
void press_again(Story& story, const std::string& link, const Story::Begun& begun,
                 const Story::Begun& on) {
  auto pressed = http("begin_connect");
  pressed.path = {{"link", link}};
  pressed.headers = {{"sec-fetch-site", "same-origin"}, {"cookie", begun.cookie}};
  if (navigation_of(story.host.call(pressed)) != on.location) {
    story.fail_next("it led elsewhere");
  }
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
  press_again(story, link, begun, on);
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

// The request is refused as it is for a personal account of a link that is for everybody.
constexpr std::string_view kPersonal = "error=invalid_scope";

void personal(Stories& stories) {
  auto& story = told(stories, "fewer-scopes-personal", "A personal account where all may sign in",
                     "It has no Azure. The second request is for personal accounts alone: a work\n"
                     "account could have Azure, and must not be connected without it.");
  std::string link;
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    link = story.make_link(silent);
    begun = story.begin(silent, link);
  });
  const auto on = sent_on(story, story.host.call(story.callback_of(begun, kPersonal)), begun);
  if (!on.location.contains("/consumers/")) {
    story.fail_next("it was sent to where all may sign in");
  }
  story.section("Back, and the button", "It leads to the same sign-in.");
  press_again(story, link, begun, on);
  story.section("Back to the first choice, and a work account",
                "Its answer is to a request that is over. The second one goes on.");
  story.host.call(story.callback_of(begun));
  story.host.call(attempt_of(begun));
  story.section("The personal account");
  const Person person{.tenant = std::string(kConsumersTenantId), .username = "ada@outlook.example"};
  story.expect("POST", std::string(kConsumersTokenUrl),
               token_reply({.id_token = id_token(person, on.nonce, story.world.now),
                            .scope = "openid profile User.Read"}));
  story.expect("GET", std::string(kConsumersKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply(person));
  story.host.call(story.callback_of(on));
  story.host.call(rpc("get_connection", R"({"userId":"user-1"})", "connections:read"));
  story.section("Its tokens are renewed there");
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", std::string(kConsumersTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.call(story.get_token());
}

void work_account_for_less(Stories& stories) {
  auto& story = told(stories, "fewer-scopes-work-account", "A work account in place of a personal",
                     "It is not connected for less than it can have.");
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
  });
  Story::Begun on;
  story.quietly([&](Host& silent) {
    on = sent_on(story, silent.call(story.callback_of(begun, kPersonal)), begun);
  });
  story.expect("POST", std::string(kConsumersTokenUrl),
               token_reply({.id_token = id_token({}, on.nonce, story.world.now)}));
  story.expect("GET", std::string(kConsumersKeysUrl), keys_reply());
  story.host.call(story.callback_of(on));
}

void twice_at_once(Stories& stories) {
  auto& story = told(stories, "fewer-scopes-twice", "The refusal comes twice at once",
                     "A page that is loaded again. Both answers lead to one sign-in.");
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  // The other one's state is there between this one's look and its transaction.
  std::string first;
  const auto weather = story.world.weather;
  bool came = false;
  story.world.weather = [&](const Effect& effect) {
    if (std::holds_alternative<Seal>(effect) && !std::exchange(came, true)) {
      story.quietly([&](Host& silent) {
        first = sent_on(story, silent.call(story.callback_of(begun, kNoAzure)), begun).location;
      });
    }
    return weather(effect);
  };
  const auto second = header_of(story.host.call(story.callback_of(begun, kNoAzure)), "location");
  if (second.empty() || second != first) {
    story.fail_next("it led elsewhere");
  }
  story.world.weather = weather;
}

void nothing_is_left(Stories& stories) {
  auto& story = told(stories, "fewer-scopes-nothing-left", "Azure alone is asked for",
                     "Nothing is left for an account that has none: the refusal stands.");
  story.world.environment["AZURE_SCOPES"] =
      "openid profile offline_access https://management.azure.com/user_impersonation";
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.host.call(story.callback_of(begun, kPersonal));
  story.host.call(attempt_of(begun));
  story.section("A link for personal accounts");
  story.host.call(rpc("create_connect_link",
                      R"({"userId":"user-1","confirm":"page","tenantId":"consumers"})", "connect"));
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
  personal(stories);
  work_account_for_less(stories);
  twice_at_once(stories);
  nothing_is_left(stories);
  refusal_stands(stories);
}

}  // namespace postern::testing
