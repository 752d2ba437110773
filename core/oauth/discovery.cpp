#include "core/oauth/discovery.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/json.h"

namespace postern {
namespace {

struct Endpoint {
  std::string_view name;
  std::string ServerMetadata::* member;
};

constexpr std::array kEndpoints = {
    Endpoint{"authorization_endpoint", &ServerMetadata::authorization_endpoint},
    Endpoint{"token_endpoint", &ServerMetadata::token_endpoint},
    Endpoint{"jwks_uri", &ServerMetadata::jwks_uri},
    Endpoint{"userinfo_endpoint", &ServerMetadata::userinfo_endpoint},
    Endpoint{"revocation_endpoint", &ServerMetadata::revocation_endpoint},
    Endpoint{"end_session_endpoint", &ServerMetadata::end_session_endpoint},
};

}  // namespace

std::string openid_metadata_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer).append("/.well-known/openid-configuration");
}

std::optional<std::string> oauth_metadata_url(std::string_view issuer, UrlPolicy policy) {
  const auto url = parse_url(issuer, policy);
  if (!url || issuer.contains('?')) return std::nullopt;
  std::string_view path = url->path;
  if (path.ends_with('/')) path.remove_suffix(1);
  return url->origin().append("/.well-known/oauth-authorization-server").append(path);
}

Result<ServerMetadata, DiscoveryFault> parse_server_metadata(std::string_view text,
                                                             std::string_view expected_issuer,
                                                             UrlPolicy policy) {
  const auto document = parse_reply(text);
  if (!document || !document->is_object()) return fail(DiscoveryFault::not_metadata);
  if (expected_issuer.empty() || json_string(*document, "issuer") != expected_issuer) {
    return fail(DiscoveryFault::wrong_issuer);
  }
  ServerMetadata metadata;
  metadata.issuer = expected_issuer;
  for (const Endpoint& endpoint : kEndpoints) {
    const Json* member = json_member(*document, endpoint.name);
    if (member == nullptr || member->is_null()) continue;
    const std::string_view url = json_text(*document, endpoint.name);
    if (!parse_url(url, policy)) return fail(DiscoveryFault::bad_endpoint);
    metadata.*endpoint.member = url;
  }
  if (metadata.authorization_endpoint.empty() || metadata.token_endpoint.empty()) {
    return fail(DiscoveryFault::missing_endpoint);
  }
  metadata.issuer_in_callback =
      json_boolean(*document, "authorization_response_iss_parameter_supported").value_or(false);
  metadata.s256_advertised = json_lists(*document, "code_challenge_methods_supported", "S256");
  return metadata;
}

}  // namespace postern
