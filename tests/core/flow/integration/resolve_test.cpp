#include "core/flow/integration/resolve.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "tests/core/environment.h"
#include "tests/core/fault_of.h"

using namespace postern;
using Scopes = std::vector<std::string>;

namespace {

Result<Integration, Problem> made(const Pairs& variables, std::string_view tenant = {}) {
  Pairs all = variables;  // the first of a name counts
  all.emplace_back("AZURE_CLIENT_ID", "client");
  all.emplace_back("AZURE_REDIRECT_URI", "https://postern.example.com/base/callback/azure");
  all.emplace_back("ALLOW_INSECURE_ORIGINS", "http://localhost:4001");
  const auto context = context_with(all);
  return make_integration(
      {.context = &context, .name = "azure", .provider = find_provider("microsoft")}, tenant);
}

}  // namespace

TEST_CASE("an integration has all that a flow needs of it") {
  const auto integration = made({{"AZURE_TENANT_ID", "contoso.com"}});
  REQUIRE(integration.has_value());
  CHECK(integration->name == "azure");
  CHECK(integration->tenant == "contoso.com");
  CHECK(integration->tenant_rule.has_value());
  CHECK(integration->public_origin == "https://postern.example.com");
  CHECK(integration->public_url == "https://postern.example.com/base");
  CHECK(integration->login_origin == "https://login.microsoftonline.com");
  CHECK(integration->endpoints.token ==
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
  for (const Api& api : integration->provider->apis) {
    CHECK(integration->origin_of(api) == api.origin);
  }
}

TEST_CASE("a caller's tenant takes the place of the integration's") {
  CHECK(made({{"AZURE_TENANT_ID", "contoso.com"}}, "organizations")->tenant == "organizations");
  CHECK(fault_of(made({}, "a/b")).code == ProblemCode::invalid_request);
  CHECK(fault_of(made({{"AZURE_TENANT_ID", "a/b"}})).detail ==
        "AZURE_TENANT_ID is missing or not valid");
}

TEST_CASE("people come back to the integration that they signed in for") {
  const auto returns = [](const std::string& name, const std::string& path) {
    Integration integration;
    integration.name = name;
    integration.redirect_uri = "https://postern.example.com" + path;
    return returns_to_another(integration);
  };
  for (const char* path : {"/callback", "/callback/azure", "/base/callback/azure",
                           "/auth/microsoft", "/callback/somebody-elses", "/"}) {
    CAPTURE(path);
    CHECK_FALSE(returns("azure", path));
  }
  CHECK(returns("azure", "/callback/github"));
  CHECK(returns("github", "/base/callback/azure"));
  // Without a name it is the default one's.
  CHECK(returns("github", "/callback"));
  CHECK_FALSE(returns("github", "/callback/github"));
}

TEST_CASE("a client id is one segment of a path") {
  const auto context = context_with({{"GITHUB_CLIENT_ID", "a/../b?c"},
                                     {"GITHUB_REDIRECT_URI", "https://p.example.com/callback"}});
  const auto made = make_integration(
      {.context = &context, .name = "github", .provider = find_provider("github")}, {});
  REQUIRE(made.has_value());
  CHECK(made->endpoints.revocation == "https://api.github.com/applications/a%2F..%2Fb%3Fc/token");
}

TEST_CASE("another origin is named twice, and moves all that was there") {
  CHECK(fault_of(made({{"AZURE_LOGIN_ORIGIN", "http://localhost:4002"}})).detail ==
        "AZURE_LOGIN_ORIGIN is missing or not valid");
  CHECK(fault_of(made({{"GRAPH_ORIGIN", "https://other.example"}})).detail ==
        "GRAPH_ORIGIN is missing or not valid");
  const auto moved = made(
      {{"AZURE_LOGIN_ORIGIN", "http://localhost:4001"}, {"GRAPH_ORIGIN", "http://localhost:4001"}});
  REQUIRE(moved.has_value());
  CHECK(moved->endpoints.jwks == "http://localhost:4001/common/discovery/v2.0/keys");
  CHECK(moved->endpoints.profile == "http://localhost:4001/v1.0/me");
  CHECK(moved->origin_of(moved->provider->apis[1]) == "https://management.azure.com");
}

namespace {

constexpr Api kPlaced[] = {{.name = "files", .origin = "https://{account}.files.example.com"},
                           {.name = "site", .origin = "{host}"}};
constexpr ProviderSetting kPlaces[] = {
    {.name = "ACCOUNT", .summary = "", .placeholder = "{account}"},
    {.name = "HOST", .summary = "", .placeholder = "{host}"}};
constexpr Provider kPlacedProvider{.id = "placed",
                                   .display_name = "Placed",
                                   .integration = "placed",
                                   .environment = "PLACED",
                                   .settings = kPlaces,
                                   .login_origin = "https://login.example.com",
                                   .authorization_endpoint = "{host}/authorize",
                                   .token_endpoint = "{login}/{account}/token",
                                   .profile_endpoint = "{api}/me",
                                   .apis = kPlaced};

Result<Integration, Problem> placed(const std::string& account, const std::string& host,
                                    const std::string& files = {}) {
  const auto context =
      context_with({{"PLACED_CLIENT_ID", "client"},
                    {"PLACED_REDIRECT_URI", "https://p.example.com/callback/placed"},
                    {"ALLOW_INSECURE_ORIGINS", "http://localhost:4001"},
                    {"PLACED_ACCOUNT", account},
                    {"PLACED_HOST", host},
                    {"FILES_ORIGIN", files}});
  return make_integration({.context = &context, .name = "placed", .provider = &kPlacedProvider},
                          {});
}

}  // namespace

TEST_CASE("settings fill the placeholders of endpoints and origins") {
  const auto made = placed("acme-1", "https://Site.example.com");
  REQUIRE(made.has_value());
  CHECK(made->origin_of(kPlaced[0]) == "https://acme-1.files.example.com");
  CHECK(made->origin_of(kPlaced[1]) == "https://site.example.com");
  CHECK(made->endpoints.authorization == "https://site.example.com/authorize");
  CHECK(made->endpoints.token == "https://login.example.com/acme-1/token");
  CHECK(made->endpoints.profile == "https://acme-1.files.example.com/me");
  // The operator may stand something in for one API.
  CHECK(placed("acme-1", "https://site.example.com", "http://localhost:4001")
            ->origin_of(kPlaced[0]) == "http://localhost:4001");
  CHECK(fault_of(placed("acme-1", "https://site.example.com", "https://other.example")).detail ==
        "FILES_ORIGIN is missing or not valid");
}

TEST_CASE("what fills a placeholder is one label, or an origin") {
  for (const auto* account : {"", "a.b", "evil.example/", "A", "-a", "a-", "a@b", "a:1", "a#"}) {
    CAPTURE(account);
    CHECK(fault_of(placed(account, "https://site.example.com")).detail ==
          "PLACED_ACCOUNT is missing or not valid");
  }
  CHECK(fault_of(placed(std::string(64, 'a'), "https://site.example.com")).detail ==
        "PLACED_ACCOUNT is missing or not valid");
  for (const auto* host : {"", "site.example.com", "http://site.example.com", "https://10.0.0.1",
                           "https://site.example.com/path", "https://u@site.example.com"}) {
    CAPTURE(host);
    CHECK(fault_of(placed("acme", host)).detail == "PLACED_HOST is missing or not valid");
  }
}

TEST_CASE("what people are asked for is the default, or what the operator names") {
  CHECK(made({})->scopes.size() == find_provider("microsoft")->default_scopes.size());
  CHECK(made({{"AZURE_SCOPES", " openid  User.Read offline_access"}})->scopes ==
        Scopes{"openid", "User.Read", "offline_access"});
  // Without it there would be no ID token, and nobody would be known.
  CHECK(made({{"AZURE_SCOPES", "User.Read"}})->scopes == Scopes{"openid", "User.Read"});
  for (const char* wrong : {" ", "User.Read \"x\"", "a\\b", "a\nb"}) {
    CHECK(fault_of(made({{"AZURE_SCOPES", wrong}})).detail ==
          "AZURE_SCOPES is missing or not valid");
  }
}

TEST_CASE("an API is named by its name, or is the first one") {
  const Provider& microsoft = *find_provider("microsoft");
  CHECK(api_named(microsoft, "").value()->name == "graph");
  CHECK(api_named(microsoft, "arm").value()->name == "arm");
  CHECK(fault_of(api_named(microsoft, "Graph")).detail == "`resource` must be one of graph, arm");
}
