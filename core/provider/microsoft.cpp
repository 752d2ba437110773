#include "core/provider/microsoft.h"

#include <algorithm>
#include <utility>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/oauth/issuer.h"
#include "core/oauth/scope.h"
#include "core/provider/catalogue.h"

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

bool belongs_to(std::string_view scope, Resource resource, const ResourceUris& uris) {
  if (resource == Resource::arm) return permission_of(scope, uris.arm).has_value();
  return !scope.contains("://") || permission_of(scope, uris.graph).has_value();
}

// One spelling for comparison: Graph's without URI, all in lower case.
std::string normal_spelling(std::string_view scope, const ResourceUris& uris) {
  return to_lower_ascii(permission_of(scope, uris.graph).value_or(scope));
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

MicrosoftEndpoints microsoft_endpoints(std::string_view login_origin, const Tenant& tenant) {
  const std::string origin(login_origin);
  const std::string base = origin + '/' + tenant.text;
  return {.authorize = base + "/oauth2/v2.0/authorize",
          .token = base + "/oauth2/v2.0/token",
          .logout = base + "/oauth2/v2.0/logout",
          .metadata = base + "/v2.0/.well-known/openid-configuration",
          .jwks = base + "/discovery/v2.0/keys",
          .issuer = origin + "/" + std::string(kTenantPlaceholder) + "/v2.0"};
}

std::string logout_url(const MicrosoftEndpoints& endpoints,
                       std::string_view post_logout_redirect_uri) {
  if (post_logout_redirect_uri.empty()) return endpoints.logout;
  return endpoints.logout + '?' +
         form_encode({{"post_logout_redirect_uri", std::string(post_logout_redirect_uri)}});
}

std::optional<std::string> admin_consent_url(const Tenant& tenant,
                                             const AdminConsentRequest& request) {
  if (tenant.mode == TenantMode::consumers) return std::nullopt;
  FormFields fields;
  fields.emplace_back("client_id", request.client_id);
  fields.emplace_back("redirect_uri", request.redirect_uri);
  if (!request.state.empty()) fields.emplace_back("state", request.state);
  if (!request.scopes.empty()) fields.emplace_back("scope", join_scopes(request.scopes));
  std::string url = request.login_origin;
  url += '/';
  url += tenant.mode == TenantMode::common ? std::string_view("organizations")
                                           : std::string_view(tenant.text);
  url += request.scopes.empty() ? "/adminconsent?" : "/v2.0/adminconsent?";
  url += form_encode(fields);
  return url;
}

std::vector<std::string> microsoft_default_scopes() {
  const auto scopes = find_provider("microsoft")->default_scopes;
  return {scopes.begin(), scopes.end()};
}

std::optional<Resource> parse_resource(std::string_view text) {
  if (text == "graph") return Resource::graph;
  if (text == "arm") return Resource::arm;
  return std::nullopt;
}

std::string_view name_of(Resource resource) {
  return resource == Resource::graph ? "graph" : "arm";
}

std::vector<std::string> scopes_for_resource(Resource resource, std::span<const std::string> scopes,
                                             const ResourceUris& uris) {
  std::vector<std::string> chosen;
  bool any = false;
  for (const std::string& scope : scopes) {
    if (scope == "offline_access") continue;
    if (is_openid_scope(scope)) {
      if (resource == Resource::graph) chosen.push_back(scope);
    } else if (belongs_to(scope, resource, uris)) {
      chosen.push_back(scope);
      any = true;
    }
  }
  if (!any) return {};
  chosen.emplace_back("offline_access");
  return chosen;
}

std::vector<std::string> missing_microsoft_scopes(std::span<const std::string> wanted,
                                                  std::span<const std::string> granted,
                                                  const ResourceUris& uris) {
  std::vector<std::string> known;
  known.reserve(granted.size());
  for (const std::string& scope : granted) known.push_back(normal_spelling(scope, uris));
  std::vector<std::string> missing;
  for (const std::string& scope : wanted) {
    if (scope == "offline_access" || has_scope(known, normal_spelling(scope, uris))) continue;
    missing.push_back(scope);
  }
  return missing;
}

Result<GraphProfile, ProfileFault> parse_graph_profile(std::string_view json) {
  const auto document = parse_json(json);
  if (!document || !document->is_object()) return fail(ProfileFault::not_json);
  const auto text = [&](std::string_view name) { return std::string(json_text(*document, name)); };
  GraphProfile profile{.id = text("id"),
                       .display_name = text("displayName"),
                       .given_name = text("givenName"),
                       .surname = text("surname"),
                       .mail = text("mail"),
                       .user_principal_name = text("userPrincipalName"),
                       .job_title = text("jobTitle"),
                       .office_location = text("officeLocation"),
                       .mobile_phone = text("mobilePhone"),
                       .preferred_language = text("preferredLanguage")};
  if (profile.id.empty()) return fail(ProfileFault::missing_id);
  return profile;
}

}  // namespace postern
