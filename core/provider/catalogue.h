// What Postern knows about providers, as data. Code is for what no data can say: hooks in <id>.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/id_token.h"
#include "core/oauth/revocation.h"
#include "core/oauth/token_response.h"
#include "core/provider/proxy_rules.h"

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

// What each call of an API names of its host, where many have one each: one label.
struct HostLabel {
  std::string_view parameter;  // of the call; "{vault}" in the origin is filled by `vault`
  std::size_t least_bytes = 1;
  std::size_t most_bytes = 63;  // RFC 1035 2.3.4
  bool dashes = true;           // within; never first nor last
};

// A resource server of a provider.
struct Api {
  // "graph": what parameters, permissions and stored tokens name it by; unique among all providers.
  std::string_view name;
  // Where it is called: scheme://host, which may hold placeholders that ProviderSetting fills
  // ("https://{account}.blob.example.com"). The operator may name another one (<NAME>_ORIGIN).
  std::string_view origin;
  // What an access token is asked for, where a token serves one API only; not where requests go.
  std::string_view audience;
  // Another identifier that the provider knows it by; empty: none.
  std::string_view other_audience;
  // The id of its application there, by which scopes may name it too; empty: none.
  std::string_view application;
  // Its origin has this label of each call's in it. An operator's other origin is used whole.
  HostLabel label;
  // The permission of the API (`user_impersonation`) that a token is asked for where the connection
  // was asked for none there: people are not asked for it until a call needs it. Empty: what was
  // not asked for on connecting is not given later.
  std::string_view on_demand;
  // The path below which calls are the signed-in person's own; empty: none are. No application's
  // token can make them.
  std::string_view person_path;
};

// One of several deployments that a provider keeps apart: other hosts, other resource identifiers,
// other people. Paths are the same.
struct Cloud {
  std::string_view value;  // of <PREFIX>_CLOUD
  std::string_view login_origin;
  std::span<const Api> apis;  // Provider::apis as they are there, in the same order
  // Of an integration that names none; empty: ProviderHooks::default_tenant.
  std::string_view default_tenant;
};

// What a person is told of a scope. Words may never promise less than the scope gives.
struct ScopeWords {
  std::string_view scope;
  std::string_view words;
};

// What a refusal means to people, where the provider's own words do not say it.
struct ErrorWords {
  std::string_view code;  // a number, suberror or error of ProviderWords
  std::string_view fix;   // who can mend it: user, administrator, operator
  std::string_view words;
};

// Who has `scope` has `implied` too, though the provider does not list it.
struct ImpliedScope {
  std::string_view scope;
  std::string_view implied;
};

// A variable of an integration besides those that all have (flow/integration/settings.h).
struct ProviderSetting {
  std::string_view name;  // without the prefix of the integration: "TENANT_ID"
  std::string_view summary;
  // What it fills in endpoints and origins of APIs: "{host}" by an origin (scheme://host), any
  // other by one label of a host name. Then it has to be set. Empty: a hook reads it.
  std::string_view placeholder;
};

// Members of the profile endpoint's answer, by which people are told apart and know each other.
struct ProfileMembers {
  std::string_view id = "sub";  // text, or a number; compared
  std::string_view name = "name";
  std::string_view username = "preferred_username";
};

// A word by which an API of the provider refuses (`error.code`), where its status alone says too
// little or the wrong thing.
struct ApiError {
  std::string_view code;  // compared without regard to case
  ProblemCode problem = ProblemCode::provider_rejected;
  // Who can change it: user, administrator (of the directory), operator (of Postern), caller, or
  // nobody.
  std::string_view fix;
  // For people: what it means, and what that person can do. Nothing that nobody can follow.
  std::string_view words;
};

struct ProviderHooks;

// Fields stand by meaning, not by size: there are few of these, in read-only memory.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct Provider {
  std::string_view id;
  std::string_view display_name;
  // The name of its integration from the environment, and how the variables of that one begin.
  // Empty: there is none from the environment.
  std::string_view integration;
  std::string_view environment;
  std::span<const ProviderSetting> settings;

  // The origin at which people sign in. The operator may name another one (<PREFIX>_LOGIN_ORIGIN):
  // all endpoints but those of an API are there then, at the same paths.
  std::string_view login_origin;
  // `{login}`, `{api}`, `{tenant}`, `{client_id}` and those of `settings` are filled by
  // endpoints_of. `{login}` is the sign-in origin, `{api}` the first API's, each scheme://host.
  // Empty: the provider has none, or the integration gives it.
  std::string_view authorization_endpoint;
  std::string_view token_endpoint;
  std::string_view revocation_endpoint;  // RFC 7009 or the provider's own; empty: none to be called
  // Revocation of any token ends all that the account has granted to this client, whoever asked.
  bool revocation_ends_grant = false;
  // A grant ends there by a living access token alone; its refresh token ends with that.
  bool revocation_by_access_token = false;
  std::string_view profile_endpoint;
  std::string_view logout_endpoint;  // OIDC RP-Initiated Logout 1.0
  std::string_view jwks_uri;
  // Where the keys are that sign for this application alone, with "{tenantid}" for the token's own
  // directory; empty: there are none.
  std::string_view app_jwks_uri;
  // OIDC issuer, may hold "{tenantid}"; empty: no OIDC, no nonce, no ID token.
  std::string_view issuer;

  // The first one is meant by whoever names none. Never empty.
  std::span<const Api> apis;
  // A refresh token serves several APIs, one access token each. Otherwise one token serves all.
  bool token_per_api = false;
  // What the registered app asks for as itself, of an API's audience ("<audience>/<this>"), with
  // client credentials (RFC 6749 4.4). Empty: nobody acts but for a person.
  std::string_view application_permission;
  // The first one is what the rest of the entry describes. Empty: the provider has but that.
  std::span<const Cloud> clouds;

  ClientAuthMethod client_auth = ClientAuthMethod::post;
  std::string_view scope_separator = " ";
  std::span<const std::string_view> default_scopes;
  std::span<const ScopeWords> scope_words;
  std::span<const ProviderParameter> authorization_parameters;
  // S256 goes to everybody but a provider at which it would change what the client is.
  bool sends_pkce = true;

  // The token endpoint is told the scopes again (RFC 6749 6): with the code, and at each refresh.
  bool refresh_sends_scope = false;
  ReplayRule replay;
  // A dead refresh token that is shown again kills the living ones too.
  bool family_revocation = false;
  // 0: no such limit, or unknown.
  std::int64_t refresh_idle_seconds = 0;
  std::int64_t refresh_absolute_seconds = 0;
  // Using the refresh token ends the access token that is in use elsewhere.
  bool refresh_kills_access_token = false;

  TokenQuirks quirks;
  std::span<const ErrorWords> error_words;
  std::span<const ImpliedScope> implied_scopes;
  ProfileMembers profile;
  bool needs_user_agent = false;
  // Statuses, besides 401, under which a resource server may hide a dead token.
  std::span<const int> dead_token_statuses;
  std::span<const ApiError> api_errors;

  // With which of its own codes it says that the person declined (oauth/callback.h); empty: it has
  // none.
  std::span<const std::string_view> decline_codes;

  // Its APIs behind the proxy.
  ProxyRules proxy = kCommonProxyRules;

  const ProviderHooks* hooks = nullptr;
};

// A directory, or site, of a provider that has them.
struct ProviderTenant {
  std::string text;  // as it goes into a path
  TenantRule rule;   // whose ID tokens it takes
};

// What an access token that was asked for with client credentials says of itself. What is empty it
// does not say.
struct ApplicationToken {
  std::string tenant;
  std::string client_id;
  std::string object;  // the app's own id in that directory
  std::string name;
  std::string roles;        // what it may do, separated by blanks
  bool is_persons = false;  // somebody stands behind it: it is not the app's own
};

struct AdminConsentRequest {
  std::string login_origin;
  std::string tenant;  // ProviderTenant::text
  std::string client_id;
  std::string redirect_uri;
  std::string state;
  std::vector<std::string> scopes;
};

// What came back of an authorization request instead of a code.
struct AuthorizationRefusal {
  std::string_view error;
  std::string_view number;  // the digits of the provider's own code; empty: it gave none
};

// What to ask for after such a refusal.
struct FewerScopes {
  std::vector<std::string> scopes;  // empty: there is nothing to be done
  // The one directory whose accounts are refused so (ProviderTenant::text), where others can have
  // all: nobody else is let in for less. Empty: the directory stays.
  std::string tenant;
};

// What no data can say. Each is null where the data say all.
struct ProviderHooks {
  // Reads the name of a directory; nullopt where it is none. Null: the provider has no directories.
  std::optional<ProviderTenant> (*tenant)(std::string_view text) = nullptr;
  std::string_view default_tenant;
  // What `tenant` takes, for people.
  std::string_view tenant_forms;
  // Both were read by `tenant`. Whom `wanted` would let in although `own` does not: then what may
  // be named instead, for people; nullopt where there is nobody.
  std::optional<std::string> (*tenant_beyond)(std::string_view own,
                                              std::string_view wanted) = nullptr;
  // Those of `scopes` that one token request for `api` may hold; empty: none was configured for it.
  std::vector<std::string> (*scopes_for_api)(const Api& api,
                                             std::span<const std::string> scopes) = nullptr;
  // Those of `scopes` that exist in a directory (ProviderTenant::text). Null: all.
  std::vector<std::string> (*scopes_in)(std::string_view tenant,
                                        std::span<const std::string> scopes) = nullptr;
  // The authorization request for `scopes` was refused: what to ask for instead, because the
  // account cannot have all of them. Null: never.
  FewerScopes (*fewer_scopes)(const AuthorizationRefusal& refusal, std::string_view tenant,
                              std::span<const std::string> scopes) = nullptr;
  // The claims parameter: a challenge's claims, with client capabilities put into them. Null: the
  // challenge's as they are.
  std::string (*claims)(std::string_view challenge,
                        std::span<const std::string> capabilities) = nullptr;
  // Where an administrator consents for everybody; nullopt: this directory has no administrator.
  std::optional<std::string> (*admin_consent_url)(const AdminConsentRequest& request) = nullptr;
  // Reads the claims of an application's access token. Null: such tokens are not looked into.
  ApplicationToken (*application_token)(const Json& claims) = nullptr;
  // Where it is not RFC 7009's. `endpoint` is the revocation endpoint; a token may be empty.
  RevocationRequest (*revocation)(const TokenEndpoint& endpoint, std::string_view access_token,
                                  std::string_view refresh_token) = nullptr;
};

// What fills a placeholder of ProviderSetting.
struct PlaceholderValue {
  std::string_view placeholder;
  std::string value;
};

struct EndpointParts {
  std::string_view tenant;
  std::string_view login;  // empty: the provider's own
  std::string_view api;    // empty: the first API's own
  std::string_view client_id;
  std::span<const PlaceholderValue> values;
};

// Absolute URLs; empty where the provider has none.
struct Endpoints {
  std::string authorization;
  std::string token;
  std::string revocation;
  std::string profile;
  std::string logout;
  std::string jwks;
  std::string app_jwks;  // "{tenantid}" stays
  // For IdTokenExpectations::issuer: "{tenantid}" stays, each token fills it.
  std::string issuer;
};

// The catalogue: microsoft, github, github_app, atlassian, slack, google, halopsa, custom.
[[nodiscard]] std::span<const Provider* const> providers();
// nullptr when there is none.
[[nodiscard]] const Provider* find_provider(std::string_view id);

// The integration of a caller that names none: the first provider's.
inline constexpr std::string_view kDefaultIntegration = "azure";

[[nodiscard]] inline const Api& default_api(const Provider& provider) {
  return provider.apis.front();
}
// nullptr where the provider has no such API.
[[nodiscard]] const Api* find_api(const Provider& provider, std::string_view name);
// Among all providers.
[[nodiscard]] const Api* find_api(std::string_view name);
// Is a target, a path with or without a template behind it, one of the API's person's own?
[[nodiscard]] bool is_of_person(const Api& api, std::string_view path);
// What an application asks for at the API; empty: there is no such access.
[[nodiscard]] std::string application_scope(const Provider& provider, const Api& api);
// What a scope "<identifier>/<permission>" asks of the API; nullopt where it names another one.
[[nodiscard]] std::optional<std::string_view> permission_of(std::string_view scope, const Api& api);

// By its value, or the first one where that is empty; nullopt when there is none of that value. Of
// a provider without clouds: what its entry says.
[[nodiscard]] std::optional<Cloud> find_cloud(const Provider& provider, std::string_view value);
// The first that people sign in to at this origin.
[[nodiscard]] std::optional<Cloud> find_cloud_at(const Provider& provider, std::string_view origin);
// "public, usgov"
[[nodiscard]] std::string cloud_values(const Provider& provider);
// The API as it is at an origin that any of the clouds has for it; else as it is in `cloud`.
[[nodiscard]] const Api& api_at(const Provider& provider, const Cloud& cloud, const Api& api,
                                std::string_view origin);
// Provider::default_scopes, by the identifiers of these APIs, which are Provider::apis in a cloud.
[[nodiscard]] std::vector<std::string> default_scopes_of(const Provider& provider,
                                                         std::span<const Api> apis);

// Under whose name the access token for `api` is stored.
[[nodiscard]] inline std::string_view token_name(const Provider& provider, const Api& api) {
  return provider.token_per_api ? api.name : default_api(provider).name;
}
// "graph, arm"
[[nodiscard]] std::string api_names(const Provider& provider);

// nullopt where a placeholder has no value, so that no request ever goes to a half-filled URL.
// Values are put in as they are: they were parsed or encoded before (ProviderHooks::tenant,
// parse_origin, percent_encode).
[[nodiscard]] std::optional<Endpoints> endpoints_of(const Provider& provider,
                                                    const EndpointParts& parts);

// "<identifier>/<Api::on_demand>"; empty where the API has none.
[[nodiscard]] std::string on_demand_scope(const Api& api);

// Is it one label of a host name (RFC 1123 2.1), in lower case, as HostLabel describes it?
[[nodiscard]] bool is_host_label(std::string_view text, const HostLabel& label = {});
// "1 to 63 of a-z, 0-9 and `-`, …", for people.
[[nodiscard]] std::string words_of(const HostLabel& label);
// `origin` with the call's label in it, which is its first one; where the origin has no place for
// it, it is the operator's, as it is. nullopt: the text is no such label, or what came of it is
// anything but that label before what the origin ends with.
[[nodiscard]] std::optional<std::string> origin_with_label(std::string_view origin, const Api& api,
                                                           std::string_view text);

// Where `api` is called unless the operator names another origin; nullopt as above. The label that
// calls name stays open.
[[nodiscard]] std::optional<std::string> origin_of(const Api& api, const EndpointParts& parts);

// The scopes of a token request for `api`; empty where none are sent.
[[nodiscard]] std::vector<std::string> token_scopes(const Provider& provider, const Api& api,
                                                    std::span<const std::string> scopes);

// `authorization_parameters` as fields, ready for AuthorizationRequest::extra.
[[nodiscard]] FormFields authorization_parameters(const Provider& provider);

// What the provider's API refuses requests without.
void add_user_agent(const Provider& provider, Pairs& headers);

// Empty where nothing is known of the scope. It may name its API by any identifier of any cloud.
[[nodiscard]] std::string_view words_of(const Provider& provider, std::string_view scope);

[[nodiscard]] std::string_view name_of(ReplayClass replay);
// "not_rotated", "old_stays_valid", "reuse_leeway:<seconds>", "single_use"; nullopt for anything
// else.
[[nodiscard]] std::optional<ReplayRule> parse_replay_rule(std::string_view text);

}  // namespace postern
