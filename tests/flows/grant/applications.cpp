// The registered app itself in one directory: nobody signs in, and nothing is refreshed.
#include "core/base/base64url.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kDirectory = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const std::string kDirectorysUrl =
    "https://login.microsoftonline.com/" + std::string(kDirectory) + "/oauth2/v2.0/token";
constexpr std::string_view kPermissions = "* connect:app connections:organization";

// As Entra writes it; only the API that it is for knows whether the signature holds.
std::string app_token(Story& story, std::string_view id, std::string_view more = {}) {
  const std::string claims =
      R"({"tid":")" + std::string(kDirectory) +
      R"(","appid":"postern-client","idtyp":"app","oid":"99999999-2222-4333-8444-555555555555",)"
      R"("app_displayname":"Acme's robot","roles":["User.Read.All"],"uti":")" +
      std::string(id) + '"' + std::string(more) + "}";
  auto token = base64url_encode(R"({"typ":"JWT","alg":"RS256"})") + '.' + base64url_encode(claims) +
               ".c2lnbmF0dXJl";
  story.note_secret(token);
  return token;
}

HttpReply app_reply(const std::string& token) {
  return json_reply(200, R"({"token_type":"Bearer","expires_in":3600,"ext_expires_in":3600,)"
                         R"("access_token":")" +
                             token + R"("})");
}

void expect_token(Story& story, std::string_view id) {
  story.expect("POST", kDirectorysUrl, app_reply(app_token(story, id)));
}

Request connect_app(std::string_view tenant = kDirectory) {
  return rpc("connect_app", R"({"tenantId":")" + std::string(tenant) + R"("})",
             std::string(kPermissions));
}

Request get_token() {
  return rpc("get_token", R"({"userId":"-"})", std::string(kPermissions));
}

// The operator lets acme's keys have the app act in its directory.
void allow(Story& story) {
  story.world.environment["ALLOWED_APP_DIRECTORIES"] =
      R"({"acme":[")" + std::string(kDirectory) + R"("]})";
}

Story& application(Stories& stories, std::string name, std::string_view heading,
                   std::string_view prose) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  allow(story);
  expect_token(story, "one");
  story.quietly([&](Host& silent) { silent.call(connect_app()); });
  story.world.forget_memory();
  return story;
}

void connects(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "application-connects", "An application is connected in a directory",
      "One request with the client's own credentials. Nothing is kept on the way: what is lost is\n"
      "asked for again."));
  story.section("Not without the operator's word",
                "Whoever consents there is an administrator of the "
                "directory, and says nothing of organizations.");
  story.host.call(connect_app());
  story.section("In a directory that is allowed");
  allow(story);
  expect_token(story, "one");
  story.host.call(connect_app());
  story.section("Its token is read like any other");
  story.host.call(get_token());
  story.section("A call that is made as a person", "Graph is not asked.");
  story.host.call(rpc("get_user", R"({"userId":"-"})", std::string(kPermissions)));
  story.section("No word that stands for many directories is one");
  story.host.call(connect_app("organizations"));
  story.section("Another permission than all of 0.1.0's is wanted");
  story.host.call(rpc("connect_app", R"({"tenantId":"contoso.example"})"));
}

void mints_again(Stories& stories) {
  auto& story = application(stories, "application-minted-again",
                            "An application's token runs out, and is asked for again",
                            "There is nothing that a second request could spend.");
  story.world.now += 61 * kMinuteMs;
  expect_token(story, "two");
  story.host.call(get_token());
}

void crashes(Stories& stories) {
  auto& story =
      application(stories, "application-crash", "The object dies with the answer in its hands",
                  "The next caller does not wait: the same is asked for once more.");
  story.world.now += 61 * kMinuteMs;
  story.quietly([&](Host& silent) {
    expect_token(story, "two");
    silent.crash = after_token_answer;
    silent.call(get_token());
  });
  expect_token(story, "three");
  story.host.call(get_token());
}

void refused(Stories& stories) {
  auto& story = application(stories, "application-refused",
                            "The app was removed from the directory, and installed again",
                            "No sign-in helps, so no link is made. Who asks again after half a\n"
                            "minute finds out that somebody has mended it.");
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", kDirectorysUrl,
               error_reply(400, "unauthorized_client", R"(,"error_codes":[700016])"));
  story.host.call(get_token());
  story.section("At once: nobody is asked");
  story.host.call(get_token());
  story.section("Later");
  story.world.now += 31 * kSecondMs;
  expect_token(story, "two");
  story.host.call(get_token());
}

void another_client(Stories& stories) {
  auto& story = application(stories, "application-of-another-client",
                            "The integration's client id was changed",
                            "Its tokens would be another app's, which nobody connected.");
  story.world.now += 61 * kMinuteMs;
  story.world.environment["AZURE_CLIENT_ID"] = "another-client";
  story.host.call(get_token());
}

void without_roles(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "application-without-roles", "A token that gives nothing",
      "Any person's consent installs an app: no administrator's is proven by it."));
  const auto token =
      base64url_encode(R"({"typ":"JWT","alg":"RS256"})") + '.' +
      base64url_encode(R"({"tid":")" + std::string(kDirectory) + R"(","appid":"postern-client"})") +
      ".c2lnbmF0dXJl";
  story.note_secret(token);
  allow(story);
  story.expect("POST", kDirectorysUrl, app_reply(token));
  story.host.call(connect_app());
}

void somebody_elses(Stories& stories) {
  auto& story = application(stories, "application-foreign-token",
                            "A token that says that it is somebody else's",
                            "It is not stored, and not served.");
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", kDirectorysUrl, app_reply(app_token(story, "two", R"(,"scp":"User.Read")")));
  story.host.call(get_token());
}

}  // namespace

void tell_applications(Stories& stories) {
  connects(stories);
  mints_again(stories);
  crashes(stories);
  refused(stories);
  somebody_elses(stories);
  another_client(stories);
  without_roles(stories);
}

}  // namespace postern::testing
