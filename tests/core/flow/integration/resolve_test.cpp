#include "core/flow/integration/resolve.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "tests/core/environment.h"
#include "tests/core/fault_of.h"

using namespace postern;
using Scopes = std::vector<std::string>;

namespace {

using Make = Result<Integration, Problem>(const IntegrationSettings&, std::string_view);

Result<Integration, Problem> made(const Pairs& variables, std::string_view tenant = {},
                                  Make* make = make_integration) {
  Pairs all = variables;  // the first of a name counts
  all.emplace_back("AZURE_CLIENT_ID", "client");
  all.emplace_back("AZURE_REDIRECT_URI", "https://postern.example.com/base/callback/azure");
  all.emplace_back("ALLOW_INSECURE_ORIGINS", "http://localhost:4001");
  const auto context = context_with(all);
  return make({.context = &context, .name = "azure", .provider = find_provider("microsoft")},
              tenant);
}

// Of a link: whether a caller may name `wanted` where the integration's is `own`.
std::string refusal(const std::string& own, std::string_view wanted) {
  const auto integration = made({{"AZURE_TENANT_ID", own}}, wanted, make_integration_within);
  return integration ? "" : fault_of(integration).detail;
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

TEST_CASE("what a sign-in was asked for stays, whatever the integration's tenant is by now") {
  CHECK(made({{"AZURE_TENANT_ID", "contoso.com"}}, "organizations")->tenant == "organizations");
  CHECK(fault_of(made({}, "a/b")).code == ProblemCode::invalid_request);
  CHECK(fault_of(made({{"AZURE_TENANT_ID", "a/b"}})).detail ==
        "AZURE_TENANT_ID is missing or not valid");
}

TEST_CASE("a caller's tenant narrows the integration's and never widens it") {
  const std::string guid = "b9419818-09af-49c2-b0c3-653adc1f376e";
  CHECK(made({}, "consumers", make_integration_within)->tenant == "consumers");
  CHECK(made({}, "", make_integration_within)->tenant == "common");
  CHECK(made({{"AZURE_TENANT_ID", "organizations"}}, "Contoso.com", make_integration_within)
            ->tenant == "contoso.com");
  CHECK(refusal("organizations", "common") ==
        "`tenant_id` must be organizations, a GUID or a domain of an organization: the integration "
        "takes no others");
  CHECK(refusal("contoso.com", "fabrikam.com") ==
        "`tenant_id` must be contoso.com: the integration takes no others");
  CHECK(refusal(guid, "contoso.com") ==
        "`tenant_id` must be " + guid + ": the integration takes no others");
  CHECK(refusal(guid, "organizations") == refusal(guid, "common"));
  CHECK(refusal("consumers", "common") ==
        "`tenant_id` must be consumers: the integration takes no others");
  CHECK(refusal(guid, "B9419818-09AF-49C2-B0C3-653ADC1F376E").empty());
  CHECK(refusal("common", "a/b") ==
        "`tenant_id` must be common, organizations, consumers, a GUID or a domain");
  // Those without directories have none to narrow.
  const auto context =
      context_with({{"GITHUB_CLIENT_ID", "c"},
                    {"GITHUB_REDIRECT_URI", "https://p.example.com/callback/github"}});
  const IntegrationSettings github{
      .context = &context, .name = "github", .provider = find_provider("github")};
  CHECK(make_integration_within(github, "").has_value());
  CHECK(fault_of(make_integration_within(github, "common")).detail ==
        "`tenant_id` is not for this provider");
}

TEST_CASE("a link for an older connection is within what the integration's tenant is now") {
  const auto link = [](const std::string& own, const std::string& stored) {
    const auto context = context_with({{"AZURE_CLIENT_ID", "client"},
                                       {"AZURE_REDIRECT_URI", "https://p.example.com/callback"},
                                       {"AZURE_TENANT_ID", own}});
    return tenant_of_link(
        {.context = &context, .name = "azure", .provider = find_provider("microsoft")}, stored);
  };
  CHECK(link("common", "contoso.com") == "contoso.com");
  CHECK(link("contoso.com", "common") == "contoso.com");
  CHECK(link("organizations", "consumers") == "organizations");
  CHECK(link("organizations", "contoso.com") == "contoso.com");
  CHECK(link("a/b", "common") == "common");
}

TEST_CASE("a link to sign in again asks for an API, whatever the integration asks for today") {
  const std::string arm = "https://management.azure.com/user_impersonation";
  const auto integration = made({{"AZURE_SCOPES", "openid offline_access " + arm}});
  REQUIRE(integration.has_value());
  CHECK(still_allowed(*integration, "openid offline_access User.Read").empty());
  CHECK(still_allowed(*integration, "openid User.Read " + arm) == "openid " + arm);
  CHECK(still_allowed(*integration, "").empty());
}

TEST_CASE("a cloud is sign-in, APIs and their identifiers, all together") {
  const auto& apis = find_provider("microsoft")->apis;
  const auto scope_for = [&](const Integration& integration, std::size_t api) {
    return token_scope(integration, apis[api]);
  };
  const auto usgov = made({{"AZURE_CLOUD", "usgov"}});
  REQUIRE(usgov.has_value());
  CHECK(usgov->tenant == "organizations");
  CHECK(usgov->login_origin == "https://login.microsoftonline.us");
  CHECK(usgov->endpoints.token ==
        "https://login.microsoftonline.us/organizations/oauth2/v2.0/token");
  CHECK(usgov->endpoints.jwks ==
        "https://login.microsoftonline.us/organizations/discovery/v2.0/keys");
  CHECK(usgov->endpoints.issuer == "https://login.microsoftonline.us/{tenantid}/v2.0");
  CHECK(usgov->endpoints.profile == "https://graph.microsoft.us/v1.0/me");
  CHECK(usgov->origin_of(apis[0]) == "https://graph.microsoft.us");
  CHECK(usgov->origin_of(apis[1]) == "https://management.usgovcloudapi.net");
  CHECK(usgov->in_its_cloud(apis[0]).audience == "https://graph.microsoft.us");
  CHECK(scope_for(*usgov, 0) ==
        "openid profile email User.Read Mail.Read Calendars.Read offline_access");
  CHECK(scope_for(*usgov, 1) ==
        "https://management.usgovcloudapi.net/user_impersonation offline_access");

  const auto dod = made({{"AZURE_CLOUD", "usgov_dod"}, {"AZURE_TENANT_ID", "agency.mil"}});
  REQUIRE(dod.has_value());
  CHECK(dod->endpoints.token == "https://login.microsoftonline.us/agency.mil/oauth2/v2.0/token");
  CHECK(dod->origin_of(apis[0]) == "https://dod-graph.microsoft.us");
  CHECK(dod->origin_of(apis[1]) == "https://management.usgovcloudapi.net");

  const auto china = made({{"AZURE_CLOUD", "china"}});
  REQUIRE(china.has_value());
  CHECK(china->endpoints.issuer == "https://login.partner.microsoftonline.cn/{tenantid}/v2.0");
  CHECK(china->origin_of(apis[0]) == "https://microsoftgraph.chinacloudapi.cn");
  CHECK(scope_for(*china, 1) ==
        "https://management.chinacloudapi.cn/user_impersonation offline_access");

  for (const char* cloud : {"", "public"}) {
    CHECK(made({{"AZURE_CLOUD", cloud}})->endpoints.token == made({})->endpoints.token);
  }
  CHECK(scope_for(*made({}), 1) ==
        "https://management.azure.com/user_impersonation offline_access");
  for (const char* cloud : {"usGov", "germany", "usgov ", "AzureUSGovernment"}) {
    CHECK(fault_of(made({{"AZURE_CLOUD", cloud}})).detail ==
          "AZURE_CLOUD must be one of public, usgov, usgov_dod, china");
    CHECK(fault_of(made({{"AZURE_CLOUD", cloud}})).code == ProblemCode::integration_not_configured);
  }
}

TEST_CASE("scopes that an operator names stay as they are in any cloud") {
  const std::string scopes =
      "openid offline_access https://graph.microsoft.us/Mail.Read "
      "https://management.core.usgovcloudapi.net//user_impersonation "
      "https://management.azure.com/user_impersonation";
  const auto usgov = made({{"AZURE_CLOUD", "usgov"}, {"AZURE_SCOPES", scopes}});
  REQUIRE(usgov.has_value());
  CHECK(usgov->scopes.back() == "https://management.azure.com/user_impersonation");
  const auto& apis = usgov->provider->apis;
  CHECK(token_scope(*usgov, apis[0]) ==
        "openid https://graph.microsoft.us/Mail.Read offline_access");
  // By either of its identifiers, and never by another cloud's.
  CHECK(token_scope(*usgov, apis[1]) ==
        "https://management.core.usgovcloudapi.net//user_impersonation offline_access");
}

TEST_CASE("an origin of a cloud brings what belongs to it") {
  const auto& apis = find_provider("microsoft")->apis;
  const std::string login = "https://login.microsoftonline.us";
  const auto by_login = made({{"AZURE_LOGIN_ORIGIN", login}});
  REQUIRE(by_login.has_value());
  CHECK(by_login->origin_of(apis[1]) == "https://management.usgovcloudapi.net");
  CHECK(made({{"AZURE_CLOUD", "usgov_dod"}, {"AZURE_LOGIN_ORIGIN", login}})->origin_of(apis[0]) ==
        "https://dod-graph.microsoft.us");
  const auto by_graph =
      made({{"AZURE_CLOUD", "usgov"}, {"GRAPH_ORIGIN", "https://dod-graph.microsoft.us"}});
  CHECK(by_graph->in_its_cloud(apis[0]).audience == "https://dod-graph.microsoft.us");
  // An origin of nobody's is asked for by the identifier of the cloud.
  const auto gateway = made({{"AZURE_CLOUD", "usgov"}, {"GRAPH_ORIGIN", "https://g.example.com"}});
  CHECK(gateway->origin_of(apis[0]) == "https://g.example.com");
  CHECK(gateway->in_its_cloud(apis[0]).audience == "https://graph.microsoft.us");
  CHECK(fault_of(made({{"AZURE_CLOUD", "china"}, {"AZURE_LOGIN_ORIGIN", login}})).detail ==
        "AZURE_LOGIN_ORIGIN is another cloud's than AZURE_CLOUD says");
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

TEST_CASE("another origin moves all that was there") {
  const auto moved = made(
      {{"AZURE_LOGIN_ORIGIN", "http://localhost:4001"}, {"GRAPH_ORIGIN", "http://localhost:4001"}});
  REQUIRE(moved.has_value());
  CHECK(moved->endpoints.jwks == "http://localhost:4001/common/discovery/v2.0/keys");
  CHECK(moved->endpoints.profile == "http://localhost:4001/v1.0/me");
  CHECK(moved->origin_of(moved->provider->apis[1]) == "https://management.azure.com");
  CHECK(made({{"GRAPH_ORIGIN", "https://Other.example"}})->origin_of(moved->provider->apis[0]) ==
        "https://other.example");
}

TEST_CASE("another origin is https and public, or named as insecure too") {
  for (const char* origin :
       {"http://localhost:4002", "http://other.example", "https://other.example:8443",
        "https://10.0.0.1", "https://localhost", "https://login.internal", "https://[::1]",
        "https://other.example/p"}) {
    CAPTURE(origin);
    CHECK(fault_of(made({{"AZURE_LOGIN_ORIGIN", origin}})).detail ==
          "AZURE_LOGIN_ORIGIN is missing or not valid");
    CHECK(fault_of(made({{"GRAPH_ORIGIN", origin}})).detail ==
          "GRAPH_ORIGIN is missing or not valid");
  }
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
  CHECK(placed("acme-1", "https://site.example.com", "https://other.example")
            ->origin_of(kPlaced[0]) == "https://other.example");
  CHECK(fault_of(placed("acme-1", "https://site.example.com", "http://other.example")).detail ==
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
  CHECK(fault_of(api_named(microsoft, "Graph")).detail ==
        "`resource` must be one of graph, arm, vault, storage");
}

TEST_CASE("a token that people were not asked for is asked for by its API's own scope") {
  const auto asked = [](const Pairs& variables, std::string_view account_tenant) {
    auto integration = made(variables);
    const auto before = integration->scopes.size();
    ask_on_demand(&*integration, *find_api("vault"), account_tenant);
    const auto& scopes = integration->scopes;
    return scopes.size() == before ? std::string("nothing") : scopes.back();
  };
  const std::string directory = "11111111-1111-4111-8111-111111111111";
  const std::string consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";
  CHECK(asked({}, directory) == "https://vault.azure.net/user_impersonation");
  CHECK(asked({{"AZURE_CLOUD", "china"}}, directory) ==
        "https://vault.azure.cn/user_impersonation");
  // Whatever it was asked for already stays.
  CHECK(asked({{"AZURE_SCOPES", "User.Read https://vault.azure.net/.default"}}, directory) ==
        "nothing");
  // A personal account has none, whichever endpoint let it in.
  CHECK(asked({}, consumers) == "nothing");
  CHECK(asked({{"AZURE_TENANT_ID", "consumers"}}, directory) == "nothing");
  // What people are asked for on connecting is not added later.
  auto fewer = made({{"AZURE_SCOPES", "User.Read"}});
  ask_on_demand(&*fewer, *find_api("arm"), directory);
  CHECK(fewer->scopes == Scopes{"openid", "User.Read"});
}

TEST_CASE("the origin of an API with a label of each call's stays open") {
  const auto integration = made({});
  CHECK(integration->origin_of(*find_api("vault")) == "https://{vault}.vault.azure.net");
  const auto own = made({{"VAULT_ORIGIN", "http://localhost:4001"}});
  CHECK(own->origin_of(*find_api("vault")) == "http://localhost:4001");
  CHECK(fault_of(made({{"VAULT_ORIGIN", "https://{vault}.example.com"}})).detail ==
        "VAULT_ORIGIN is missing or not valid");
}
