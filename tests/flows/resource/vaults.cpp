// APIs with a name of each call's in their host, which people are not asked for on connecting.
#include "tests/flows/host/story.h"

namespace postern::testing {

namespace {

const std::string kShop = "https://shop.vault.azure.net";
constexpr std::string_view kVaultScope = "https://vault.azure.net/user_impersonation";

Request secrets(std::string_view vault, std::string_view more = {}) {
  return rpc("list_secrets",
             R"({"userId":"user-1","vault":")" + std::string(vault) + '"' + std::string(more) + "}",
             "vault:read");
}

void reads(Stories& stories) {
  auto& story = connected(
      stories, "vault-on-demand", "An API that the person was not asked for on connecting",
      "Its token comes of the same refresh token, for its own audience, and goes to the host that\n"
      "the call names and to no other.");
  story.expect("POST", std::string(kTokenUrl),
               token_reply({.access_token = "access-vault",
                            .refresh_token = "refresh-2",
                            .scope = std::string(kVaultScope)}));
  story.expect("GET", kShop + "/secrets?api-version=7.4",
               json_reply(200, R"({"value":[{"id":"https://shop.vault.azure.net/secrets/a"}],)"
                               R"("nextLink":"https://shop.vault.azure.net:443/secrets?)"
                               R"(api-version=7.4&$skiptoken=x&maxresults=25"})"));
  story.expect("GET", kShop + "/secrets?api-version=7.4&$skiptoken=x&maxresults=25",
               json_reply(200, R"({"value":[{"id":"https://shop.vault.azure.net/secrets/b"}],)"
                               R"("nextLink":null})"));
  story.host.call(secrets("shop"));
  story.section("Another vault: the same token");
  story.expect("GET", "https://other-1.vault.azure.net/secrets?api-version=7.4",
               json_reply(200, R"({"value":[]})"));
  story.host.call(secrets("other-1"));
  story.section("What is no name of a vault is refused before a token is looked for");
  story.host.call(secrets("evil.example"));
  story.host.call(secrets("Shop"));
  story.section("A page that is said to be at another vault");
  story.expect("GET", kShop + "/secrets?api-version=7.4",
               json_reply(200, R"({"value":[{"id":"x"}],"nextLink":)"
                               R"("https://other-1.vault.azure.net/secrets?api-version=7.4"})"));
  story.host.call(secrets("shop"));
  story.section("The token itself is for whoever may have it by name");
  story.host.call(rpc("get_token", R"({"userId":"user-1","resource":"vault"})"));
  story.host.call(
      rpc("get_token", R"({"userId":"user-1","resource":"vault"})", "tokens:read:vault"));
}

void needs_consent(Stories& stories) {
  auto& story = connected(
      stories, "vault-needs-consent", "An API that the person never consented to",
      "The link asks for it besides what the connection has; the connection stays connected.");
  story.expect("POST", std::string(kTokenUrl),
               error_reply(400, "invalid_grant", R"(,"suberror":"consent_required")"));
  story.host.call(secrets("shop"));
  story.section("Graph, as if nothing had happened");
  story.host.call(story.get_token());
}

void refused_without_a_word(Stories& stories) {
  auto& story = connected(
      stories, "vault-refused",
      "An API that nobody consented to, and a refusal that does not say so",
      "Of an API that has given no token yet this is no end of the grant: the one that has is\n"
      "asked.");
  story.world.now += 30 * kMinuteMs;
  story.expect("POST", std::string(kTokenUrl), error_reply(400, "invalid_grant"));
  expect_refresh(story, 2);
  story.host.call(secrets("shop"));
  story.section("Graph goes on");
  story.host.call(story.get_token());
}

}  // namespace

void tell_vaults(Stories& stories) {
  reads(stories);
  needs_consent(stories);
  refused_without_a_word(stories);
}

}  // namespace postern::testing
