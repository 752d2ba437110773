// How connecting fails, one story for each kind of failure.
#include "core/base/form.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

// A story that stands at the provider's sign-in page.
struct AtProvider {
  Story& story;
  Story::Begun begun;
};
AtProvider at_provider(Stories& stories, std::string name, std::string_view heading,
                       std::string_view prose, std::string_view link_json = {}) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  Story::Begun begun;
  story.quietly(
      [&](Host& silent) { begun = story.begin(silent, story.make_link(silent, link_json)); });
  return {.story = story, .begun = begun};
}

void denied(Stories& stories) {
  auto [story, begun] = at_provider(
      stories, "callback-denied", "The person says no",
      "The state is consumed, no request leaves, and the provider's own words are not repeated.");
  story.host.call(story.callback_of(
      begun, "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E"));
  story.section("Any other error");
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.host.call(story.callback_of(begun, "error=server_error"));
}

void wrong_browser(Stories& stories) {
  auto [story, begun] = at_provider(
      stories, "callback-wrong-browser", "The callback arrives in another browser",
      "Without the attempt's cookie nothing is consumed, so the right browser can still finish.");
  auto request = story.callback_of(begun);
  request.headers = {};
  story.host.call(request);
  story.section("With another attempt's cookie");
  request.headers = {{"cookie", begun.cookie.substr(0, begun.cookie.find('=') + 1) + "guessed"}};
  story.host.call(request);
  story.section("The right browser");
  story.expect_sign_in(begun);
  story.host.call(story.callback_of(begun));
}

void used_or_expired(Stories& stories) {
  auto [story, begun] = at_provider(stories, "callback-used-or-expired",
                                    "The state is used, expired, unknown or malformed",
                                    "One statement consumes a state; the second finds nothing.");
  story.quietly([&, &story = story, &begun = begun](Host& silent) {
    story.expect_sign_in(begun);
    silent.call(story.callback_of(begun));
  });
  story.host.call(story.callback_of(begun));
  story.section("Expired");
  story.quietly([&, &story = story, &begun = begun](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
  });
  story.world.now += 10 * kMinuteMs;
  story.host.call(story.callback_of(begun));
  story.section("Malformed", "Nothing is even looked up.");
  auto request = http("callback");
  request.query = "code=x&state=guessed";
  story.host.call(request);
  request.query = "code=x";
  story.host.call(request);
  request.query = "code=x&code=y&state=z";
  story.host.call(request);
}

void other_integration(Stories& stories) {
  auto [story, begun] = at_provider(
      stories, "callback-mix-up", "The answer comes from another provider (RFC 9700 4.4)",
      "The path names the integration, and `iss` the provider (RFC 9207); both must fit.");
  auto request = story.callback_of(begun);
  request.path = {{"integration", "other"}};
  story.host.call(request);
  story.quietly([&, &story = story, &begun = begun](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
  });
  story.host.call(story.callback_of(
      begun, "code=the-code-of-the-provider&iss=" + percent_encode("https://evil.example/v2.0")));
}

void other_account(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "callback-other-account", "The person signs in with another account",
      "user-1 is connected as Ada. Bob's sign-in does not take the connection over."));
  story.connect_quietly();
  const Person bob{.object = "99999999-2222-4333-8444-555555555555",
                   .name = "Bob Example",
                   .username = "bob@example.com"};
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  const TokenAnswer answer{.access_token = "access-bob",
                           .refresh_token = "refresh-bob",
                           .id_token = id_token(bob, begun.nonce, story.world.now)};
  story.expect("POST", std::string(kTokenUrl), token_reply(answer));
  story.host.call(story.callback_of(begun));
  story.section("Where the link allows it");
  story.quietly([&](Host& silent) {
    begun = story.begin(silent, story.make_link(silent, R"(,"allowOtherAccount":true)"));
  });
  story.expect_sign_in(begun, bob, {.access_token = "access-bob", .refresh_token = "refresh-bob"});
  story.host.call(story.callback_of(begun));
}

void exchange_transient(Stories& stories) {
  auto [story, begun] = at_provider(
      stories, "exchange-transient", "The token endpoint is down",
      "A code that was sent is not sent again (RFC 6749 4.1.2): the person begins anew.");
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.call(story.callback_of(begun));
  for (const auto& reply :
       {HttpReply{.status = 503, .headers = {{"retry-after", "7"}}, .body = "<html>busy</html>"},
        json_reply(200, "{}")}) {
    story.section("Status " + std::to_string(reply.status));
    story.quietly([&, &story = story, &begun = begun](Host& silent) {
      begun = story.begin(silent, story.make_link(silent));
    });
    story.expect("POST", std::string(kTokenUrl), reply);
    story.host.call(story.callback_of(begun));
  }
}

void exchange_terminal(Stories& stories) {
  auto [story, begun] =
      at_provider(stories, "exchange-terminal", "The token endpoint refuses the code", "");
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  story.host.call(story.callback_of(begun));
}

void exchange_integration(Stories& stories) {
  auto [story, begun] = at_provider(
      stories, "exchange-integration", "The token endpoint refuses Postern itself",
      "The client secret is wrong: the operator's fault, which the page does not hide.");
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.host.call(story.callback_of(begun));
}

void id_token_refused(Stories& stories) {
  auto [story, begun] =
      at_provider(stories, "id-token-refused", "The ID token is not what was asked for",
                  "Nothing is stored: who it was has not been proven (OIDC Core 3.1.3.7).");
  const auto again = [&, &story = story, &begun = begun](std::string_view heading) {
    story.section(heading);
    story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  };
  const auto answer = [&, &story = story](std::string token) {
    story.expect("POST", std::string(kTokenUrl), token_reply({.id_token = std::move(token)}));
  };
  const auto call = [&, &story = story, &begun = begun] {
    story.host.call(story.callback_of(begun));
  };
  answer(id_token({}, "another-nonce", story.world.now));
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  call();
  again("None came");
  answer("");
  call();
  again("The signature does not hold");
  answer(id_token({}, begun.nonce, story.world.now));
  story.world.signature = [](const VerifySignature&) { return false; };
  call();
  story.world.signature = [](const VerifySignature&) { return true; };
  again("Expired");
  answer(id_token({}, begun.nonce, story.world.now - kDayMs));
  call();
  again("Another issuer");
  answer(id_token({}, begun.nonce, story.world.now, "https://evil.example"));
  call();
  again("The keys cannot be fetched");
  story.world.forget_memory();
  answer(id_token({}, begun.nonce, story.world.now));
  story.expect("GET", std::string(kKeysUrl), std::unexpected(HostFault::timeout));
  call();
}

void stores_down(Stories& stories) {
  auto [story, begun] = at_provider(
      stories, "store-down-connecting", "A store is down while somebody connects",
      "Before the code is sent every fault is harmless: nothing was consumed, or the person can\n"
      "begin anew. After it the answer is kept.");
  story.fail_next("sql");
  story.host.call(story.callback_of(begun));
  story.section("The journal cannot be written", "So the code does not leave.");
  story.fail_next("storage.commit");
  story.host.call(story.callback_of(begun));
  story.section("The commit fails after the exchange", "The kept answer stays, and the alarm too.");
  story.quietly([&, &story = story, &begun = begun](Host& silent) {
    begun = story.begin(silent, story.make_link(silent));
  });
  story.expect_sign_in(begun);
  story.fail_after(1, "storage.commit");
  story.host.call(story.callback_of(begun));
  story.section("The alarm finishes it");
  story.world.forget_memory();
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", profile_reply({}));
  story.world.now = story.world.objects[story.object_name()].alarm_at;
  story.host.ring(story.object_name());
}

void another_persons_profile(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "profile-of-another-person", "The profile endpoint answers for another person",
      "The ID token says whose the grant is. What the endpoint says of somebody else is not "
      "shown."));
  Story::Begun begun;
  story.quietly([&](Host& silent) { begun = story.begin(silent, story.make_link(silent)); });
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.id_token = id_token({}, begun.nonce, story.world.now)}));
  story.expect("GET", std::string(kKeysUrl), keys_reply());
  story.expect("GET", "https://graph.microsoft.com/v1.0/me",
               profile_reply({.object = "99999999-2222-4333-8444-555555555555",
                              .name = "Eve Example",
                              .username = "eve@example.com"}));
  story.host.call(story.callback_of(begun));
}

}  // namespace

void tell_failures(Stories& stories) {
  denied(stories);
  wrong_browser(stories);
  used_or_expired(stories);
  other_integration(stories);
  other_account(stories);
  exchange_transient(stories);
  exchange_terminal(stories);
  exchange_integration(stories);
  id_token_refused(stories);
  stores_down(stories);
  another_persons_profile(stories);
}

}  // namespace postern::testing
