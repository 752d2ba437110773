// Links that are made because a connection needs its person again, and links whose answer was lost.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

// The connection needs its person; answers the secret part of the link that says so.
std::string link_to_renew(Story& story) {
  std::string link;
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
    const auto told = silent.call(story.get_token());
    const auto at = told.body.find("/connect/");
    link = at == std::string::npos ? std::string() : told.body.substr(at + 9, 43);
  });
  story.note_secret(link);
  return link;
}

void renewal(Stories& stories) {
  auto& story = connected(stories, "renewal", "A connection is renewed by the link of its problem",
                          "Whoever asks for a token gets that link and may pass it on, so it\n"
                          "renews the account that is connected and connects no other one.");
  const auto link = link_to_renew(story);
  const Person other{.object = "22222222-3333-4444-8555-666666666666",
                     .name = "Bob Example",
                     .username = "bob@example.com"};
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, link); });
  story.section("Another account signs in");
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.id_token = id_token(other, begun.nonce, story.world.now)}));
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.host.call(story.callback_of(begun));
  story.section("The next problem has another link", "The one before is used up.");
  std::string next;
  story.quietly([&](Host& silent) {
    const auto told = silent.call(story.get_token());
    const auto at = told.body.find("/connect/");
    next = at == std::string::npos ? std::string() : told.body.substr(at + 9, 43);
  });
  story.note_secret(next);
  if (next.empty() || next == link) {
    story.fail_next("the used link was handed out again");
    return;
  }
  story.section("The account that is connected");
  story.quietly([&](Host& silent) { begun = story.begin(silent, next); });
  story.expect_sign_in(begun);
  story.host.call(story.callback_of(begun));
}

void renewal_of_nothing(Stories& stories) {
  auto& story = connected(stories, "renewal-of-nothing",
                          "A link to renew, and the connection was ended meanwhile",
                          "The link has no confirmation, and whoever has it could be anybody:\n"
                          "nothing is there whose account could be compared. The code is not\n"
                          "spent, so no grant comes to be.");
  const auto link = link_to_renew(story);
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, link);
    silent.call(rpc("disconnect", R"({"userId":"user-1"})", "connections:write"));
  });
  story.host.call(story.callback_of(begun));
  story.host.call(rpc("get_attempt",
                      R"({"attempt":")" + begun.state.substr(0, begun.state.find('.')) + "\"}",
                      "connect"));
  story.host.call(story.get_token());
  story.section("Nothing is known of it at all", "The same where storage and backups are empty.");
  Story::Begun again;
  story.quietly([&](Host& silent) {
    story.connect_quietly();
    again = story.begin(silent, link_to_renew(story));
    story.world.objects.clear();
    story.world.kv.clear();
    (void)story.world.d1.batch({{.sql = "DELETE FROM oauth_connections", .parameters = {}}});
  });
  story.host.call(story.callback_of(again));
}

void loaded_again(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-again-before-confirmation", "The page that brings the code back is loaded again",
      "The code follows from attempt and cookie, so the browser of the sign-in takes the same one\n"
      "to the backend however often it comes, and no other browser gets it."));
  Story::Begun begun;
  std::string link;
  std::string location;
  story.quietly([&](Host& silent) {
    link = story.make_link(silent, kConfirmedByBackend);
    begun = story.begin(silent, link);
    story.expect_sign_in(begun);
    location = header_of(silent.call(story.callback_of(begun)), "location");
  });
  story.note_secret(query_value(location, "code"));
  const auto same = [&](const std::string& target) {
    if (location.empty() || target != location) {
      story.fail_next("it led elsewhere: " + target);
    }
  };
  same(header_of(story.host.call(story.callback_of(begun)), "location"));
  story.section("The link, and the button of a page that was still open");
  auto opened = http("show_consent");
  opened.path = {{"link", link}};
  opened.headers = {{"cookie", begun.cookie}};
  same(header_of(story.host.call(opened), "location"));
  auto pressed = http("begin_connect");
  pressed.path = {{"link", link}};
  pressed.headers = {{"sec-fetch-site", "same-origin"}, {"cookie", begun.cookie}};
  same(navigation_of(story.host.call(pressed)));
  story.section("Another browser");
  auto elsewhere = story.callback_of(begun);
  elsewhere.headers = {};
  story.host.call(elsewhere);
  story.section("Confirmed", "And the answer to it is lost.");
  story.quietly([&](Host& silent) { silent.call(Story::confirm_at(location)); });
  story.host.call(Story::confirm_at(location));
  story.host.call(story.callback_of(begun));
  story.section("Too late to be confirmed");
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
    story.expect_sign_in(begun);
    location = header_of(silent.call(story.callback_of(begun)), "location");
  });
  story.note_secret(query_value(location, "code"));
  story.world.now += 10 * kMinuteMs;
  story.host.call(story.callback_of(begun));
}

}  // namespace

void tell_renewals(Stories& stories) {
  renewal(stories);
  renewal_of_nothing(stories);
  loaded_again(stories);
}

}  // namespace postern::testing
