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

namespace postern {
namespace {

constexpr std::size_t kMaxDomainBytes = 253;  // RFC 1035 2.3.4
constexpr std::size_t kMaxLabelBytes = 63;

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

// What comes after "uri/" in a scope of that resource; nullopt for other resources'.
std::optional<std::string_view> permission_of(std::string_view scope, std::string_view uri) {
  if (scope.size() <= uri.size() + 1 || scope[uri.size()] != '/' ||
      !equal_ignoring_case(scope.substr(0, uri.size()), uri)) {
    return std::nullopt;
  }
  return scope.substr(uri.size() + 1);
}

// A scope that names no resource is the first API's.
bool belongs_to(std::string_view scope, const Api& api) {
  return permission_of(scope, api.audience).has_value() ||
         (api.name == default_api(kMicrosoft).name && !scope.contains("://"));
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
  } else if (tenant.text == "consumers") {
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

std::optional<std::string> microsoft_admin_consent_url(const AdminConsentRequest& request) {
  const auto tenant = parse_tenant(request.tenant);
  if (!tenant || tenant->mode == TenantMode::consumers) return std::nullopt;
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
  std::vector<std::string> there(scopes.begin(), scopes.end());
  if (tenant == "consumers") {
    std::erase_if(there, [](const std::string& scope) {
      return !is_openid_scope(scope) && !belongs_to(scope, default_api(kMicrosoft));
    });
  }
  return there;
}

std::vector<std::string> microsoft_fewer_scopes(std::string_view error, std::string_view tenant,
                                                std::span<const std::string> scopes) {
  if (error != "invalid_scope" || tenant != "common") return {};
  auto fewer = microsoft_scopes_in("consumers", scopes);
  return fewer.size() < scopes.size() ? std::move(fewer) : std::vector<std::string>();
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

constexpr Api kApis[] = {{.name = "graph",
                          .origin = "https://graph.microsoft.com",
                          .audience = "https://graph.microsoft.com"},
                         {.name = "arm",
                          .origin = "https://management.azure.com",
                          .audience = "https://management.azure.com"}};
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
     "Act as you in Azure: see and manage everything that you can"}};
constexpr ProviderParameter kParameters[] = {{"prompt", "select_account"}};
// learn.microsoft.com/entra/identity-platform/reference-error-codes: UserDeclinedConsent.
constexpr std::string_view kDeclines[] = {"AADSTS65004"};
constexpr ProviderSetting kSettings[] = {
    {.name = "TENANT_ID",
     .summary = "common (default), organizations, consumers, a directory's id or domain",
     .placeholder = ""},
    {.name = "CLIENT_CAPABILITIES",
     .summary = "What those who use its tokens can do, separated by blanks or commas. cp1: they "
                "answer claims challenges, so tokens live longer and may be ended early",
     .placeholder = ""}};
// MSAL's "discard the refresh token" (its constants BAD_TOKEN and TOKEN_EXPIRED). Any other
// suberror wants a person: basic_action, additional_action, message_only, consent_required,
// user_password_expired, …
constexpr std::string_view kTerminalSuberrors[] = {"bad_token", "token_expired"};
constexpr std::string_view kManagedDevice = "The directory wants a device that it manages";
constexpr std::string_view kOtherAccount =
    "The account is not in this directory: use one that is, or be invited as a guest";
// learn.microsoft.com, "Microsoft Entra authentication and authorization error codes". It warns not
// to branch on numbers: they choose words for people, and nothing else.
constexpr ErrorWords kErrorWords[] = {
    {"7000215", "operator", "The client secret is wrong: set its value, not its id"},
    {"7000222", "operator", "The client secret has expired: make a new one at the registration"},
    {"700016", "administrator", "The application is not installed in this directory"},
    {"7000112", "administrator", "The application is disabled in this directory"},
    {"50105", "administrator", "The person is not assigned to the application"},
    {"53003", "administrator", "A conditional access policy of the directory blocks this"},
    {"530032", "administrator", "A security policy of the directory blocks this"},
    {"530035", "administrator", "The directory's security defaults block this"},
    {"53000", "administrator", kManagedDevice},
    {"53001", "administrator", kManagedDevice},
    {"530003", "administrator", kManagedDevice},
    {"53002", "administrator", "The directory allows approved applications only"},
    {"53011", "administrator", "The account is blocked because it is at risk"},
    {"65001", "user", "This access is not consented to"},
    {"65004", "user", "The person declined"},
    {"90094", "administrator", "An administrator has to consent to this access"},
    {"90095", "administrator", "An administrator has been asked to consent to this access"},
    {"50076", "user", "A second factor is wanted"},
    {"50078", "user", "The second factor has expired"},
    {"50079", "user", "A second factor has to be set up"},
    {"50072", "user", "A second factor has to be set up"},
    {"50158", "user", "A check outside the directory is wanted, such as a second factor"},
    {"50173", "user", "The password was changed, or the sessions were revoked"},
    {"50055", "user", "The password has expired"},
    {"50144", "user", "The password has expired"},
    {"50057", "administrator", "The account is disabled"},
    {"50053", "administrator", "The account is locked"},
    {"50034", "user", kOtherAccount},
    {"50020", "user", kOtherAccount},
    {"51004", "user", kOtherAccount},
    {"50194", "operator", "The registration is for one directory: set its id as the tenant"},
    {"70008", "user", "The refresh token has expired"},
    {"700082", "user", "The refresh token has expired because nobody used it"},
    {"700084", "operator", "The redirect URI is registered as a single-page application's"},
    {"70043", "user", "The directory asks for a sign-in every so often"},
    {"500011", "administrator", "The directory has no such API"},
    {"650052", "administrator", "The directory has no subscription to this API's service"},
    {"650057", "operator", "The API is not among the registration's permissions"},
    {"650053", "operator", "A scope does not exist at this API"},
    {"70011", "operator", "A scope is not valid for this account"},
    {"90002", "operator", "There is no such directory in this cloud"},
    {"protection_policy_required", "administrator", "The directory allows managed apps only"},
    {"device_authentication_failed", "administrator", "The device is not known to the directory"},
};
constexpr ProviderHooks kHooks{
    .tenant = tenant_of,
    .default_tenant = "common",
    .tenant_forms = "common, organizations, consumers, a GUID or a domain",
    .scopes_for_api = microsoft_scopes,
    .scopes_in = microsoft_scopes_in,
    .fewer_scopes = microsoft_fewer_scopes,
    .claims = microsoft_claims,
    .admin_consent_url = microsoft_admin_consent_url};

}  // namespace

constexpr Provider kMicrosoft{
    .id = "microsoft",
    .display_name = "Microsoft",
    .integration = "azure",
    .environment = "AZURE",
    .settings = kSettings,
    .login_origin = "https://login.microsoftonline.com",
    .authorization_endpoint = "{login}/{tenant}/oauth2/v2.0/authorize",
    .token_endpoint = "{login}/{tenant}/oauth2/v2.0/token",
    // revokeSignInSessions would sign the person out of everything.
    .revocation_endpoint = "",
    .profile_endpoint = "{api}/v1.0/me",
    .logout_endpoint = "{login}/{tenant}/oauth2/v2.0/logout",
    .jwks_uri = "{login}/{tenant}/discovery/v2.0/keys",
    .issuer = "{login}/{tenantid}/v2.0",
    .apis = kApis,
    .token_per_api = true,
    .default_scopes = kScopes,
    .scope_words = kWords,
    .authorization_parameters = kParameters,
    .refresh_sends_scope = true,
    .replay = {.kind = ReplayClass::old_stays_valid},
    .refresh_idle_seconds = 90 * kDaySeconds,
    .quirks = {.errors = {.terminal_suberrors = kTerminalSuberrors}},
    .error_words = kErrorWords,
    .profile = {.id = "id", .name = "displayName", .username = "userPrincipalName"},
    .api_errors = kMicrosoftApiErrors,
    .decline_codes = kDeclines,
    .hooks = &kHooks};

}  // namespace postern
