// Authorization server metadata (OIDC Discovery 1.0 section 4, RFC 8414).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/url.h"

namespace postern {

struct ServerMetadata {
  std::string issuer;
  std::string authorization_endpoint;
  std::string token_endpoint;
  // Empty where the server has none.
  std::string jwks_uri;
  std::string userinfo_endpoint;
  std::string revocation_endpoint;
  std::string end_session_endpoint;
  bool issuer_in_callback = false;  // RFC 9207 3
  // S256 is advertised. Servers that do it and do not say so exist: absence is no refusal.
  bool s256_advertised = false;
};

enum class DiscoveryFault : std::uint8_t {
  not_metadata,      // not a JSON object, too large
  wrong_issuer,      // not exactly the one that was asked (RFC 8414 3.3)
  missing_endpoint,  // authorization or token endpoint
  bad_endpoint,      // an endpoint that is no https URL that Postern would call
};

// `issuer` + "/.well-known/openid-configuration" (OIDC Discovery 4).
[[nodiscard]] std::string openid_metadata_url(std::string_view issuer);
// "/.well-known/oauth-authorization-server" between host and path (RFC 8414 3.1); nullopt where
// `issuer` is not a URL without query.
[[nodiscard]] std::optional<std::string> oauth_metadata_url(std::string_view issuer,
                                                            UrlPolicy policy = {});

[[nodiscard]] Result<ServerMetadata, DiscoveryFault> parse_server_metadata(
    std::string_view text, std::string_view expected_issuer, UrlPolicy policy = {});

}  // namespace postern
