// Issuer identifiers, and the one template that is in use: Entra's multi-tenant metadata says
// "https://login.microsoftonline.com/{tenantid}/v2.0" and each token names its own tenant.
#pragma once

#include <string>
#include <string_view>

namespace postern {

inline constexpr std::string_view kTenantPlaceholder = "{tenantid}";

// xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal in either case.
[[nodiscard]] bool is_guid(std::string_view text);

[[nodiscard]] bool has_tenant_placeholder(std::string_view issuer);

// Exact comparison (RFC 9207 2.4, OIDC Core 3.1.3.7 rule 2). Where `expected` has the placeholder,
// `tenant` takes its place; an empty `tenant` stands for any GUID.
[[nodiscard]] bool issuer_matches(std::string_view expected, std::string_view issuer,
                                  std::string_view tenant);

}  // namespace postern
