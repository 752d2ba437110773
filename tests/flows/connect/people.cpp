// What people do besides: press twice, go back, load a page again, say no, wait and try again; and
// what whoever made the link hears of it.
#include "core/base/form.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kSameOrigin = "same-origin";

Story& told(Stories& stories, std::string name, std::string_view heading, std::string_view prose) {
  return *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
}

Request open_link(const std::string& link, const std::string& cookie = {}) {
  auto request = http("show_consent");
  request.path = {{"link", link}};
  if (!cookie.empty()) {
    request.headers = {{"cookie", cookie}};
  }
  return request;
}

Request press(const std::string& link, const std::string& cookie) {
  auto request = http("begin_connect");
  request.path = {{"link", link}};
  request.headers = {{"sec-fetch-site", std::string(kSameOrigin)}, {"cookie", cookie}};
  return request;
}

// "name=value" of the cookie that an answer sets.
std::string cookie_of(const Outcome& outcome) {
  const auto cookie = header_of(outcome, "set-cookie");
  return cookie.substr(0, cookie.find(';'));
}

Story::Begun begun_by(Story& story, const Outcome& pressed, const std::string& cookie) {
  const auto location = navigation_of(pressed);
  Story::Begun begun{.location = location,
                     .cookie = cookie,
                     .state = query_value(location, "state"),
                     .nonce = query_value(location, "nonce")};
  story.note_secret(begun.state);
  story.note_secret(cookie.substr(cookie.find('=') + 1));
  return begun;
}

Request attempt_of(const Story::Begun& begun) {
  return rpc("get_attempt",
             R"({"attempt":")" + begun.state.substr(0, begun.state.find('.')) + "\"}", "connect");
}

void ring(Story& story) {
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

void pressed_again(Stories& stories) {
  auto& story = told(
      stories, "pressed-again", "The person presses twice, goes back, and loads the page again",
      "Link and cookie make the state, so every press in this browser leads to one sign-in: the\n"
      "first press is not burnt by the second, whichever answer the browser kept.");
  std::string link;
  std::string cookie;
  story.quietly([&](Host& silent) {
    link = story.make_link(silent);
    cookie = cookie_of(silent.call(open_link(link)));
  });
  const auto first = story.host.call(press(link, cookie));
  story.section("Twice", "The same state and challenge; nothing is consumed or stored.");
  const auto begun = begun_by(story, story.host.call(press(link, cookie)), cookie);
  if (navigation_of(first) != begun.location) {
    story.fail_next("the second press led elsewhere");
  }
  story.section("Back from the provider", "The page is shown as before, for as long as it lives.");
  story.host.call(open_link(link, cookie));
  story.section("Another browser", "It has not begun this sign-in.");
  std::string other;
  story.quietly([&](Host& silent) {
    other = cookie_of(silent.call(open_link(story.make_link(silent))));
    other = cookie.substr(0, cookie.find('=')) + other.substr(other.find('='));
  });
  story.host.call(press(link, other));
  story.host.call(open_link(link, other));
  story.section("After success", "The callback loaded again, the button, the link: all say so.");
  story.quietly([&](Host& silent) {
    story.expect_sign_in(begun);
    silent.call(story.callback_of(begun));
  });
  story.host.call(story.callback_of(begun));
  story.host.call(press(link, cookie));
  story.host.call(open_link(link, cookie));
  story.section("The callback in another browser", "It hears nothing of it.");
  auto elsewhere = story.callback_of(begun);
  elsewhere.headers = {{"cookie", other}};
  story.host.call(elsewhere);
}

void told_back(Stories& stories) {
  auto& story = told(
      stories, "refusal-goes-back", "The person says no, and whoever began it is told",
      "Back at `return_to` with `error`; an event, though nothing was ever connected; and the\n"
      "attempt says why.");
  Story::Begun begun;
  const auto again = [&] {
    story.quietly([&](Host& silent) {
      begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    });
  };
  again();
  story.host.call(story.callback_of(
      begun, "error=access_denied&error_description=AADSTS65004%3A+User+declined"));
  story.host.call(attempt_of(begun));
  story.section("The alarm brings the event into the log", "Nothing of it stays behind.");
  ring(story);
  story.host.call(rpc("list_events", "{}", "events:read"));
  if (!story.world.objects[story.object_name()].storage.empty()) {
    story.fail_next("something stayed in storage");
  }
  story.section("The page that said no, again", "The browser is told the same once more.");
  story.host.call(story.callback_of(begun));
  story.section("An administrator's block",
                "The same `error`, and nobody declined: the provider's own code tells.");
  again();
  story.host.call(story.callback_of(
      begun, "error=access_denied&error_description=AADSTS50105%3A+The+signed+in+user"));
  story.host.call(attempt_of(begun));
  story.section("The request is refused", "Not the person: the integration's scopes are wrong.");
  again();
  story.host.call(story.callback_of(begun, "error=invalid_scope"));
  story.section("The code is refused");
  again();
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  story.host.call(story.callback_of(begun));
  story.host.call(attempt_of(begun));
  story.section("The answer is for another sign-in", "A wrong nonce.");
  again();
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.id_token = id_token({}, "another-nonce", story.world.now)}));
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.host.call(story.callback_of(begun));
  story.host.call(attempt_of(begun));
}

void declined_page(Stories& stories) {
  auto& story =
      told(stories, "refusal-by-administrator", "An administrator's block is not called declining",
           "Entra answers access_denied for it too. The page shows Entra's code.");
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.host.call(story.callback_of(
      begun, "error=access_denied&error_description=AADSTS50105%3A+The+signed+in+user"));
}

void busy_provider(Stories& stories) {
  auto& story =
      told(stories, "provider-busy", "The provider asks for patience",
           "No code was given, so the state stays, and the page has a link to the same sign-in.");
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
  });
  const auto page = story.host.call(story.callback_of(begun, "error=temporarily_unavailable"));
  if (page.body.find("state=" + percent_encode(begun.state)) == std::string::npos) {
    story.fail_next("no way to the same sign-in");
  }
  story.section("Another browser", "It is not offered anything.");
  auto elsewhere = story.callback_of(begun, "error=temporarily_unavailable");
  elsewhere.headers = {};
  story.host.call(elsewhere);
  story.section("It works now");
  story.expect_sign_in(begun);
  story.host.call(story.callback_of(begun));
}

void standing(Stories& stories) {
  auto& story = told(stories, "attempt-stands", "How an attempt stands",
                     "For whoever made its link, of its own organization, so that nobody has to "
                     "watch a window.");
  std::string link;
  story.quietly([&](Host& silent) { link = story.make_link(silent, kConfirmedByBackend); });
  std::string attempt;
  story.quietly([&](Host& silent) {
    const auto cookie = cookie_of(silent.call(open_link(link)));
    attempt = "att_" + cookie.substr(15, 22);
  });
  auto asked = rpc("get_attempt", R"({"attempt":")" + attempt + "\"}", "connect");
  story.host.call(asked);
  story.section("The browser is at the provider");
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, link); });
  story.host.call(asked);
  story.section("Its code is exchanged", "Nobody knows yet what becomes of it.");
  std::string location;
  story.expect_sign_in(begun);
  const auto internet = story.world.internet;
  story.world.internet = [&](const Fetch& fetch) {
    if (fetch.method == "POST") {
      story.host.call(asked);
    }
    return internet(fetch);
  };
  story.quietly([&](Host& silent) {
    location = header_of(silent.call(story.callback_of(begun)), "location");
  });
  story.world.internet = internet;
  story.section("It came back, and the backend has to confirm");
  story.note_secret(query_value(location, "code"));
  story.host.call(asked);
  story.section("Confirmed");
  story.quietly([&](Host& silent) { silent.call(Story::confirm_at(location)); });
  story.host.call(asked);
  story.section("Another organization's, one that is none");
  asked.org = "other";
  story.host.call(asked);
  story.host.call(rpc("get_attempt", R"({"attempt":"att_1"})", "connect"));
  story.section("Never opened, and never finished");
  for (const bool pressed : {false, true}) {
    story.quietly([&](Host& silent) {
      link = story.make_link(silent);
      attempt = "att_" + cookie_of(silent.call(open_link(link))).substr(15, 22);
      if (pressed) {
        story.begin(silent, link);
      }
    });
    story.world.now += 10 * kMinuteMs;
    story.host.call(rpc("get_attempt", R"({"attempt":")" + attempt + "\"}", "connect"));
  }
}

void lost_ends(Stories& stories) {
  auto& story = told(stories, "attempt-end-is-lost", "The end of an attempt could not be kept",
                     "The log of events tells of it. Nothing tells of one that waits.");
  Story::Begun begun;
  const auto again = [&](std::string_view more = {}) {
    story.quietly(
        [&](Host& silent) { begun = story.begin(silent, story.make_link(silent, more)); });
  };
  const auto ends_unkept = [&](int statements, std::string_view query = {}) {
    story.fail_after(statements, "sql");
    story.quietly([&](Host& silent) { silent.call(story.callback_of(begun, query)); });
  };
  again();
  story.expect_sign_in(begun);
  ends_unkept(3);
  story.host.call(attempt_of(begun));
  story.host.call(story.callback_of(begun));
  story.section("Refused");
  again();
  ends_unkept(2, "error=access_denied&error_description=AADSTS65004%3A+User+declined");
  ring(story);
  story.host.call(attempt_of(begun));
  story.section("Nothing could be loaded", "The end is kept all the same.");
  again();
  story.fail_next("storage.read");
  story.quietly([&](Host& silent) { silent.call(story.callback_of(begun)); });
  story.host.call(attempt_of(begun));
  story.section("Waiting for its confirmation", "It is under way for as long as a sign-in takes.");
  again(kConfirmedByBackend);
  story.expect_sign_in(begun);
  std::string location;
  story.fail_after(1, "sql");
  story.quietly([&](Host& silent) {
    location = header_of(silent.call(story.callback_of(begun)), "location");
  });
  story.note_secret(query_value(location, "code"));
  story.host.call(attempt_of(begun));
  story.world.now += 10 * kMinuteMs;
  story.host.call(attempt_of(begun));
}

void replaced(Stories& stories) {
  auto& story =
      told(stories, "pending-is-replaced", "What waited for its confirmation does no more",
           "Another sign-in came to its end, or the connection was ended: the attempt "
           "says so.");
  Story::Begun first;
  Story::Begun second;
  const auto back = [&](Story::Begun& begun) {
    story.quietly([&](Host& silent) {
      begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
      story.expect_sign_in(begun);
      story.note_secret(
          query_value(header_of(silent.call(story.callback_of(begun)), "location"), "code"));
    });
  };
  back(first);
  back(second);
  story.host.call(attempt_of(first));
  story.host.call(story.callback_of(first));
  story.section("Disconnected");
  story.quietly([&](Host& silent) {
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  });
  story.host.call(attempt_of(second));
  story.section("Connected by a page");
  back(first);
  story.quietly([&](Host& silent) {
    second = story.begin(silent, story.make_link(silent));
    story.expect_sign_in(second);
    silent.call(story.callback_of(second));
  });
  story.host.call(attempt_of(first));
}

void without_refresh_token(Stories& stories) {
  auto& story = told(stories, "no-refresh-token", "The provider gives no refresh token",
                     "It works until the access token ends. Page, event and connection say so.");
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect_sign_in(begun, {}, {.refresh_token = ""});
  story.host.call(story.callback_of(begun));
  story.host.call(rpc("get_connection", R"({"userId":"user-1"})", "connections:read"));
}

void confirm_rules(Stories& stories) {
  auto& story = told(stories, "confirm-is-said", "Who confirms has to be said",
                     "By the caller or by the operator. With `return_to` and nothing said it is "
                     "the backend; without it nothing is assumed.");
  auto& environment = story.world.environment;
  environment.erase("CONNECT_CONFIRM_DEFAULT");
  const auto ask = [&](std::string_view more) {
    story.host.call(
        rpc("create_connect_link", R"({"userId":"user-1")" + std::string(more) + "}", "connect"));
  };
  constexpr std::string_view kReturn =
      R"(,"returnTo":"https://app.example.com/connected?from=postern")";
  ask("");
  ask(R"(,"confirm":"nobody")");
  ask(R"(,"confirm":"backend")");
  story.section("With a place to return to");
  story.make_link(story.host, kReturn);
  story.section("Said by the caller");
  story.make_link(story.host, R"(,"confirm":"page")");
  story.section("Set by the operator");
  environment["CONNECT_CONFIRM_DEFAULT"] = "page";
  story.make_link(story.host, kReturn);
  environment["CONNECT_CONFIRM_DEFAULT"] = "backend";
  ask("");
  environment["CONNECT_CONFIRM_DEFAULT"] = "Page";
  ask("");
}

void pasted_secrets(Stories& stories) {
  auto& story = told(stories, "secrets-with-a-line-break", "A secret was pasted with a line break",
                     "It is named and never sent. The person is told that it is no fault of "
                     "theirs.");
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.world.secrets["AZURE_CLIENT_SECRET"] = std::string(kClientSecret) + "\n";
  story.host.call(story.callback_of(begun));
  story.section("The client id");
  auto& id = story.world.environment["AZURE_CLIENT_ID"];
  id += '\n';
  story.host.call(rpc("create_connect_link", R"({"userId":"user-1"})", "connect"));
  id.pop_back();
  story.section("The administrator's key", "Whoever holds what is meant hears of it.");
  story.world.environment["ADMIN_API_KEY"] = std::string(kAdminKey) + "\r\n";
  auto admin = http("list_api_keys");
  admin.headers = {{"authorization", "Bearer " + std::string(kAdminKey)}};
  story.host.call(admin);
  admin.headers = {{"authorization", "Bearer guessed"}};
  story.host.call(admin);
}

}  // namespace

void tell_people(Stories& stories) {
  pressed_again(stories);
  told_back(stories);
  declined_page(stories);
  busy_provider(stories);
  standing(stories);
  lost_ends(stories);
  replaced(stories);
  without_refresh_token(stories);
  confirm_rules(stories);
  pasted_secrets(stories);
}

}  // namespace postern::testing
