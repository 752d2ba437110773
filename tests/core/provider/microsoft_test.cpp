#include "core/provider/microsoft.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/base/form.h"
#include "core/provider/catalogue.h"
#include "tests/core/fault_of.h"

using namespace postern;
using Scopes = std::vector<std::string>;

namespace {
constexpr std::string_view kGuid = "b9419818-09af-49c2-b0c3-653adc1f376e";
Tenant tenant(std::string_view text) {
  return parse_tenant(text).value();
}
}  // namespace

TEST_CASE("the tenant modes are told apart") {
  CHECK(tenant("common").mode == TenantMode::common);
  CHECK(tenant("organizations").mode == TenantMode::organizations);
  CHECK(tenant("consumers").mode == TenantMode::consumers);
  CHECK(tenant(kGuid).mode == TenantMode::id);
  CHECK(tenant("Contoso.onmicrosoft.com").mode == TenantMode::domain);
  CHECK(tenant("Contoso.onmicrosoft.com").text == "contoso.onmicrosoft.com");
  CHECK(tenant("B9419818-09AF-49C2-B0C3-653ADC1F376E").text == kGuid);
  CHECK(tenant("xn--mnchen-3ya.example").mode == TenantMode::domain);
}

TEST_CASE("what could mean something in a path is no tenant") {
  for (const char* text : {"common/",
                           "/common",
                           "../common",
                           "..",
                           ".",
                           "a..b",
                           ".a.b",
                           "a.b.",
                           "a",
                           "a b.c",
                           "common?x=1",
                           "a.b#c",
                           "a.b%2f",
                           "a.b\\c",
                           "a@b.c",
                           "a.b:443",
                           "-a.b",
                           "a-.b",
                           "a_b.c",
                           "10.0.0.1",
                           "a.1",
                           "{tenantid}",
                           "\xc3\xa4.example",
                           "a.b\n",
                           " common"}) {
    CAPTURE(text);
    CHECK(fault_of(parse_tenant(text)) == TenantFault::malformed);
  }
  CHECK(fault_of(parse_tenant("")) == TenantFault::empty);
  CHECK(fault_of(parse_tenant(std::string(250, 'a') + ".com")) == TenantFault::too_long);
  CHECK(fault_of(parse_tenant(std::string(64, 'a') + ".com")) == TenantFault::malformed);
  CHECK(fault_of(parse_tenant(std::string_view("a.b\0c", 5))) == TenantFault::malformed);
}

TEST_CASE("each tenant mode says whose tokens it takes") {
  CHECK(tenant_rule(tenant("common")).required.empty());
  CHECK(tenant_rule(tenant("common")).refused.empty());
  CHECK(tenant_rule(tenant("organizations")).refused == kConsumersTenantId);
  CHECK(tenant_rule(tenant("consumers")).required == kConsumersTenantId);
  CHECK(tenant_rule(tenant(kGuid)).required == kGuid);
  CHECK(tenant_rule(tenant("contoso.com")).refused == kConsumersTenantId);
}

TEST_CASE("endpoints are made from the sign-in origin and the tenant") {
  const MicrosoftEndpoints endpoints =
      microsoft_endpoints(kMicrosoftLoginOrigin, tenant("contoso.com"));
  CHECK(endpoints.authorize ==
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize");
  CHECK(endpoints.token == "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
  CHECK(endpoints.jwks == "https://login.microsoftonline.com/contoso.com/discovery/v2.0/keys");
  CHECK(endpoints.metadata ==
        "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/"
        "openid-configuration");
  CHECK(endpoints.issuer == "https://login.microsoftonline.com/{tenantid}/v2.0");
}

TEST_CASE("the catalogue and the code agree on Microsoft's endpoints") {
  const Provider& microsoft = *find_provider("microsoft");
  const EndpointParts parts{.tenant = "common", .login = kMicrosoftLoginOrigin};
  const MicrosoftEndpoints endpoints = microsoft_endpoints(kMicrosoftLoginOrigin, tenant("common"));
  CHECK(expand_endpoint(microsoft.authorization_endpoint, parts) == endpoints.authorize);
  CHECK(expand_endpoint(microsoft.token_endpoint, parts) == endpoints.token);
  CHECK(expand_endpoint(microsoft.issuer, parts) == endpoints.issuer);
}

TEST_CASE("the logout URL carries where to go afterwards") {
  const MicrosoftEndpoints endpoints = microsoft_endpoints(kMicrosoftLoginOrigin, tenant("common"));
  CHECK(logout_url(endpoints, "https://a.example/?x=1&y") ==
        "https://login.microsoftonline.com/common/oauth2/v2.0/logout"
        "?post_logout_redirect_uri=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y");
  CHECK(logout_url(endpoints, "") == endpoints.logout);
}

TEST_CASE("an admin-consent URL has its state and asks an organization's administrator") {
  AdminConsentRequest request{.login_origin = std::string(kMicrosoftLoginOrigin),
                              .client_id = "id",
                              .redirect_uri = "https://p.example/callback",
                              .state = "s",
                              .scopes = {}};
  CHECK(admin_consent_url(tenant(kGuid), request) ==
        "https://login.microsoftonline.com/b9419818-09af-49c2-b0c3-653adc1f376e/adminconsent"
        "?client_id=id&redirect_uri=https%3A%2F%2Fp.example%2Fcallback&state=s");
  request.scopes = {"https://graph.microsoft.com/Mail.Read", "b"};
  CHECK(admin_consent_url(tenant("common"), request) ==
        "https://login.microsoftonline.com/organizations/v2.0/adminconsent"
        "?client_id=id&redirect_uri=https%3A%2F%2Fp.example%2Fcallback&state=s"
        "&scope=https%3A%2F%2Fgraph.microsoft.com%2FMail.Read+b");
  CHECK_FALSE(admin_consent_url(tenant("consumers"), request));
}

TEST_CASE("one token request holds the scopes of one resource") {
  const Scopes scopes = microsoft_default_scopes();
  CHECK(scopes == Scopes{"openid", "profile", "email", "offline_access", "User.Read", "Mail.Read",
                         "Calendars.Read", "https://management.azure.com/user_impersonation"});
  CHECK(scopes_for_resource(Resource::graph, scopes) == Scopes{"openid", "profile", "email",
                                                               "User.Read", "Mail.Read",
                                                               "Calendars.Read", "offline_access"});
  CHECK(scopes_for_resource(Resource::arm, scopes) ==
        Scopes{"https://management.azure.com/user_impersonation", "offline_access"});
}

TEST_CASE("a resource for which nothing was configured has no token request") {
  CHECK(
      scopes_for_resource(Resource::arm, Scopes{"openid", "offline_access", "User.Read"}).empty());
  CHECK(scopes_for_resource(Resource::graph,
                            Scopes{"openid", "https://management.azure.com/user_impersonation"})
            .empty());
}

TEST_CASE("a scope belongs to the resource whose whole URI it begins with") {
  const Scopes scopes = {"https://graph.microsoft.com/User.Read",
                         "https://graph.microsoft.com.evil.example/User.Read",
                         "https://management.azure.com//user_impersonation",
                         "https://management.azure.com", "api://app/x"};
  CHECK(scopes_for_resource(Resource::graph, scopes) ==
        Scopes{"https://graph.microsoft.com/User.Read", "offline_access"});
  CHECK(scopes_for_resource(Resource::arm, scopes) ==
        Scopes{"https://management.azure.com//user_impersonation", "offline_access"});
}

TEST_CASE("national clouds have other resource URIs") {
  const ResourceUris uris{.graph = "https://graph.microsoft.us",
                          .arm = "https://management.usgovcloudapi.net"};
  CHECK(scopes_for_resource(Resource::arm,
                            Scopes{"https://management.usgovcloudapi.net/user_impersonation"}, uris)
            .size() == 2);
}

TEST_CASE("granted scopes are recognised in Entra's spelling") {
  const Scopes granted = {"https://graph.microsoft.com/user.read", "Mail.Read", "openid", "profile",
                          "email"};
  CHECK(missing_microsoft_scopes(scopes_for_resource(Resource::graph, microsoft_default_scopes()),
                                 granted) == Scopes{"Calendars.Read"});
  CHECK(missing_microsoft_scopes(Scopes{"https://management.azure.com/user_impersonation"},
                                 Scopes{"user_impersonation"}) ==
        Scopes{"https://management.azure.com/user_impersonation"});
}

TEST_CASE("resources have names") {
  CHECK(parse_resource("graph") == Resource::graph);
  CHECK(parse_resource("arm") == Resource::arm);
  CHECK_FALSE(parse_resource("Graph"));
  CHECK_FALSE(parse_resource(""));
  CHECK(name_of(Resource::arm) == "arm");
}

TEST_CASE("Graph's /me is read, null members as empty ones") {
  const auto profile = parse_graph_profile(
      R"({"@odata.context":"x","id":"48d31887-5fad-4d73-a9f5-3c356e68a038",
          "displayName":"Megan Bowen","givenName":"Megan","surname":"Bowen","mail":null,
          "userPrincipalName":"MeganB@contoso.com","jobTitle":"Auditor","officeLocation":null,
          "mobilePhone":7,"preferredLanguage":"en-US","businessPhones":["+1"]})");
  REQUIRE(profile.has_value());
  CHECK(profile->id == "48d31887-5fad-4d73-a9f5-3c356e68a038");
  CHECK(profile->display_name == "Megan Bowen");
  CHECK(profile->given_name == "Megan");
  CHECK(profile->surname == "Bowen");
  CHECK(profile->user_principal_name == "MeganB@contoso.com");
  CHECK(profile->job_title == "Auditor");
  CHECK(profile->preferred_language == "en-US");
  CHECK(profile->mail.empty());
  CHECK(profile->office_location.empty());
  CHECK(profile->mobile_phone.empty());
}

TEST_CASE("a profile without id is none") {
  CHECK(fault_of(parse_graph_profile("{}")) == ProfileFault::missing_id);
  CHECK(fault_of(parse_graph_profile(R"({"id":""})")) == ProfileFault::missing_id);
  CHECK(fault_of(parse_graph_profile("[]")) == ProfileFault::not_json);
  CHECK(fault_of(parse_graph_profile("<html>")) == ProfileFault::not_json);
}
