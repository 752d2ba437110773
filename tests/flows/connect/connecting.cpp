// How an account is connected when nothing goes wrong.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

void connect_link(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-link", "A caller makes a connect link",
      "The link's secret is in the answer and nowhere else: D1 gets its hash. `state` is the\n"
      "attempt's public name; the OAuth state itself is made when the link is consumed."));
  story.make_link(story.host);
  story.section(
      "With a place to go afterwards",
      "`return_to` is on acme's list, so the connection will wait for the confirmation of\n"
      "acme's own backend.");
  story.make_link(story.host, kConfirmedByBackend);
  story.section("For a caller that runs the browser part itself",
                "The state is minted at once, for the caller's challenge and redirect.");
  const auto outcome = story.host.call(
      rpc("create_connect_link",
          R"({"userId":"user-1","mode":"caller","redirectUri":")" + std::string(kReturnTo) +
              R"(","codeChallenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"})",
          "connect connect:caller"));
  story.note_secret(query_value(outcome.body, "state").substr(0, 70));
  story.section("What is old cannot be swept", "The link is made all the same.");
  story.fail_after(1, "sql");
  story.make_link(story.host);
}

void consent_page(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "consent-page", "The person opens the link",
      "The page says who asks for what, and for whom. Opening it changes nothing: a mail scanner\n"
      "or a preview may open it as often as it likes."));
  std::string link;
  story.quietly([&](Host& silent) { link = story.make_link(silent); });
  auto request = http("show_consent");
  request.path = {{"link", link}};
  const auto before = story.world.d1.dump();
  story.host.call(request);
  story.section("Unknown, used, expired");
  request.path = {{"link", std::string(43, 'A')}};
  story.host.call(request);
  story.quietly([&](Host& silent) {
    if (story.world.d1.dump() != before) {
      story.fail_next("opening the link changed something");
    }
    story.begin(silent, link);
  });
  request.path = {{"link", link}};
  story.host.call(request);
  story.quietly([&](Host& silent) { link = story.make_link(silent); });
  story.world.now += 10 * kMinuteMs;
  request.path = {{"link", link}};
  story.host.call(request);
}

void begin(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "begin", "The person presses the button",
      "One transaction consumes the link and stores the state's hash, the cookie's hash and the\n"
      "sealed verifier. The browser leaves with a cookie named after the attempt."));
  std::string link;
  story.quietly([&](Host& silent) { link = story.make_link(silent); });
  story.begin(story.host, link);
  story.section("Twice", "The second press finds the link used; no second state exists.");
  auto request = http("begin_connect");
  request.path = {{"link", link}};
  request.headers = {{"origin", "https://postern.example.com"}};
  story.host.call(request);
  story.section("From another site", "Somebody else's page may not press the button.");
  story.quietly([&](Host& silent) { link = story.make_link(silent); });
  request.path = {{"link", link}};
  request.headers = {{"origin", "https://evil.example"}, {"sec-fetch-site", "cross-site"}};
  story.host.call(request);
  request.headers = {};
  story.host.call(request);
}

void callback_success(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-success", "The provider sends the browser back, and all is well",
      "The front flow consumes the state for this browser and leaves for the connection's\n"
      "authority. There: the journal is written, then the code is sent, the answer is kept, the "
      "ID\n"
      "token is checked, the profile read, the tokens sealed, one transaction commits, and KV and\n"
      "D1 follow."));
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect_sign_in(begun);
  story.host.call(story.callback_of(begun));
  story.section("The connection", "No token is in it.");
  story.host.call(rpc("get_connection", R"({"userId":"user-1"})", "connections:read"));
  story.host.call(rpc("list_connections", "{}", "connections:read"));
}

void callback_confirm(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-confirm", "A sign-in that the caller's backend confirms",
      "With `return_to` the sign-in only becomes a connection when the session that the person\n"
      "came back to says so: a link that an attacker sent to somebody else ends here."));
  Story::Begun begun;
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, kConfirmedByBackend));
  });
  story.expect_sign_in(begun);
  const auto outcome = story.host.call(story.callback_of(begun));
  const auto location = header_of(outcome, "location");
  const auto code = query_value(location, "code");
  story.note_secret(code);
  const auto confirm = [&](std::string_view user, std::string_view its_code) {
    return rpc("confirm_connection",
               R"({"attempt":")" + query_value(location, "attempt") + R"(","code":")" +
                   std::string(its_code) + R"(","userId":")" + std::string(user) + "\"}",
               "connect");
  };
  story.section("Before it", "There is no connection yet, and no token.");
  story.host.call(story.get_token());
  story.section("Another session, another code", "Both are refused, and burn nothing.");
  story.host.call(confirm("user-2", code));
  story.host.call(confirm("user-1", "guessed"));
  story.section("The right one");
  story.host.call(confirm("user-1", code));
  story.section("Again", "The answer may have been lost: it is the same one.");
  story.host.call(confirm("user-1", code));
  story.section("Again, with another code or for another user", "Refused as before.");
  story.host.call(confirm("user-1", "guessed"));
  story.host.call(confirm("user-2", code));
}

void connect_by_caller(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "connect-by-caller", "A caller hands over the code that it received itself",
      "Only with a state that Postern issued to this organization and user, with the redirect and\n"
      "the challenge that it was issued for."));
  std::string url;
  story.quietly([&](Host& silent) {
    const auto outcome = silent.call(
        rpc("create_connect_link",
            R"({"userId":"user-1","mode":"caller","redirectUri":")" + std::string(kReturnTo) +
                R"(","codeChallenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"})",
            "connect connect:caller"));
    const auto at = outcome.body.find("https://");
    url = outcome.body.substr(at, outcome.body.find('"', at) - at);
  });
  const Story::Begun begun{.location = url,
                           .cookie = {},
                           .state = query_value(url, "state"),
                           .nonce = query_value(url, "nonce")};
  story.note_secret(begun.state);
  const auto connect = [&](std::string_view user, std::string_view more = {}) {
    return rpc("connect",
               R"({"userId":")" + std::string(user) + '"' + std::string(more) +
                   R"(,"code":"the-code-of-the-provider","state":")" + begun.state +
                   R"(","codeVerifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})",
               "connect:caller");
  };
  story.section("For another user", "The state is that of user-1.");
  story.host.call(connect("user-2"));
  story.section("For another directory, or for none that there is", "The state stays.");
  story.host.call(connect("user-1", R"(,"tenantId":"contoso.com")"));
  story.host.call(connect("user-1", R"(,"tenantId":"https://contoso.com")"));
  story.section("As it was issued", "However the directory is spelled.");
  story.expect_sign_in(begun);
  story.host.call(connect("user-1", R"(,"tenantId":"Common")"));
  story.section("Twice", "The state is consumed; no request leaves.");
  story.host.call(connect("user-1"));
}

}  // namespace

void tell_connecting(Stories& stories) {
  connect_link(stories);
  consent_page(stories);
  begin(stories);
  callback_success(stories);
  callback_confirm(stories);
  connect_by_caller(stories);
}

}  // namespace postern::testing
