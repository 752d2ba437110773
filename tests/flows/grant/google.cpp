// A provider of which everything is data: ID tokens, a refresh token for life, and a revocation
// that ends all that an account granted.
#include "core/base/base64url.h"
#include "core/base/json_writer.h"
#include "core/connection/record.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kToken = "https://oauth2.googleapis.com/token";
constexpr std::string_view kRevoke = "https://oauth2.googleapis.com/revoke";
constexpr std::string_view kCerts = "https://www.googleapis.com/oauth2/v3/certs";
constexpr std::string_view kUserInfo = "https://openidconnect.googleapis.com/v1/userinfo";
constexpr std::string_view kSubject = "110169484474386276334";

std::string google_id_token(std::string_view nonce, EpochMs now) {
  JsonWriter claims;
  claims.begin_object()
      .member("iss", "https://accounts.google.com")
      .member("azp", "postern-google")
      .member("aud", "postern-google")
      .member("sub", kSubject)
      .member("email", "ada@example.com")
      .member("nonce", nonce)
      .member("iat", now / kSecondMs)
      .member("exp", now / kSecondMs + 3600);
  return base64url_encode(R"({"alg":"RS256","kid":"key-1","typ":"JWT"})") + "." +
         base64url_encode(claims.end_object().take()) + "." +
         base64url_encode(std::string(256, '\x07'));
}

HttpReply google_keys() {
  std::string modulus(256, '\x5a');
  modulus.front() = '\x80';
  modulus.back() = '\x01';
  return json_reply(200, R"({"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"key-1","e":)"
                         R"("AQAB","n":")" +
                             base64url_encode(modulus) + R"("}]})");
}

class GoogleStory {
 public:
  explicit GoogleStory(Story& story) : story_(story) {
    story.world.environment.emplace("GOOGLE_CLIENT_ID", "postern-google");
    story.world.environment.emplace("GOOGLE_REDIRECT_URI",
                                    "https://postern.example.com/callback/google");
    story.world.secrets.emplace("GOOGLE_CLIENT_SECRET", "googles-secret");
    story.note_secret("googles-secret");
  }

  Story::Begun begin_quietly(std::string_view user = "user-1", std::string_view more_json = {}) {
    Story::Begun begun;
    story_.quietly([&](Host& silent) {
      const auto made =
          silent.call(rpc("create_connect_link",
                          R"({"userId":")" + std::string(user) + R"(","integration":"google")" +
                              std::string(more_json) + "}",
                          "connect"));
      begun = story_.begin(silent, made.body.substr(made.body.find("/connect/") + 9, 43));
    });
    return begun;
  }

  [[nodiscard]] Request callback_of(const Story::Begun& begun) const {
    auto request = story_.callback_of(begun);
    request.path = {{"integration", "google"}};
    return request;
  }

  void connect(Host& by, std::string_view user = "user-1", std::string_view more_json = {}) {
    const auto begun = begin_quietly(user, more_json);
    story_.expect("POST", std::string(kToken),
                  token_reply({.access_token = "ya29.1",
                               .refresh_token = "1//refresh",
                               .id_token = google_id_token(begun.nonce, story_.world.now),
                               .expires_in = 3599,
                               .scope = "openid email profile"}));
    if (!story_.world.memory.contains("jwks:" + std::string(kCerts))) {
      story_.expect("GET", std::string(kCerts), google_keys());
    }
    story_.expect("GET", std::string(kUserInfo),
                  json_reply(200, R"({"sub":")" + std::string(kSubject) +
                                      R"(","name":"Ada Example","email":"ada@example.com"})"));
    by.call(callback_of(begun));
  }

  static Request disconnect(std::string_view user = "user-1") {
    return rpc("disconnect", R"({"userId":")" + std::string(user) + R"(","integration":"google"})",
               "connections:write");
  }

  static std::string object_name() {
    return connection_key({.org = std::string(kOrg), .integration = "google", .subject = "user-1"});
  }

 private:
  Story& story_;
};

Story& new_story(Stories& stories, std::string name, std::string_view heading,
                 std::string_view prose) {
  return *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
}

void not_rotated(Stories& stories) {
  auto& story = new_story(stories, "google-connects",
                          "A person connects a Google account, and its token is refreshed",
                          "The answer to a refresh has no refresh token: the one for life stays.");
  GoogleStory google(story);
  google.connect(story.host);
  story.world.forget_memory();
  story.world.now += kHourMs;
  story.section("Refreshed");
  story.expect("POST", std::string(kToken),
               token_reply({.access_token = "ya29.2", .refresh_token = "", .expires_in = 3599}));
  story.host.call(story.get_token(R"(,"integration":"google")"));
  story.section("Disconnected");
  story.expect("POST", std::string(kRevoke), json_reply(200, "{}"));
  story.host.call(GoogleStory::disconnect());
}

void shared(Stories& stories) {
  auto& story = new_story(
      stories, "revocation-of-a-shared-account",
      "One of two connections of one Google account is ended",
      "To revoke its token would end the other one's grant as well: it is left, and said so. The "
      "last one\nends it. While D1 is down nobody knows, and the alarm asks again.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) {
    google.connect(silent);
    google.connect(silent, "user-2");
  });
  story.host.call(GoogleStory::disconnect());
  story.section("The last one, while D1 is down");
  story.fail_after(1, "sql");
  story.host.call(GoogleStory::disconnect("user-2"));
  const auto name =
      connection_key({.org = std::string(kOrg), .integration = "google", .subject = "user-2"});
  story.section("The alarm rings");
  story.world.now = story.world.objects[name].alarm_at;
  story.expect("POST", std::string(kRevoke), json_reply(200, "{}"));
  story.host.ring(name);
}

void beside_a_dead_one(Stories& stories) {
  auto& story = new_story(stories, "revocation-beside-a-dead-connection",
                          "The other connection of the account is dead",
                          "A person has to connect it again in any case: it keeps no grant alive "
                          "that nobody would end.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) {
    google.connect(silent);
    google.connect(silent, "user-2");
    story.world.now += kHourMs;
    story.world.forget_memory();
    story.expect("POST", std::string(kToken), error_reply(400, "invalid_grant"));
    silent.call(rpc("get_token", R"({"userId":"user-2","integration":"google"})", "tokens:read"));
  });
  story.expect("POST", std::string(kRevoke), json_reply(200, "{}"));
  story.host.call(GoogleStory::disconnect());
  story.section("And it is ended too", "Its token is dead, as the provider says.");
  story.expect("POST", std::string(kRevoke), json_reply(400, R"({"error":"invalid_token"})"));
  story.host.call(GoogleStory::disconnect("user-2"));
}

void removed_by_its_person(Stories& stories) {
  auto& story = new_story(stories, "revocation-of-a-removed-grant",
                          "A grant is ended that its person has removed, while a refresh is open",
                          "All of the account's grants end together: newer tokens, which the "
                          "refresh may have given, are "
                          "over too.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) {
    google.connect(silent);
    story.world.now += kHourMs;
    story.world.forget_memory();
    story.expect("POST", std::string(kToken), json_reply(503, ""));
    silent.call(story.get_token(R"(,"integration":"google")"));
  });
  story.expect("POST", std::string(kRevoke), json_reply(400, R"({"error":"invalid_token"})"));
  story.host.call(GoogleStory::disconnect());
}

void unconfirmed(Stories& stories) {
  auto& story = new_story(stories, "revocation-beside-a-living-connection",
                          "Nobody confirms a sign-in whose account is connected already",
                          "To end its grant would end that of the connection too.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) {
    google.connect(silent);
    google.connect(silent, "user-1", kConfirmedByBackend);
  });
  story.world.now += kHourMs / 2;
  story.host.ring(GoogleStory::object_name());
}

void reconnected(Stories& stories) {
  auto& story =
      new_story(stories, "google-reconnects-over-revocation",
                "The person connects the Google account again while its grant is still to be ended",
                "What is owed would end the new grant: it is owed no more.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) {
    google.connect(silent);
    story.expect("POST", std::string(kRevoke), json_reply(503, ""));
    silent.call(GoogleStory::disconnect());
    story.world.now += kMinuteMs;
    story.world.forget_memory();
    google.connect(silent);
  });
  story.world.now += kMinuteMs * 30;
  story.host.ring(GoogleStory::object_name());
  story.world.forget_memory();
  story.section("While it waits for its confirmation", "The alarm leaves it be until then.");
  story.quietly([&](Host& silent) {
    story.expect("POST", std::string(kRevoke), json_reply(503, ""));
    silent.call(GoogleStory::disconnect());
    story.world.now += kMinuteMs;
    story.world.forget_memory();
    google.connect(silent, "user-1", kConfirmedByBackend);
  });
  story.world.now += kMinuteMs * 2;
  story.host.ring(GoogleStory::object_name());
}

void tombstone_first(Stories& stories) {
  auto& story = new_story(
      stories, "revocation-behind-its-tombstone",
      "A connection is ended while D1 does not take the tombstone",
      "Of two connections of one account that are ended now, each would leave the grant to "
      "the other: the\nprovider is asked once D1 has the tombstone.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) { google.connect(silent); });
  story.fail_next("sql");
  story.host.call(GoogleStory::disconnect());
  story.section("The alarm rings");
  story.world.now = story.world.objects[GoogleStory::object_name()].alarm_at + kMinuteMs;
  story.expect("POST", std::string(kRevoke), json_reply(200, "{}"));
  story.host.ring(GoogleStory::object_name());
}

void under_way(Stories& stories) {
  auto& story =
      new_story(stories, "google-reconnects-beside-revocation",
                "The person connects the account again while a revocation may be on its way",
                "Nobody answered it, and it would end the new grant: no code is redeemed until it "
                "cannot arrive "
                "any more.");
  GoogleStory google(story);
  story.quietly([&](Host& silent) { google.connect(silent); });
  story.expect("POST", std::string(kRevoke), std::unexpected(HostFault::timeout));
  story.host.call(GoogleStory::disconnect());
  story.section("At once");
  story.host.call(google.callback_of(google.begin_quietly()));
  story.section("At once, and the object has lost its storage",
                "It may have known of such a request.");
  story.world.objects[GoogleStory::object_name()].storage.clear();
  story.host.call(google.callback_of(google.begin_quietly()));
  story.section("Half a minute later");
  story.world.now += 30 * kSecondMs;
  story.world.forget_memory();
  google.connect(story.host);
}

}  // namespace

void tell_google(Stories& stories) {
  not_rotated(stories);
  shared(stories);
  beside_a_dead_one(stories);
  removed_by_its_person(stories);
  unconfirmed(stories);
  reconnected(stories);
  tombstone_first(stories);
  under_way(stories);
}

}  // namespace postern::testing
