// How a token's refresh fails, and how callers are refused.
#include "core/base/sha256.h"
#include "core/flow/access/access.h"
#include "core/flow/store/api_keys.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

// Connected, the token at its end, the isolate cold.
Story& expired(Stories& stories, std::string name, std::string_view heading, std::string_view prose,
               DurationMs later = 61 * kMinuteMs) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(std::move(name), heading, prose));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += later;
  return story;
}

void refresh_transient(Stories& stories) {
  auto& story = expired(stories, "refresh-transient", "The token endpoint asks for patience",
                        "The journal stays open and names the time of the next try, which every\n"
                        "caller shares: until then no request leaves.");
  story.expect("POST", std::string(kTokenUrl),
               HttpReply{.status = 429, .headers = {{"retry-after", "9"}}, .body = ""});
  story.host.call(story.get_token());
  story.section("Two seconds later", "No request leaves.");
  story.world.now += 2 * kSecondMs;
  story.host.call(story.get_token());
  story.section("The alarm rings when the time has come");
  story.world.now += 7 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.host.ring(story.object_name());
}

void refresh_stale(Stories& stories) {
  auto& story =
      expired(stories, "refresh-transient-but-alive", "A refresh fails while the token still lives",
              "Within five minutes of its end the token is refreshed on use; when that\n"
              "fails for a passing reason, it is served as long as it lives.",
              56 * kMinuteMs);
  story.expect("POST", std::string(kTokenUrl), std::unexpected(HostFault::timeout));
  story.host.call(story.get_token());
}

void refresh_terminal(Stories& stories) {
  auto& story =
      expired(stories, "refresh-terminal", "The grant is dead",
              "Believed only after the newest version was read again. The answer carries\n"
              "a link for the person; the record says why.");
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  story.host.call(story.get_token());
  story.section("Everybody after that",
                "No request leaves. Whoever asks again within 30 seconds gets the same link.");
  story.host.call(story.get_token());
  story.section("Half a minute later", "A fresh one.");
  story.world.now += 31 * kSecondMs;
  story.host.call(story.get_token());
}

void refresh_claims(Stories& stories) {
  auto& story = expired(stories, "refresh-claims", "The provider wants the person to prove more",
                        "Its claims challenge goes into the link's row, and from there into the\n"
                        "next sign-in.");
  story.expect("POST", std::string(kTokenUrl),
               error_reply(400, "interaction_required",
                           R"(,"claims":"{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}")"));
  const auto outcome = story.host.call(story.get_token());
  const auto at = outcome.body.find("/connect/");
  story.section("The person opens the link and presses the button");
  story.begin(story.host, at == std::string::npos ? "" : outcome.body.substr(at + 9, 43));
}

void refresh_integration(Stories& stories) {
  auto& story = expired(stories, "refresh-integration", "The provider refuses Postern itself",
                        "The client secret ended: no connection is at fault, and none changes.");
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.host.call(story.get_token());
  story.section("As the answer to a replay",
                "One request leaves for one caller, not a second one right behind it.");
  story.world.now += 31 * kSecondMs;
  story.quietly([&](Host& silent) {
    silent.crash = [](const Effect& effect, bool carried_out) {
      return !carried_out && std::holds_alternative<Fetch>(effect);
    };
    silent.call(story.get_token());
  });
  story.world.now += 30 * kSecondMs;
  story.expect("POST", std::string(kTokenUrl), error_reply(401, "invalid_client"));
  story.host.call(story.get_token());
}

void stores_down(Stories& stories) {
  auto& story =
      expired(stories, "store-down-token", "A store is down while a token is read", "", kMinuteMs);
  story.section("KV is down", "The authority answers, as if KV had nothing.");
  story.fail_next("kv.get", HostFault::timeout);
  story.host.call(story.get_token());
  story.section("The authority's storage is down", "Not the same as \"not connected\".");
  story.world.forget_memory();
  story.fail_next("kv.get");
  story.fail_next("storage.read");
  story.host.call(story.get_token());
  story.section("Nothing is stored, and D1 cannot be asked", "Nor is this.");
  story.world.forget_memory();
  story.world.kv.clear();
  story.world.objects.clear();
  story.fail_next("sql");
  story.host.call(story.get_token());
}

std::string add_key(Story& story, std::string_view permissions, EpochMs expires_at = 0) {
  const auto key = make_api_key(kOrg, story.world.entropy(32));
  (void)story.world.d1.batch({insert_api_key({.id = "key_" + std::to_string(expires_at),
                                              .hash = sha256_base64url(key),
                                              .org = std::string(kOrg),
                                              .name = "test",
                                              .permissions = std::string(permissions),
                                              .created_at = story.world.now,
                                              .expires_at = expires_at,
                                              .revoked_at = 0})});
  story.note_secret(key);
  return key;
}

Request read_connections(const std::string& authorization) {
  auto request = http("list_connections");
  if (!authorization.empty()) {
    request.headers = {{"authorization", authorization}};
  }
  return request;
}

void token_by_key(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "token-by-key", "A token is read over HTTP, cold",
      "The key and the connection are asked of KV together: the key's text names the "
      "organization.\n"
      "What came of it is looked at once the key has proven to be that organization's."));
  story.connect_quietly();
  story.world.forget_memory();
  const auto key = add_key(story, "tokens:read");
  auto request = http("get_token");
  request.path = {{"integration", "azure"}};
  request.query = "user_id=user-1";
  request.headers = {{"authorization", "Bearer " + key}};
  story.quietly([&](Host& silent) { silent.call(request); });
  story.world.forget_memory();
  story.host.call(request);
  story.section("A key that names the organization and is none of its keys",
                "The record was read, and is not looked at.");
  story.world.forget_memory();
  request.headers = {{"authorization", "Bearer " + make_api_key(kOrg, std::string(32, 'x'))}};
  story.host.call(request);
}

void api_key(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "api-key", "A caller shows its API key",
      "The key is looked up by its hash: in the isolate's memory, in KV, in D1."));
  const auto key = add_key(story, "connections:read");
  story.host.call(read_connections("Bearer " + key));
  story.section("Warm");
  story.host.call(read_connections("Bearer " + key));
  story.section("In another isolate");
  story.world.forget_memory();
  story.host.call(read_connections("Bearer " + key));
}

void unauthenticated(Stories& stories) {
  auto& story = *stories.emplace_back(
      std::make_unique<Story>("unauthenticated", "Nobody, or nobody known, asks",
                              "Unknown, expired and malformed keys get the same answer as none."));
  story.host.call(read_connections(""));
  story.section("Unknown", "The second time the isolate knows that it is unknown.");
  const auto unknown = make_api_key(kOrg, std::string(32, 'x'));
  story.host.call(read_connections("Bearer " + unknown));
  story.host.call(read_connections("Bearer " + unknown));
  story.section("Expired");
  const auto key = add_key(story, "*", story.world.now);
  story.host.call(read_connections("bearer " + key));
  story.section("Malformed");
  story.host.call(read_connections("Bearer pk_acme_short"));
  story.section("D1 is down", "Not the same as \"no such key\".");
  story.fail_next("sql");
  story.host.call(read_connections("Bearer " + make_api_key(kOrg, std::string(32, 'y'))));
  story.section("A service binding without props");
  auto bare = rpc("list_connections", "{}", "");
  bare.org.clear();
  story.host.call(bare);
}

void permission_denied(Stories& stories) {
  auto& story = *stories.emplace_back(
      std::make_unique<Story>("permission-denied", "A caller asks for what it may not do",
                              "Refused before its parameters are even read."));
  story.host.call(rpc("get_token", R"({"unknown":1})", "connections:read graph:read"));
  story.section("The administrator's key belongs to no organization");
  story.host.call(read_connections("Bearer " + std::string(kAdminKey)));
  story.section("An organization's key is not the administrator's");
  story.host.call(rpc("list_api_keys", "{}"));
}

void invalid_request(Stories& stories) {
  auto& story = *stories.emplace_back(
      std::make_unique<Story>("invalid-request", "A caller sends what no declaration allows",
                              "The parameter is named, its value is not repeated."));
  for (const auto* body :
       {R"({})", R"({"userId":"user-1","resource":"<b>"})", R"({"userId":"user-1","more":1})",
        R"({"userId":["user-1"]})", R"({"userId":"user-1","resource":"sharepoint"})",
        R"({"userId":"user-1","userId":"user-2"})", "[]"}) {
    story.host.call(rpc("get_token", body, "tokens:read"));
  }
  story.section("A place to go that is not on the list");
  story.host.call(rpc("create_connect_link",
                      R"({"userId":"user-1","returnTo":"https://app.example.com/connected/"})",
                      "connect"));
  story.section("Another integration");
  story.host.call(rpc("get_token", R"({"userId":"user-1","integration":"github"})", "tokens:read"));
}

void resources(Stories& stories) {
  auto& story = *stories.emplace_back(std::make_unique<Story>(
      "resource-refused-token", "An API refuses a token that should still live",
      "One refresh, one more try, no third."));
  story.connect_quietly();
  story.world.forget_memory();
  story.world.now += kMinuteMs;
  const std::string me = "https://graph.microsoft.com/v1.0/me";
  const auto get_user = rpc("get_user", R"({"userId":"user-1"})", "graph:read");
  story.expect("GET", me, json_reply(401, "{}"));
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.expect("GET", me, profile_reply({}));
  story.host.call(get_user);
  story.section("And if the new one is refused as well");
  story.world.now += kMinuteMs;
  story.expect("GET", me, json_reply(401, "{}"));
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-3", .refresh_token = "refresh-3"}));
  story.expect("GET", me, json_reply(401, "{}"));
  story.host.call(get_user);
  story.section("Where somebody else's refresh has stored a newer one meanwhile",
                "It is in KV: it is tried, and nobody asks for another.");
  story.quietly([&](Host& silent) {
    story.world.now += kMinuteMs;
    silent.call(story.get_token());
    const auto remembered = story.world.memory;
    story.world.now += kSecondMs;
    story.expect("POST", std::string(kTokenUrl),
                 token_reply({.access_token = "access-4", .refresh_token = "refresh-4"}));
    silent.call(rpc("refresh", R"({"userId":"user-1"})", "connections:write"));
    story.world.memory = remembered;
  });
  story.world.now += kSecondMs;
  story.expect("GET", me, json_reply(401, "{}"));
  story.expect("GET", me, profile_reply({}));
  story.host.call(get_user);
}

}  // namespace

void tell_refusals(Stories& stories) {
  refresh_transient(stories);
  refresh_stale(stories);
  refresh_terminal(stories);
  refresh_claims(stories);
  refresh_integration(stories);
  stores_down(stories);
  api_key(stories);
  token_by_key(stories);
  unauthenticated(stories);
  permission_denied(stories);
  invalid_request(stories);
  resources(stories);
}

}  // namespace postern::testing
