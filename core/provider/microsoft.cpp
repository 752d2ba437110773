#include "core/provider/microsoft.h"

#include <algorithm>
#include <utility>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/oauth/issuer.h"
#include "core/oauth/scope.h"
#include "core/provider/all.h"
#include "core/provider/microsoft_api_errors.h"
#include "core/provider/microsoft_application.h"
#include "core/provider/microsoft_clouds.h"
#include "core/provider/microsoft_errors.h"
#include "core/provider/microsoft_proxy.h"
#include "core/provider/microsoft_scopes.h"

namespace postern {
namespace {

constexpr std::size_t kMaxDomainBytes = 253;  // RFC 1035 2.3.4
constexpr std::size_t kMaxLabelBytes = 63;
constexpr std::string_view kConsumers = "consumers";
constexpr std::string_view kInvalidScope = "invalid_scope";

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// A numeric last label would make it an IPv4 address.
bool is_domain(std::string_view text) {
  if (text.size() > kMaxDomainBytes) return false;
  const auto labels = split(text, '.');
  return labels.size() >= 2 && std::ranges::all_of(labels, is_label) &&
         std::ranges::any_of(labels.back(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// OIDC scopes belong to Entra itself and fit any resource.
bool is_openid_scope(std::string_view scope) {
  return scope == "openid" || scope == "profile" || scope == "email" || scope == "offline_access";
}

bool is_personal(const Tenant& tenant) {
  return tenant.mode == TenantMode::consumers || tenant.text == kConsumersTenantId;
}

// A scope that names no resource is the first API's.
bool belongs_to(std::string_view scope, const Api& api) {
  return permission_of(scope, api).has_value() ||
         (api.name == default_api(kMicrosoft).name && !scope.contains('/'));
}

std::vector<std::string> scopes_without_azure(std::span<const std::string> scopes) {
  std::vector<std::string> there(scopes.begin(), scopes.end());
  std::erase_if(there, [](const std::string& scope) {
    return !is_openid_scope(scope) && !belongs_to(scope, default_api(kMicrosoft));
  });
  return there;
}

// A directory in which a service has no principal: "Microsoft Entra authentication and
// authorization error codes", InvalidResource, InvalidResourceServicePrincipalNotFound,
// 650051 and 650052, which come as invalid_client: no client has authenticated there
// (microsoft/GraphNotificationBroker#5, PostHog/posthog#43486). What else is answered so is about
// the registration.
constexpr std::string_view kNoPrincipal[] = {"650051", "650052"};
constexpr std::string_view kNoResource[] = {"500011", "50001", "650052"};

bool is_for_want_of_azure(const AuthorizationRefusal& refusal, const Tenant& tenant) {
  if (refusal.error == kInvalidScope) {
    // The sign-in of personal accounts has no numbers; a directory's, for a scope that does not
    // exist anywhere, has one (AADSTS70011).
    return refusal.number.empty() && (tenant.mode == TenantMode::common || is_personal(tenant));
  }
  if (refusal.error == "invalid_client") {
    return std::ranges::contains(kNoPrincipal, refusal.number);
  }
  return refusal.error == "invalid_resource" &&
         (refusal.number.empty() || std::ranges::contains(kNoResource, refusal.number));
}

// The member of that name, which is made where there is none; of another kind it gives way.
Json& member_of(Json& object, std::string_view name, JsonKind kind) {
  for (Json& member : object.elements) {
    if (member.name == name) {
      if (member.kind != kind) member = {.kind = kind, .name = std::string(name)};
      return member;
    }
  }
  return object.elements.emplace_back(Json{.kind = kind, .name = std::string(name)});
}

}  // namespace

Result<Tenant, TenantFault> parse_tenant(std::string_view text) {
  if (text.empty()) return fail(TenantFault::empty);
  if (text.size() > kMaxDomainBytes) return fail(TenantFault::too_long);
  Tenant tenant{.mode = TenantMode::common, .text = to_lower_ascii(text)};
  if (tenant.text == "common") return tenant;
  if (tenant.text == "organizations") {
    tenant.mode = TenantMode::organizations;
  } else if (tenant.text == kConsumers) {
    tenant.mode = TenantMode::consumers;
  } else if (is_guid(tenant.text)) {
    tenant.mode = TenantMode::id;
  } else if (is_domain(tenant.text)) {
    tenant.mode = TenantMode::domain;
  } else {
    return fail(TenantFault::malformed);
  }
  return tenant;
}

TenantRule tenant_rule(const Tenant& tenant) {
  switch (tenant.mode) {
    case TenantMode::common:
      return {};
    case TenantMode::organizations:
    case TenantMode::domain:
      return {.required = {}, .refused = std::string(kConsumersTenantId)};
    case TenantMode::consumers:
      return {.required = std::string(kConsumersTenantId), .refused = {}};
    case TenantMode::id:
      return {.required = tenant.text, .refused = {}};
  }
  return {};
}

bool is_within(const Tenant& own, const Tenant& wanted) {
  switch (own.mode) {
    case TenantMode::common:
      return true;
    case TenantMode::organizations:
      return wanted.mode != TenantMode::common && !is_personal(wanted);
    case TenantMode::consumers:
    case TenantMode::id:
      return wanted.text == own.text || (is_personal(own) && is_personal(wanted));
    case TenantMode::domain:
      return wanted.text == own.text;
  }
  return false;
}

std::optional<std::string> microsoft_admin_consent_url(const AdminConsentRequest& request) {
  const auto tenant = parse_tenant(request.tenant);
  if (!tenant || is_personal(*tenant)) return std::nullopt;
  FormFields fields;
  fields.emplace_back("client_id", request.client_id);
  fields.emplace_back("redirect_uri", request.redirect_uri);
  if (!request.state.empty()) fields.emplace_back("state", request.state);
  if (!request.scopes.empty()) fields.emplace_back("scope", join_scopes(request.scopes));
  std::string url = request.login_origin;
  url += '/';
  url += tenant->mode == TenantMode::common ? std::string_view("organizations")
                                            : std::string_view(tenant->text);
  url += request.scopes.empty() ? "/adminconsent?" : "/v2.0/adminconsent?";
  url += form_encode(fields);
  return url;
}

std::vector<std::string> microsoft_scopes_in(std::string_view tenant,
                                             std::span<const std::string> scopes) {
  const auto parsed = parse_tenant(tenant);
  return parsed && is_personal(*parsed) ? scopes_without_azure(scopes)
                                        : std::vector<std::string>(scopes.begin(), scopes.end());
}

FewerScopes microsoft_fewer_scopes(const AuthorizationRefusal& refusal, std::string_view tenant,
                                   std::span<const std::string> scopes) {
  const auto parsed = parse_tenant(tenant);
  if (!parsed || !is_for_want_of_azure(refusal, *parsed)) return {};
  auto fewer = scopes_without_azure(scopes);
  if (fewer.size() == scopes.size()) return {};
  const bool personal = refusal.error == kInvalidScope && parsed->mode == TenantMode::common;
  return {.scopes = std::move(fewer), .tenant = std::string(personal ? kConsumers : "")};
}

std::string microsoft_claims(std::string_view challenge,
                             std::span<const std::string> capabilities) {
  auto claims = parse_json(challenge.empty() ? "{}" : challenge);
  if (capabilities.empty() || !claims || !claims->is_object()) return std::string(challenge);
  Json& token = member_of(*claims, "access_token", JsonKind::object);
  Json& asked = member_of(token, "xms_cc", JsonKind::object);
  Json& values = member_of(asked, "values", JsonKind::array);
  values.elements.clear();
  for (const std::string& capability : capabilities) {
    values.elements.push_back({.kind = JsonKind::string, .text = capability});
  }
  return dump_json(*claims);
}

std::vector<std::string> microsoft_scopes(const Api& api, std::span<const std::string> scopes) {
  std::vector<std::string> chosen;
  bool any = false;
  for (const std::string& scope : scopes) {
    if (scope == "offline_access") continue;
    if (is_openid_scope(scope)) {
      if (api.name == default_api(kMicrosoft).name) chosen.push_back(scope);
    } else if (belongs_to(scope, api)) {
      chosen.push_back(scope);
      any = true;
    }
  }
  if (!any) return {};
  chosen.emplace_back("offline_access");
  return chosen;
}

namespace {

std::optional<ProviderTenant> tenant_of(std::string_view text) {
  auto tenant = parse_tenant(text);
  if (!tenant) return std::nullopt;
  auto rule = tenant_rule(*tenant);
  return ProviderTenant{.text = std::move(tenant->text), .rule = std::move(rule)};
}

std::optional<std::string> tenant_beyond(std::string_view own_text, std::string_view wanted_text) {
  const auto own = parse_tenant(own_text);
  const auto wanted = parse_tenant(wanted_text);
  if (own && wanted && is_within(*own, *wanted)) return std::nullopt;
  return own && own->mode == TenantMode::organizations
             ? std::string("organizations, a GUID or a domain of an organization")
             : std::string(own_text);
}

constexpr std::string_view kScopes[] = {
    "openid",    "profile",   "email",          "offline_access",
    "User.Read", "Mail.Read", "Calendars.Read", "https://management.azure.com/user_impersonation"};
// Graph's own scopes come with and without their resource.
constexpr ScopeWords kWords[] = {
    {"User.Read", "Read your profile"},
    {"Mail.Read", "Read your mail"},
    {"Mail.ReadWrite", "Read, change and delete your mail"},
    {"Mail.Send", "Send mail as you"},
    {"Calendars.Read", "Read your calendars"},
    {"Calendars.ReadWrite", "Read, change and delete your calendar events"},
    {"https://graph.microsoft.com/User.Read", "Read your profile"},
    {"https://graph.microsoft.com/Mail.Read", "Read your mail"},
    {"https://graph.microsoft.com/Mail.ReadWrite", "Read, change and delete your mail"},
    {"https://graph.microsoft.com/Mail.Send", "Send mail as you"},
    {"https://graph.microsoft.com/Calendars.Read", "Read your calendars"},
    {"https://graph.microsoft.com/Calendars.ReadWrite",
     "Read, change and delete your calendar events"},
    {"https://management.azure.com/user_impersonation",
     "Act as you in Azure: see and manage everything that you can"},
    {"https://management.azure.com/.default",
     "Act as you in Azure: see and manage everything that you can"},
    {"https://vault.azure.net/user_impersonation",
     "Act as you in key vaults: read and change every secret, key and certificate that you can"},
    {"https://vault.azure.net/.default",
     "Act as you in key vaults: read and change every secret, key and certificate that you can"},
    {"https://storage.azure.com/user_impersonation",
     "Act as you in Azure Storage: read, change and delete all data that you can"},
    {"https://storage.azure.com/.default",
     "Act as you in Azure Storage: read, change and delete all data that you can"}};
constexpr ProviderParameter kParameters[] = {{"prompt", "select_account"}};
// learn.microsoft.com/entra/identity-platform/reference-error-codes: UserDeclinedConsent.
constexpr std::string_view kDeclines[] = {"AADSTS65004"};
constexpr ProviderSetting kSettings[] = {
    {.name = "TENANT_ID",
     .summary = "common (default, in other clouds organizations), organizations, consumers, a "
                "directory's id or domain",
     .placeholder = ""},
    {.name = "CLOUD",
     .summary =
         "public (default), usgov, usgov_dod or china: where people sign in, where Graph and "
         "Azure Resource Manager are called, and what tokens are asked for, together",
     .placeholder = ""},
    {.name = "CLIENT_CAPABILITIES",
     .summary = "What those who use its tokens can do, separated by blanks or commas. cp1: they "
                "answer claims challenges, so tokens live longer and may be ended early",
     .placeholder = ""}};
// MSAL's "discard the refresh token" (its constants BAD_TOKEN and TOKEN_EXPIRED). Any other
// suberror wants a person: basic_action, additional_action, message_only, consent_required,
// user_password_expired, …
constexpr std::string_view kTerminalSuberrors[] = {"bad_token", "token_expired"};
// "Microsoft Entra authentication and authorization error codes": RetryableError,
// ExternalServerRetryableError, RequestTimeout, RequestBudgetExceededError,
// MsodsServiceUnavailable; LoopDetected, which comes as invalid_grant
// (learn.microsoft.com/entra/msal/dotnet, "Understanding HTTP 429 errors";
// AzureAD/microsoft-authentication-library-for-dotnet#1788).
constexpr std::string_view kTransientNumbers[] = {"50033", "90006", "90012",
                                                  "90024", "90033", "50196"};
// One directory lacks a service's principal or subscription: invalid_client, though no client has
// authenticated wrongly (PostHog/posthog#43486, BingAds-dotNet-SDK#96). 7000229: the app is not
// installed there (Azure/azure-sdk-for-net#46762).
constexpr std::string_view kRefusedNumbers[] = {"650051", "650052", "7000229"};
constexpr ProviderHooks kHooks{
    .tenant = tenant_of,
    .default_tenant = "common",
    .tenant_forms = "common, organizations, consumers, a GUID or a domain",
    .tenant_beyond = tenant_beyond,
    .scopes_for_api = microsoft_scopes,
    .scopes_in = microsoft_scopes_in,
    .fewer_scopes = microsoft_fewer_scopes,
    .claims = microsoft_claims,
    .admin_consent_url = microsoft_admin_consent_url,
    .application_token = microsoft_application_token};

}  // namespace

constexpr Provider kMicrosoft{
    .id = "microsoft",
    .display_name = "Microsoft",
    .integration = "azure",
    .environment = "AZURE",
    .settings = kSettings,
    .login_origin = microsoft::kClouds[0].login_origin,
    .authorization_endpoint = "{login}/{tenant}/oauth2/v2.0/authorize",
    .token_endpoint = "{login}/{tenant}/oauth2/v2.0/token",
    // revokeSignInSessions would sign the person out of everything.
    .revocation_endpoint = "",
    .profile_endpoint = "{api}/v1.0/me",
    .logout_endpoint = "{login}/{tenant}/oauth2/v2.0/logout",
    .jwks_uri = "{login}/{tenant}/discovery/v2.0/keys",
    // An application with a claims mapping policy or SAML has a key of its own, which the common
    // document does not list (learn.microsoft.com/entra/identity-platform/access-tokens, "Validate
    // the signature"; AzureAD/passport-azure-ad#482).
    .app_jwks_uri = "{login}/{tenantid}/discovery/v2.0/keys?appid={client_id}",
    .issuer = "{login}/{tenantid}/v2.0",
    .apis = microsoft::kApis,
    .token_per_api = true,
    // learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    .application_permission = ".default",
    .clouds = microsoft::kClouds,
    .default_scopes = kScopes,
    .scope_words = kWords,
    .authorization_parameters = kParameters,
    .refresh_sends_scope = true,
    .replay = {.kind = ReplayClass::old_stays_valid},
    .refresh_idle_seconds = 90 * kDaySeconds,
    .quirks = {.errors = {.terminal_suberrors = kTerminalSuberrors,
                          .transient_numbers = kTransientNumbers,
                          .refused_numbers = kRefusedNumbers}},
    .error_words = kMicrosoftErrorWords,
    .implied_scopes = kMicrosoftImpliedScopes,
    .profile = {.id = "id", .name = "displayName", .username = "userPrincipalName"},
    .api_errors = kMicrosoftApiErrors,
    .decline_codes = kDeclines,
    .proxy = kMicrosoftProxyRules,
    .hooks = &kHooks};

}  // namespace postern
