// A certificate in place of the client secret: imported once, and its key never read again.
#include <fstream>
#include <sstream>

#include "core/base/json_writer.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

constexpr std::string_view kPermissions =
    "* connect:app connections:organization integrations:write";
const std::string kDirectorysUrl =
    "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token";

std::string file(const char* name) {
  std::stringstream text;
  text << std::ifstream(std::string(POSTERN_SOURCE_DIR "/tests/data/keys/") + name).rdbuf();
  return text.str();
}

Request import(std::string_view certificate, std::string_view key) {
  return rpc("import_certificate",
             JsonWriter()
                 .begin_object()
                 .member("certificate", certificate)
                 .member("privateKey", key)
                 .end_object()
                 .take(),
             std::string(kPermissions));
}

Request connect_app() {
  return rpc("connect_app", R"({"tenantId":"72f988bf-86f1-41af-91ab-2d7cd011db47"})",
             std::string(kPermissions));
}

HttpReply token_of_app(std::string_view token) {
  return json_reply(200, R"({"token_type":"Bearer","expires_in":3600,"access_token":")" +
                             std::string(token) + R"("})");
}

Story& with_certificate(Stories& stories, std::string name, std::string_view heading,
                        std::string_view prose) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  story.world.environment["ALLOWED_APP_DIRECTORIES"] =
      R"({"acme":["72f988bf-86f1-41af-91ab-2d7cd011db47"]})";
  story.quietly(
      [](Host& silent) { silent.call(import(file("rsa-2048.crt"), file("rsa-2048.pem"))); });
  return story;
}

void proves(Stories& stories) {
  auto& story = with_certificate(stories, "certificate-proves-the-app",
                                 "An application proves itself by its certificate",
                                 "By an assertion of five minutes, for this endpoint, of its own\n"
                                 "number each time. The secret is not sent.");
  story.expect("POST", kDirectorysUrl, token_of_app("access-1"));
  story.host.call(connect_app());
  story.section("Taken away", "The secret is what is left.");
  story.host.call(rpc("delete_credential", "{}", std::string(kPermissions)));
  story.world.forget_memory();
  story.world.now += 61 * kMinuteMs;
  story.expect("POST", kDirectorysUrl, token_of_app("access-2"));
  story.host.call(rpc("get_token", R"({"userId":"-"})", std::string(kPermissions)));
}

void nobody_knows(Stories& stories) {
  auto& story = with_certificate(
      stories, "certificate-not-to-be-had", "D1 does not say whether there is a certificate",
      "The secret would be another way than the organization chose: nothing is sent.");
  story.fail_after(1, "sql");
  story.host.call(connect_app());
}

void not_readable(Stories& stories) {
  auto& story = with_certificate(
      stories, "certificate-unreadable", "No key of the ring opens the certificate's",
      "Nor is there another way: somebody has to bring the ring back, or the certificate anew.");
  story.fail_next("sign", HostFault::refused);
  story.host.call(connect_app());
}

void imported(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "certificate-import", "What is imported has to sign as the certificate says",
      "The key is sealed for `sign` alone before anything else is done with it."));
  story.section("A key that signs something else", "Nothing is stored.");
  story.world.signature = [](const VerifySignature&) { return false; };
  story.host.call(import(file("rsa-2048.crt"), file("rsa-2048.pem")));
  story.section("Another certificate's key: it is not even sealed");
  story.host.call(import(file("rsa-2048-other.crt"), file("rsa-2048.pem")));
  story.section("Of a provider at which nobody acts but for a person");
  story.world.environment.emplace("GITHUB_CLIENT_ID", "postern-app");
  story.host.call(rpc("import_certificate",
                      R"({"integration":"github","certificate":"x","privateKey":"y"})",
                      std::string(kPermissions)));
}

}  // namespace

void tell_certificates(Stories& stories) {
  imported(stories);
  proves(stories);
  nobody_knows(stories);
  not_readable(stories);
}

}  // namespace postern::testing
