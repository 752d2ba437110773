// How callers are known, and refused.
#include "core/flow/access/access.h"

#include "core/base/sha256.h"
#include "core/flow/store/api_keys.h"
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

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

void one_api(Stories& stories) {
  auto& story = connected(
      stories, "token-of-one-api", "A key may read the tokens of one API",
      "Which API is meant is known when the integration is: the flow refuses the others, before "
      "it\nlooks for a token.");
  const auto key = add_key(story, "tokens:read:arm");
  const auto ask = [&](const std::string& query) {
    auto request = http("get_token");
    request.path = {{"integration", "azure"}};
    request.query = "user_id=user-1" + query;
    request.headers = {{"authorization", "Bearer " + key}};
    story.host.call(request);
  };
  story.section("The one that it names");
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-arm",
                            .refresh_token = "refresh-2",
                            .scope = "https://management.azure.com/user_impersonation"}));
  ask("&resource=arm");
  story.section("Another one, named or meant", "Its token is there and good.");
  ask("&resource=graph");
  ask("");
  story.section("Over a service binding");
  for (const auto* resource : {"graph", "arm"}) {
    story.host.call(rpc("get_token",
                        R"({"userId":"user-1","resource":")" + std::string(resource) + "\"}",
                        "tokens:read:arm"));
  }
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
  story.host.call(rpc("get_token", R"({"userId":"user-1","integration":"gitlab"})", "tokens:read"));
}

}  // namespace

void tell_access(Stories& stories) {
  api_key(stories);
  token_by_key(stories);
  unauthenticated(stories);
  permission_denied(stories);
  one_api(stories);
  invalid_request(stories);
}

}  // namespace postern::testing
