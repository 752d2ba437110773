// A provider's API or token endpoint refuses one resource.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

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

void resource_refused(Stories& stories) {
  auto& story = connected(
      stories, "resource-needs-consent", "The person never agreed to one of the resources",
      "The grant lives, and so does the token for Graph: the link is for the Resource Manager\n"
      "alone, and the connection stays connected.");
  story.expect("POST", std::string(kTokenUrl),
               error_reply(400, "invalid_grant", R"(,"suberror":"consent_required")"));
  story.host.call(story.get_token(R"(,"resource":"arm")"));
  story.section("Graph, as if nothing had happened");
  story.host.call(story.get_token());
}

void refused_for_good(Stories& stories) {
  auto& story = connected(
      stories, "resource-refuses-every-token", "Graph refuses whatever token it is shown",
      "One is replaced. The new one is refused as well, and the next request does not replace it:\n"
      "one in half a minute is enough.");
  const auto get_user = rpc("get_user", R"({"userId":"user-1"})", "graph:read");
  const HttpReply refused{.status = 401, .headers = {}, .body = "{}"};
  story.world.now += kMinuteMs;
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", refused);
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-2", .refresh_token = "refresh-2"}));
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", refused);
  story.quietly([&](Host& silent) { silent.call(get_user); });
  story.expect("GET", "https://graph.microsoft.com/v1.0/me", refused);
  story.host.call(get_user);
}

}  // namespace

void tell_resources(Stories& stories) {
  resources(stories);
  resource_refused(stories);
  refused_for_good(stories);
}

}  // namespace postern::testing
