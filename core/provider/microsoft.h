// Microsoft Entra ID: directories, and one access token for each API.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/oauth/id_token.h"
#include "core/provider/catalogue.h"

namespace postern {

// The directory in which all personal accounts live.
inline constexpr std::string_view kConsumersTenantId = "9188040d-6c67-4c5b-b112-36a304b66dad";

// `aud` of a federated credential (FederatedAssertion in core/oauth/assertion.h).
inline constexpr std::string_view kTokenExchangeAudience = "api://AzureADTokenExchange";

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

// Nobody can sign in through `wanted` who could not through `own`. A domain is within its own name
// alone: whose directory it is, is Entra's knowledge.
[[nodiscard]] bool is_within(const Tenant& own, const Tenant& wanted);

// The v2 form with scopes, fully qualified; the v1 form, all that the registration lists, without.
// nullopt for `consumers`: personal accounts have no administrator. `common` becomes
// `organizations` for the same reason.
[[nodiscard]] std::optional<std::string> microsoft_admin_consent_url(
    const AdminConsentRequest& request);

// Those of `scopes` that one token request for `api` may hold; Entra refuses (AADSTS28000,
// AADSTS70011) a token request that spans two. A scope without a URI is Graph's. offline_access is
// always there, or Entra would send no new refresh token; openid, profile and email go with Graph.
// Empty when no scope of that API was configured.
[[nodiscard]] std::vector<std::string> microsoft_scopes(const Api& api,
                                                        std::span<const std::string> scopes);

// Personal accounts have no Azure: with ARM's scopes their sign-in server answers invalid_scope
// (AzureAD/microsoft-authentication-library-for-js issue 3706). Their directory, by its word or by
// its id, has Graph's alone.
[[nodiscard]] std::vector<std::string> microsoft_scopes_in(std::string_view tenant,
                                                           std::span<const std::string> scopes);
// Without Azure's, where the account was a personal one of `common`, which takes both kinds, or
// where its directory has no principal of Azure. A personal account of `common` is asked again as
// such: a work account, which can have all, could be chosen instead.
[[nodiscard]] FewerScopes microsoft_fewer_scopes(const AuthorizationRefusal& refusal,
                                                 std::string_view tenant,
                                                 std::span<const std::string> scopes);

// The challenge's claims with `access_token.xms_cc`, by which a client says what it can do
// (learn.microsoft.com, "Claims challenges, claims requests, and client capabilities"). The
// challenge alone where there are no capabilities, or where it is no JSON object.
[[nodiscard]] std::string microsoft_claims(std::string_view challenge,
                                           std::span<const std::string> capabilities);

}  // namespace postern
