// Microsoft Entra ID: tenants, endpoints, one access token per resource.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/oauth/id_token.h"

namespace postern {

inline constexpr std::string_view kMicrosoftLoginOrigin = "https://login.microsoftonline.com";
inline constexpr std::string_view kGraphOrigin = "https://graph.microsoft.com";
inline constexpr std::string_view kArmOrigin = "https://management.azure.com";
// The directory in which all personal accounts live.
inline constexpr std::string_view kConsumersTenantId = "9188040d-6c67-4c5b-b112-36a304b66dad";

enum class TenantMode : std::uint8_t {
  common,         // any directory and personal accounts
  organizations,  // any directory, no personal accounts
  consumers,      // personal accounts only
  id,             // one directory, by GUID
  domain,         // one directory, by a verified domain name
};

struct Tenant {
  TenantMode mode = TenantMode::common;
  std::string text;  // as it goes into a path; lower case
};

enum class TenantFault : std::uint8_t { empty, too_long, malformed };

// One of the three words, a GUID, or a DNS name of at least two labels (RFC 1123 2.1); the result
// holds no byte that means anything in a path.
[[nodiscard]] Result<Tenant, TenantFault> parse_tenant(std::string_view text);

// What the `tid` of an ID token must be. `domain` pins nothing but "not a personal account": the
// GUID behind the name is Entra's knowledge, and its own endpoint for that name enforces it.
[[nodiscard]] TenantRule tenant_rule(const Tenant& tenant);

struct MicrosoftEndpoints {
  std::string authorize;
  std::string token;
  std::string logout;
  std::string metadata;
  std::string jwks;
  // For IdTokenExpectations::issuer: "{login_origin}/{tenantid}/v2.0". Always with the placeholder,
  // as it is what every tenant mode's tokens carry.
  std::string issuer;
};

// `login_origin` is scheme://host[:port] without a slash at the end, parsed before.
[[nodiscard]] MicrosoftEndpoints microsoft_endpoints(std::string_view login_origin,
                                                     const Tenant& tenant);

// `/oauth2/v2.0/logout`, with post_logout_redirect_uri where it is not empty (OIDC RP-Initiated
// Logout 1.0 section 2).
[[nodiscard]] std::string logout_url(const MicrosoftEndpoints& endpoints,
                                     std::string_view post_logout_redirect_uri);

struct AdminConsentRequest {
  std::string login_origin;
  std::string client_id;
  std::string redirect_uri;
  std::string state;
  // v2: these permissions, fully qualified; empty: the v1 form, all that the registration lists.
  std::vector<std::string> scopes;
};

// nullopt for `consumers`: personal accounts have no administrator. `common` becomes
// `organizations` for the same reason.
[[nodiscard]] std::optional<std::string> admin_consent_url(const Tenant& tenant,
                                                           const AdminConsentRequest& request);

// openid profile email offline_access User.Read Mail.Read Calendars.Read and ARM's
// user_impersonation. All of it goes into the authorization request, which may span resources.
[[nodiscard]] std::vector<std::string> microsoft_default_scopes();

enum class Resource : std::uint8_t { graph, arm };

[[nodiscard]] std::optional<Resource> parse_resource(std::string_view text);
[[nodiscard]] std::string_view name_of(Resource resource);

// Application ID URIs, not where requests are sent: an emulated Graph on another origin is still
// asked for as https://graph.microsoft.com. National clouds have others.
struct ResourceUris {
  std::string graph = std::string(kGraphOrigin);
  std::string arm = std::string(kArmOrigin);
};

// Those of `scopes` that one token request for `resource` may hold; Entra refuses (AADSTS28000,
// AADSTS70011) a token request that spans two. A scope without a URI is Graph's. offline_access is
// always there, or Entra would send no new refresh token; openid, profile and email go with Graph.
// Empty when no scope of that resource was configured.
[[nodiscard]] std::vector<std::string> scopes_for_resource(Resource resource,
                                                           std::span<const std::string> scopes,
                                                           const ResourceUris& uris = {});

// Those of `wanted` that a token reply's `scope` lacks. Entra spells a Graph scope with or without
// its URI, in any case, and reports no offline_access.
[[nodiscard]] std::vector<std::string> missing_microsoft_scopes(
    std::span<const std::string> wanted, std::span<const std::string> granted,
    const ResourceUris& uris = {});

// Graph `GET /v1.0/me`. Members that are absent or null are empty.
struct GraphProfile {
  std::string id;  // required; the directory object, for personal accounts 16 hex digits
  std::string display_name;
  std::string given_name;
  std::string surname;
  std::string mail;
  std::string user_principal_name;
  std::string job_title;
  std::string office_location;
  std::string mobile_phone;
  std::string preferred_language;
};

enum class ProfileFault : std::uint8_t { not_json, missing_id };

[[nodiscard]] Result<GraphProfile, ProfileFault> parse_graph_profile(std::string_view json);

}  // namespace postern
