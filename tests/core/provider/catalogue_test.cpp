#include "core/provider/catalogue.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/base/url.h"

using namespace postern;

namespace {

// With the label of a call's in it, where it has one.
bool is_origin(const Api& api, std::string_view origin) {
  const auto whole = api.label.parameter.empty() ? std::optional(std::string(origin))
                                                 : origin_with_label(origin, api, "name");
  return whole && parse_origin(*whole).has_value();
}

// What an integration fills (flow/integration/resolve.cpp): a directory where a hook reads one, the
// client, origins, and what settings name as their placeholder.
std::optional<Endpoints> filled(const Provider& provider) {
  EndpointParts parts{.client_id = "id"};
  std::optional<ProviderTenant> tenant;
  if (provider.hooks != nullptr && provider.hooks->tenant != nullptr) {
    tenant = provider.hooks->tenant(provider.hooks->default_tenant);
    parts.tenant = tenant ? std::string_view(tenant->text) : std::string_view();
  }
  std::vector<PlaceholderValue> values;
  for (const auto& setting : provider.settings) {
    if (!setting.placeholder.empty()) {
      const bool is_host = setting.placeholder == "{host}";
      values.push_back({.placeholder = setting.placeholder,
                        .value = is_host ? "https://host.example.com" : "label"});
    } else if (!tenant) {
      return std::nullopt;  // nobody reads it
    }
  }
  parts.values = values;
  for (const Api& api : provider.apis) {
    const auto origin = origin_of(api, parts);
    if (!origin || !is_origin(api, *origin)) {
      return std::nullopt;
    }
  }
  return endpoints_of(provider, parts);
}

// Whether requests can be sent where the entry says.
bool has_endpoints(const Provider& provider) {
  const auto endpoints = filled(provider);
  if (!endpoints) {
    return false;
  }
  for (const std::string& url : {endpoints->authorization, endpoints->token, endpoints->revocation,
                                 endpoints->profile, endpoints->logout, endpoints->jwks}) {
    if (!url.empty() && !parse_url(url)) {
      return false;
    }
  }
  // The issuer's own placeholder alone is for the token to fill.
  const auto issuer = endpoints->issuer.find('{');
  if (issuer != std::string::npos && !endpoints->issuer.substr(issuer).starts_with("{tenantid}")) {
    return false;
  }
  // One without any is described by its integration.
  const bool described = provider.environment.empty() && provider.login_origin.empty() &&
                         provider.authorization_endpoint.empty();
  return endpoints->authorization.empty() == described && endpoints->token.empty() == described;
}

constexpr std::string_view kFixes[] = {"user", "administrator", "operator", "caller", "nobody"};
// The first is what the entry says; each has the same APIs, at hosts of its own.
bool clouds_fit(const Provider& provider) {
  if (provider.clouds.empty()) {
    return true;
  }
  std::set<std::string_view> values;
  for (const Cloud& cloud : provider.clouds) {
    const bool named = values.insert(cloud.value).second && !cloud.value.empty();
    if (!named || !parse_origin(cloud.login_origin) || cloud.apis.size() != provider.apis.size()) {
      return false;
    }
    for (std::size_t i = 0; i < cloud.apis.size(); ++i) {
      const Api& api = cloud.apis[i];
      if (api.name != provider.apis[i].name || !is_origin(api, api.origin) ||
          api.audience.empty() != provider.apis[i].audience.empty()) {
        return false;
      }
    }
    for (const auto& scope : default_scopes_of(provider, cloud.apis)) {
      if (words_of(provider, scope).empty()) {
        return false;
      }
    }
    const auto* hooks = provider.hooks;
    if (!cloud.default_tenant.empty() && !hooks->tenant(cloud.default_tenant)) {
      return false;
    }
  }
  return provider.clouds.front().login_origin == provider.login_origin &&
         provider.clouds.front().apis.data() == provider.apis.data();
}

bool is_id(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

TEST_CASE("every provider is found by its id, and nothing else is") {
  REQUIRE_FALSE(providers().empty());
  for (const Provider* provider : providers()) {
    CAPTURE(provider->id);
    // Not another one of the same id.
    CHECK(find_provider(provider->id) == provider);
    CHECK(is_id(provider->id));
    CHECK(find_provider(to_upper_ascii(provider->id)) == nullptr);
  }
  CHECK(find_provider("") == nullptr);
}

TEST_CASE("every entry of the catalogue is one that Postern can work with") {
  std::set<std::string_view> apis;
  std::set<std::string_view> integrations;
  std::set<std::string_view> prefixes;
  for (const Provider* provider : providers()) {
    CAPTURE(provider->id);
    CHECK_FALSE(provider->display_name.empty());
    REQUIRE_FALSE(provider->apis.empty());
    for (const Api& api : provider->apis) {
      CAPTURE(api.name);
      CHECK(is_id(api.name));
      CHECK(apis.insert(api.name).second);
      CHECK(api.audience.empty() != provider->token_per_api);
    }
    CHECK(provider->integration.empty() == provider->environment.empty());
    if (!provider->environment.empty()) {
      CHECK(integrations.insert(provider->integration).second);
      CHECK(prefixes.insert(provider->environment).second);
      // Somebody has to say whose an access token is.
      CHECK((!provider->issuer.empty() || !provider->profile_endpoint.empty()));
      for (const auto scope : provider->default_scopes) {
        CAPTURE(scope);
        CHECK_FALSE(words_of(*provider, scope).empty());
      }
      for (const auto& [name, value] : provider->authorization_parameters) {
        // The consent page says that the person chooses the account at the provider.
        CHECK((name != "prompt" || value.find("select_account") != std::string_view::npos));
      }
    }
    std::set<std::string> codes;
    for (const ApiError& error : provider->api_errors) {
      CAPTURE(error.code);
      CHECK(codes.insert(to_lower_ascii(error.code)).second);
      CHECK(std::ranges::contains(kFixes, error.fix));
      CHECK_FALSE(error.words.empty());
      // What a newer token cures is not for the table (flow/resource/session.cpp).
      CHECK(error.code != "InvalidAuthenticationToken");
      CHECK(error.code != "ExpiredAuthenticationToken");
    }
    CHECK(provider->issuer.empty() == provider->jwks_uri.empty());
    CHECK(has_endpoints(*provider));
    CHECK(clouds_fit(*provider));
  }
  CHECK(providers().front()->integration == kDefaultIntegration);
}

namespace {

constexpr Api kApis[] = {{.name = "api", .origin = "https://api.test.example", .audience = ""}};

Provider with_token_endpoint(std::string_view endpoint) {
  return {.id = "test",
          .display_name = "Test",
          .login_origin = "https://login.test.example",
          .token_endpoint = endpoint,
          .apis = kApis};
}

std::optional<std::string> token_endpoint_of(std::string_view endpoint,
                                             const EndpointParts& parts) {
  const auto endpoints = endpoints_of(with_token_endpoint(endpoint), parts);
  return endpoints ? std::optional(endpoints->token) : std::nullopt;
}

}  // namespace

TEST_CASE("a placeholder without a value makes no URL") {
  CHECK_FALSE(token_endpoint_of("{login}/{tenant}/x", {}));
  CHECK_FALSE(token_endpoint_of("{host}/x", {.tenant = "t"}));
  CHECK_FALSE(origin_of({.origin = "https://{account}.blob.test.example"}, {}));
  CHECK_FALSE(token_endpoint_of("https://a/{other}", {.tenant = "t"}));
  CHECK_FALSE(token_endpoint_of("https://a/{tenant", {.tenant = "t"}));
  CHECK(token_endpoint_of("https://a/b", {}) == "https://a/b");
  CHECK(token_endpoint_of("{login}/t", {}) == "https://login.test.example/t");
  CHECK(token_endpoint_of("{api}/t", {}) == "https://api.test.example/t");
}

TEST_CASE("an entry with a placeholder that no integration fills is none to work with") {
  Provider entry = with_token_endpoint("{login}/t");
  entry.environment = "TEST";
  entry.authorization_endpoint = "{login}/a";
  CHECK(has_endpoints(entry));
  for (const char* endpoint : {"{login}/{tenant}/t", "{host}/t", "{other}/t", "{api}{tenant}/t"}) {
    CAPTURE(endpoint);
    auto careless = entry;
    careless.token_endpoint = endpoint;
    CHECK_FALSE(has_endpoints(careless));
    careless = entry;
    careless.revocation_endpoint = endpoint;
    CHECK_FALSE(has_endpoints(careless));
  }
  auto careless = entry;
  careless.token_endpoint = "";
  CHECK_FALSE(has_endpoints(careless));
  // The token fills its issuer and nothing else.
  careless = entry;
  careless.profile_endpoint = "{login}/{tenantid}/me";
  CHECK_FALSE(has_endpoints(careless));
  careless = entry;
  careless.issuer = "{login}/{tenantid}/v2.0";
  CHECK(has_endpoints(careless));
  constexpr Api hosted[] = {{.name = "api", .origin = "{host}", .audience = ""}};
  careless = entry;
  careless.apis = hosted;
  careless.profile_endpoint = "{api}/me";
  CHECK_FALSE(has_endpoints(careless));
}

TEST_CASE("another sign-in origin takes all endpoints but the API's") {
  const EndpointParts parts{.login = "http://localhost:4001"};
  CHECK(token_endpoint_of("{login}/t?x=1", parts) == "http://localhost:4001/t?x=1");
  CHECK(token_endpoint_of("https://tokens.test.example/a/t?x=1", parts) ==
        "http://localhost:4001/a/t?x=1");
  CHECK(token_endpoint_of("https://tokens.test.example", parts) == "http://localhost:4001");
  CHECK(token_endpoint_of("{api}/t", parts) == "https://api.test.example/t");
  // Named, but the same.
  CHECK(
      token_endpoint_of("https://tokens.test.example/t", {.login = "https://login.test.example"}) ==
      "https://tokens.test.example/t");
}

TEST_CASE("the issuer's own placeholder stays for the token to fill") {
  CHECK(token_endpoint_of("{login}/{tenantid}/v2.0", {.tenant = "t"}) ==
        "https://login.test.example/{tenantid}/v2.0");
}

TEST_CASE("a placeholder inside a value is not expanded again") {
  const std::vector<PlaceholderValue> values = {{.placeholder = "{host}", .value = "h"}};
  CHECK(token_endpoint_of("{host}/{tenant}", {.tenant = "{login}", .values = values}) ==
        "h/{login}");
}

TEST_CASE("a token is stored under the API that it serves") {
  const Provider& microsoft = *find_provider("microsoft");
  CHECK(token_name(microsoft, *find_api(microsoft, "arm")) == "arm");
  CHECK(find_api(microsoft, "drive") == nullptr);
  CHECK(find_api(microsoft, "") == nullptr);
  CHECK(api_names(microsoft) == "graph, arm, vault, storage");
  constexpr Api two[] = {{.name = "a"}, {.name = "b"}};
  const Provider shared{.id = "test", .apis = two};
  CHECK(token_name(shared, two[1]) == "a");
}

TEST_CASE("a provider has the clouds of its entry, or the one that the entry is") {
  const Provider& microsoft = *find_provider("microsoft");
  CHECK(cloud_values(microsoft) == "public, usgov, usgov_dod, china");
  CHECK(find_cloud(microsoft, "")->value == "public");
  CHECK(find_cloud(microsoft, "china")->value == "china");
  CHECK_FALSE(find_cloud(microsoft, "germany"));
  CHECK(find_cloud_at(microsoft, "https://login.microsoftonline.us")->value == "usgov");
  CHECK_FALSE(find_cloud_at(microsoft, "https://login.windows.net"));
  const Provider& google = *find_provider("google");
  CHECK(find_cloud(google, "")->login_origin == google.login_origin);
  CHECK(find_cloud(google, "")->apis.data() == google.apis.data());
  CHECK_FALSE(find_cloud(google, "usgov"));
  CHECK(find_cloud_at(google, google.login_origin).has_value());
  CHECK_FALSE(find_cloud_at(google, "https://login.microsoftonline.us"));
}

TEST_CASE("scopes go to the token endpoint of those that want them") {
  const std::vector<std::string> scopes = {"openid", "User.Read"};
  const Provider& microsoft = *find_provider("microsoft");
  CHECK(token_scopes(microsoft, default_api(microsoft), scopes).size() == 3);
  const Provider& google = *find_provider("google");
  CHECK(token_scopes(google, default_api(google), scopes).empty());
  const Provider plain{.id = "test", .apis = kApis, .refresh_sends_scope = true};
  CHECK(token_scopes(plain, kApis[0], scopes) == scopes);
}

TEST_CASE("scopes have words, everybody's and the provider's own") {
  const Provider& microsoft = *find_provider("microsoft");
  CHECK(words_of(microsoft, "Mail.Read") == "Read your mail");
  CHECK(words_of(microsoft, "https://graph.microsoft.com/Mail.Read") == "Read your mail");
  CHECK(words_of(microsoft, "openid") == "Know who you are");
  CHECK(words_of(microsoft, "mail.read").empty());
  CHECK(words_of(*find_provider("custom"), "Mail.Read").empty());
  // By whatever identifier of its API, in whatever cloud.
  const auto impersonation = words_of(microsoft, "https://management.azure.com/user_impersonation");
  for (const char* identifier :
       {"https://management.core.windows.net/", "https://management.usgovcloudapi.net",
        "https://management.core.chinacloudapi.cn"}) {
    CAPTURE(identifier);
    CHECK(words_of(microsoft, std::string(identifier) + "/user_impersonation") == impersonation);
  }
  CHECK(words_of(microsoft, "https://dod-graph.microsoft.us/Mail.Read") == "Read your mail");
  CHECK(words_of(microsoft, "https://graph.microsoft.us.evil.example/Mail.Read").empty());
  CHECK(words_of(microsoft, "https://graph.microsoft.us/openid").empty());
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
  for (const Provider* provider : providers()) {
    CHECK((provider->replay.kind == ReplayClass::reuse_leeway) ==
          (provider->replay.leeway_seconds > 0));
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
  CHECK(microsoft.token_per_api);
  CHECK(microsoft.refresh_idle_seconds == 90 * 86400);
  CHECK(authorization_parameters(microsoft) == FormFields{{"prompt", "select_account"}});
  CHECK(microsoft.revocation_endpoint.empty());
}
