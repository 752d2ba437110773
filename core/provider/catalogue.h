// What Postern knows about providers, as data. Code is for what no data can say (microsoft.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/form.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/token_response.h"

namespace postern {

// What becomes of a refresh token that was shown once, hence what is safe when the outcome of a
// refresh is unknown.
enum class ReplayClass : std::uint8_t {
  not_rotated,      // the same one for life: try again
  old_stays_valid,  // a new one is given, the old one works on: try again
  reuse_leeway,     // the old one works for `leeway_seconds`: try again within them
  single_use,       // try once, and tell the truth
};
struct ReplayRule {
  ReplayClass kind = ReplayClass::single_use;
  std::int64_t leeway_seconds = 0;
};

struct ProviderParameter {
  std::string_view name;
  std::string_view value;
};

// Fields stand by meaning, not by size: there are eight of these, in read-only memory.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct Provider {
  std::string_view id;
  std::string_view display_name;

  // `{tenant}`, `{host}`, `{login}`, `{client_id}` are filled by expand_endpoint; empty: the
  // integration gives it.
  // `{login}` is the sign-in origin and `{host}` the customer's own one, both scheme://host.
  std::string_view authorization_endpoint;
  std::string_view token_endpoint;
  std::string_view revocation_endpoint;  // RFC 7009 or the provider's own; empty: none to be called
  std::string_view profile_endpoint;
  // OIDC issuer, may hold "{tenantid}"; empty: no OIDC, no nonce, no ID token.
  std::string_view issuer;

  ClientAuthMethod client_auth = ClientAuthMethod::post;
  std::string_view scope_separator = " ";
  std::span<const std::string_view> default_scopes;
  std::span<const ProviderParameter> authorization_parameters;
  // S256 goes to everybody but a provider at which it would change what the client is.
  bool sends_pkce = true;

  bool refresh_sends_scope = false;
  ReplayRule replay;
  // A dead refresh token that is shown again kills the living ones too.
  bool family_revocation = false;
  // 0: no such limit, or unknown.
  std::int64_t refresh_idle_seconds = 0;
  std::int64_t refresh_absolute_seconds = 0;
  // Using the refresh token ends the access token that is in use elsewhere.
  bool refresh_kills_access_token = false;
  // A refresh token serves several resources, one access token each.
  bool token_per_resource = false;

  TokenQuirks quirks;
  bool needs_user_agent = false;
  // Statuses, besides 401, under which a resource server may hide a dead token.
  std::span<const int> dead_token_statuses;
  // Origins that the sign-in may redirect through, for the CSP form-action of the consent page.
  std::span<const std::string_view> sign_in_origins;
};

struct EndpointParts {
  std::string_view tenant;
  std::string_view host;
  std::string_view login;
  std::string_view client_id;
};

[[nodiscard]] std::span<const Provider> providers();

// nullptr when there is none. Ids: microsoft, github, github_app, atlassian, slack, google,
// halopsa, custom.
[[nodiscard]] const Provider* find_provider(std::string_view id);

// Fills the placeholders ("{tenantid}" stays: each token fills it); nullopt where one has no value,
// so that no request ever goes to a half-filled URL. Values are put in as they are: they were
// parsed before (parse_tenant, parse_origin).
[[nodiscard]] std::optional<std::string> expand_endpoint(std::string_view endpoint,
                                                         const EndpointParts& parts);

// `authorization_parameters` as fields, ready for AuthorizationRequest::extra.
[[nodiscard]] FormFields authorization_parameters(const Provider& provider);

[[nodiscard]] std::string_view name_of(ReplayClass replay);
// "not_rotated", "old_stays_valid", "reuse_leeway:<seconds>", "single_use"; nullopt for anything
// else.
[[nodiscard]] std::optional<ReplayRule> parse_replay_rule(std::string_view text);

}  // namespace postern
