#include "core/provider/catalogue.h"

#include <doctest/doctest.h>
#include <set>
#include <string>

#include "core/base/url.h"

using namespace postern;

TEST_CASE("every provider is found by its id, and nothing else is") {
  for (const char* id :
       {"microsoft", "github", "github_app", "atlassian", "slack", "google", "halopsa", "custom"}) {
    REQUIRE(find_provider(id) != nullptr);
    CHECK(find_provider(id)->id == id);
  }
  CHECK(providers().size() == 8);
  CHECK(find_provider("") == nullptr);
  CHECK(find_provider("Microsoft") == nullptr);
}

TEST_CASE("every endpoint of the catalogue is one that Postern would call") {
  const EndpointParts parts{.tenant = "common",
                            .host = "https://halo.example.com",
                            .login = "https://login.example.com",
                            .client_id = "id"};
  for (const Provider& provider : providers()) {
    CAPTURE(provider.id);
    for (const std::string_view endpoint :
         {provider.authorization_endpoint, provider.token_endpoint, provider.revocation_endpoint,
          provider.profile_endpoint}) {
      if (endpoint.empty()) continue;
      const auto url = expand_endpoint(endpoint, parts);
      REQUIRE(url.has_value());
      CHECK(parse_url(*url).has_value());
    }
    const bool given_by_integration = provider.id == "custom";
    CHECK(provider.token_endpoint.empty() == given_by_integration);
  }
}

TEST_CASE("a placeholder without a value makes no URL") {
  CHECK_FALSE(expand_endpoint("{login}/{tenant}/x", {.tenant = "t"}));
  CHECK_FALSE(expand_endpoint("{host}/x", {.tenant = "t"}));
  CHECK_FALSE(expand_endpoint("https://a/{other}", {.tenant = "t"}));
  CHECK_FALSE(expand_endpoint("https://a/{tenant", {.tenant = "t"}));
  CHECK(expand_endpoint("https://a/b", {}) == "https://a/b");
}

TEST_CASE("the issuer's own placeholder stays for the token to fill") {
  CHECK(expand_endpoint("{login}/{tenantid}/v2.0", {.tenant = "t", .login = "https://l.example"}) ==
        "https://l.example/{tenantid}/v2.0");
}

TEST_CASE("a placeholder inside a value is not expanded again") {
  CHECK(expand_endpoint("{host}/{tenant}", {.tenant = "{login}", .host = "h", .login = "x"}) ==
        "h/{login}");
}

TEST_CASE("replay of a refresh is what each provider bears") {
  CHECK(find_provider("microsoft")->replay.kind == ReplayClass::old_stays_valid);
  CHECK(find_provider("google")->replay.kind == ReplayClass::not_rotated);
  CHECK(find_provider("atlassian")->replay.kind == ReplayClass::reuse_leeway);
  CHECK(find_provider("atlassian")->replay.leeway_seconds == 600);
  CHECK(find_provider("atlassian")->family_revocation);
  for (const char* strict : {"github", "github_app", "slack", "custom"}) {
    CHECK(find_provider(strict)->replay.kind == ReplayClass::single_use);
  }
  CHECK(find_provider("github_app")->refresh_kills_access_token);
  for (const Provider& provider : providers()) {
    CHECK((provider.replay.kind == ReplayClass::reuse_leeway) ==
          (provider.replay.leeway_seconds > 0));
  }
}

TEST_CASE("a rule of replaying is read as an operator writes it") {
  for (const auto kind :
       {ReplayClass::not_rotated, ReplayClass::old_stays_valid, ReplayClass::single_use}) {
    const auto rule = parse_replay_rule(name_of(kind));
    REQUIRE(rule.has_value());
    CHECK(rule->kind == kind);
    CHECK(rule->leeway_seconds == 0);
  }
  CHECK(name_of(ReplayClass::not_rotated) == "not_rotated");
  CHECK(name_of(ReplayClass::old_stays_valid) == "old_stays_valid");
  CHECK(name_of(ReplayClass::reuse_leeway) == "reuse_leeway");
  CHECK(name_of(ReplayClass::single_use) == "single_use");
  for (const auto& [text, seconds] :
       {std::pair{"reuse_leeway:600", 600}, {"reuse_leeway:0", 0}, {"reuse_leeway:86400", 86400}}) {
    const auto rule = parse_replay_rule(text);
    REQUIRE(rule.has_value());
    CHECK(rule->kind == ReplayClass::reuse_leeway);
    CHECK(rule->leeway_seconds == seconds);
  }
}

TEST_CASE("what is no rule of replaying is refused") {
  for (const char* text : {"",
                           "Single_use",
                           "single_use ",
                           " single_use",
                           "single",
                           "single_use:",
                           "single_use:0",
                           "not_rotated:600",
                           "old_stays_valid:1",
                           "reuse_leeway",
                           "reuse_leeway:",
                           "reuse_leeway:-1",
                           "reuse_leeway:+1",
                           "reuse_leeway:x",
                           "reuse_leeway:6 ",
                           "reuse_leeway:86401",
                           "reuse_leeway:6.5",
                           "reuse_leeway:1:2",
                           "reuse_leeway:99999999999999999999",
                           ":",
                           ":600",
                           "leeway:600"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_replay_rule(text).has_value());
  }
}

TEST_CASE("Microsoft sends scope on refresh and asks which account") {
  const Provider& microsoft = *find_provider("microsoft");
  CHECK(microsoft.refresh_sends_scope);
  CHECK(microsoft.token_per_resource);
  CHECK(microsoft.refresh_idle_seconds == 90 * 86400);
  CHECK(authorization_parameters(microsoft) == FormFields{{"prompt", "select_account"}});
  CHECK(microsoft.revocation_endpoint.empty());
}

TEST_CASE("sign-in origins are origins") {
  for (const Provider& provider : providers()) {
    for (const std::string_view origin : provider.sign_in_origins) {
      CAPTURE(origin);
      CHECK(origin.starts_with("https://"));
      CHECK(origin.find('/', 8) == std::string_view::npos);
      CHECK(origin.find_first_of(" ;,'\"") == std::string_view::npos);
    }
  }
}
