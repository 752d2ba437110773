#include "core/provider/microsoft.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/provider/all.h"
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

TEST_CASE("a tenant is within another one that lets in everybody whom it does") {
  const auto within = [](std::string_view own, std::string_view wanted) {
    return is_within(tenant(own), tenant(wanted));
  };
  const std::string_view all[] = {"common", "organizations", "consumers",
                                  kGuid,    "contoso.com",   kConsumersTenantId};
  for (const auto wanted : all) {
    CAPTURE(wanted);
    CHECK(within("common", wanted));
    CHECK(within("organizations", wanted) ==
          (wanted == "organizations" || wanted == kGuid || wanted == "contoso.com"));
    const bool personal = wanted == "consumers" || wanted == kConsumersTenantId;
    CHECK(within("consumers", wanted) == personal);
    CHECK(within(kConsumersTenantId, wanted) == personal);
    CHECK(within(kGuid, wanted) == (wanted == kGuid));
    CHECK(within("contoso.com", wanted) == (wanted == "contoso.com"));
  }
  CHECK_FALSE(within("contoso.com", "sub.contoso.com"));
  CHECK_FALSE(within("contoso.com", "fabrikam.com"));
  CHECK_FALSE(within(kGuid, "a9419818-09af-49c2-b0c3-653adc1f376e"));
}

TEST_CASE("endpoints are made from the sign-in origin and the tenant") {
  const auto endpoints = endpoints_of(kMicrosoft, {.tenant = "contoso.com", .client_id = "app"});
  REQUIRE(endpoints.has_value());
  CHECK(endpoints->authorization ==
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize");
  CHECK(endpoints->token == "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
  CHECK(endpoints->jwks == "https://login.microsoftonline.com/contoso.com/discovery/v2.0/keys");
  CHECK(endpoints->app_jwks ==
        "https://login.microsoftonline.com/{tenantid}/discovery/v2.0/keys?appid=app");
  CHECK(endpoints->logout == "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/logout");
  CHECK(endpoints->profile == "https://graph.microsoft.com/v1.0/me");
  CHECK(endpoints->issuer == "https://login.microsoftonline.com/{tenantid}/v2.0");
  CHECK(endpoints->revocation.empty());
}

TEST_CASE("an admin-consent URL has its state and asks an organization's administrator") {
  AdminConsentRequest request{.login_origin = "https://login.microsoftonline.com",
                              .tenant = std::string(kGuid),
                              .client_id = "id",
                              .redirect_uri = "https://p.example/callback",
                              .state = "s",
                              .scopes = {}};
  CHECK(microsoft_admin_consent_url(request) ==
        "https://login.microsoftonline.com/b9419818-09af-49c2-b0c3-653adc1f376e/adminconsent"
        "?client_id=id&redirect_uri=https%3A%2F%2Fp.example%2Fcallback&state=s");
  request.scopes = {"https://graph.microsoft.com/Mail.Read", "b"};
  request.tenant = "common";
  CHECK(microsoft_admin_consent_url(request) ==
        "https://login.microsoftonline.com/organizations/v2.0/adminconsent"
        "?client_id=id&redirect_uri=https%3A%2F%2Fp.example%2Fcallback&state=s"
        "&scope=https%3A%2F%2Fgraph.microsoft.com%2FMail.Read+b");
  for (const auto personal : {std::string_view("consumers"), kConsumersTenantId}) {
    request.tenant = personal;
    CHECK_FALSE(microsoft_admin_consent_url(request));
  }
}

namespace {
const Api& graph() {
  return kMicrosoft.apis[0];
}
const Api& arm() {
  return kMicrosoft.apis[1];
}
}  // namespace

TEST_CASE("one token request holds the scopes of one API") {
  const Scopes scopes(kMicrosoft.default_scopes.begin(), kMicrosoft.default_scopes.end());
  CHECK(scopes == Scopes{"openid", "profile", "email", "offline_access", "User.Read", "Mail.Read",
                         "Calendars.Read", "https://management.azure.com/user_impersonation"});
  CHECK(microsoft_scopes(graph(), scopes) == Scopes{"openid", "profile", "email", "User.Read",
                                                    "Mail.Read", "Calendars.Read",
                                                    "offline_access"});
  CHECK(microsoft_scopes(arm(), scopes) ==
        Scopes{"https://management.azure.com/user_impersonation", "offline_access"});
}

TEST_CASE("an API for which nothing was configured has no token request") {
  CHECK(microsoft_scopes(arm(), Scopes{"openid", "offline_access", "User.Read"}).empty());
  CHECK(
      microsoft_scopes(graph(), Scopes{"openid", "https://management.azure.com/user_impersonation"})
          .empty());
}

TEST_CASE("a scope belongs to the API whose whole URI it begins with") {
  const Scopes scopes = {"https://graph.microsoft.com/User.Read",
                         "https://graph.microsoft.com.evil.example/User.Read",
                         "https://management.azure.com//user_impersonation",
                         "https://management.azure.com", "api://app/x"};
  CHECK(microsoft_scopes(graph(), scopes) ==
        Scopes{"https://graph.microsoft.com/User.Read", "offline_access"});
  CHECK(microsoft_scopes(arm(), scopes) ==
        Scopes{"https://management.azure.com//user_impersonation", "offline_access"});
  // Its other identifier, as libraries write it.
  CHECK(microsoft_scopes(arm(), Scopes{"https://management.core.windows.net//.default"}) ==
        Scopes{"https://management.core.windows.net//.default", "offline_access"});
}

TEST_CASE("a scope may name its API by the id of its application") {
  const Scopes scopes = {"00000003-0000-0000-C000-000000000000/Mail.Read",
                         "797f4846-ba00-4fd7-ba43-dac1f8f63013/.default",
                         "https://management.core.windows.net//", "11111111-2222/x"};
  CHECK(microsoft_scopes(arm(), scopes) ==
        Scopes{"797f4846-ba00-4fd7-ba43-dac1f8f63013/.default", "offline_access"});
  CHECK(microsoft_scopes(graph(), scopes) ==
        Scopes{"00000003-0000-0000-C000-000000000000/Mail.Read", "offline_access"});
}

TEST_CASE("throttling that calls itself invalid_grant ends nothing") {
  // AzureAD/microsoft-authentication-library-for-dotnet#1788.
  const TokenReply reply{.status = 400,
                         .content_type = "application/json",
                         .retry_after = {},
                         .body = R"({"error":"invalid_grant","error_description":"AADSTS50196: x",
                                     "error_codes":[50196]})"};
  const auto answer = process_token_response(reply, kMicrosoft.quirks, 0);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == FaultKind::transient);
}

TEST_CASE("a directory that lacks a service is no fault of the registration") {
  const auto kind = [](const std::string& number) {
    const TokenReply reply{.status = 401,
                           .content_type = "application/json",
                           .retry_after = {},
                           .body = R"({"error":"invalid_client","error_codes":[)" + number + "]}"};
    return process_token_response(reply, kMicrosoft.quirks, 0).error().kind;
  };
  CHECK(kind("650052") == FaultKind::refused);
  CHECK(kind("650051") == FaultKind::refused);
  CHECK(kind("7000215") == FaultKind::integration);
  CHECK(kind("7000215,650052") == FaultKind::integration);
}

TEST_CASE("a directory in which Azure has no principal is asked for the rest") {
  const Scopes scopes(kMicrosoft.default_scopes.begin(), kMicrosoft.default_scopes.end());
  const auto all_fewer = microsoft_scopes_in("consumers", scopes);
  for (const AuthorizationRefusal& refusal : {AuthorizationRefusal{"invalid_client", "650051"},
                                              {"invalid_client", "650052"},
                                              {"invalid_resource", ""},
                                              {"invalid_resource", "500011"},
                                              {"invalid_resource", "50001"},
                                              {"invalid_resource", "650052"}}) {
    for (const char* where : {"common", "organizations", "contoso.com"}) {
      const auto fewer = microsoft_fewer_scopes(refusal, where, scopes);
      CHECK(fewer.scopes == all_fewer);
      CHECK(fewer.tenant.empty());
      CHECK(microsoft_fewer_scopes(refusal, where, fewer.scopes).scopes.empty());
    }
  }
  // A wrong secret, an unknown application, a resource that the registration may not ask for: with
  // fewer scopes nothing would be different.
  for (const AuthorizationRefusal& refusal : {AuthorizationRefusal{"invalid_client", ""},
                                              {"invalid_client", "7000215"},
                                              {"invalid_client", "650057"},
                                              {"invalid_resource", "650057"},
                                              {"access_denied", "650052"}}) {
    CHECK(microsoft_fewer_scopes(refusal, "common", scopes).scopes.empty());
  }
}

TEST_CASE("personal accounts are asked for nothing in Azure") {
  const Scopes scopes(kMicrosoft.default_scopes.begin(), kMicrosoft.default_scopes.end());
  CHECK(microsoft_scopes_in("common", scopes) == scopes);
  const Scopes fewer = {"openid",    "profile",   "email",         "offline_access",
                        "User.Read", "Mail.Read", "Calendars.Read"};
  CHECK(microsoft_scopes_in("consumers", scopes) == fewer);
  CHECK(microsoft_scopes_in(kConsumersTenantId, scopes) == fewer);
  const AuthorizationRefusal no_scope{.error = "invalid_scope", .number = {}};
  const auto again = microsoft_fewer_scopes(no_scope, "common", scopes);
  CHECK(again.scopes == fewer);
  // A work account is not let in for less.
  CHECK(again.tenant == "consumers");
  CHECK(microsoft_fewer_scopes(no_scope, kConsumersTenantId, scopes).scopes == fewer);
  CHECK(microsoft_fewer_scopes(no_scope, kConsumersTenantId, scopes).tenant.empty());
  // Once.
  CHECK(microsoft_fewer_scopes(no_scope, "common", fewer).scopes.empty());
  CHECK(microsoft_fewer_scopes(no_scope, "organizations", scopes).scopes.empty());
  CHECK(microsoft_fewer_scopes({.error = "access_denied", .number = {}}, "common", scopes)
            .scopes.empty());
  // A scope that a directory's sign-in does not know is misspelt.
  CHECK(microsoft_fewer_scopes({.error = "invalid_scope", .number = "70011"}, "common", scopes)
            .scopes.empty());
}

TEST_CASE("capabilities are put into what a challenge asks for") {
  const Scopes cp1 = {"cp1"};
  CHECK(microsoft_claims("", cp1) == R"({"access_token":{"xms_cc":{"values":["cp1"]}}})");
  CHECK(microsoft_claims(R"({"access_token":{"nbf":{"essential":true, "value":"1"}}})", cp1) ==
        R"({"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["cp1"]}}})");
  CHECK(microsoft_claims(R"({"id_token":{"a":null},"access_token":7})", cp1) ==
        R"({"id_token":{"a":null},"access_token":{"xms_cc":{"values":["cp1"]}}})");
  // As it came where there is nothing to add, or nothing to add to.
  CHECK(microsoft_claims("", {}).empty());
  CHECK(microsoft_claims(R"({ "a" : 1 })", {}) == R"({ "a" : 1 })");
  CHECK(microsoft_claims("[]", cp1) == "[]");
}
