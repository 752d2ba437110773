// An organization's registered app at a provider, ready to be used.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/base/url.h"
#include "core/flow/frame/context.h"
#include "core/flow/integration/settings.h"
#include "core/oauth/id_token.h"
#include "core/oauth/token_request.h"
#include "core/provider/catalogue.h"

namespace postern {

struct Integration {
  std::string name;
  const Provider* provider = nullptr;
  std::string tenant;  // empty where the provider has no directories
  std::optional<TenantRule> tenant_rule;
  Endpoints endpoints;
  std::string login_origin;
  std::string cloud;  // ConnectionRecord::cloud
  std::string client_id;
  std::string redirect_uri;
  std::string public_origin;                // of redirect_uri: where Postern itself is reached
  std::string public_url;                   // the same, and the path that it is mounted at
  std::vector<std::string> api_origins;     // in the order of Provider::apis
  std::vector<Api> apis;                    // the same, as they are in the integration's cloud
  std::vector<std::string> scopes;          // what people are asked for
  std::vector<std::string> allowed_scopes;  // what a link may ask for besides
  std::vector<std::string> capabilities;    // what it can do with a token: "cp1"

  [[nodiscard]] std::string_view origin_of(const Api& api) const {
    return api_origins[index_of(api)];
  }
  [[nodiscard]] const Api& in_its_cloud(const Api& api) const { return apis[index_of(api)]; }
  // `api` is one of Provider::apis.
  [[nodiscard]] std::size_t index_of(const Api& api) const {
    return static_cast<std::size_t>(&api - provider->apis.data());
  }
};

// `tenant`: empty for the integration's own; else what was stored, whatever the integration's is by
// now. Faults: invalid_request (tenant), integration_not_configured (names the variable, never its
// value).
[[nodiscard]] Result<Integration, Problem> make_integration(const IntegrationSettings& settings,
                                                            std::string_view tenant);

// The same as make_integration for a tenant that a caller names: one within the integration's own.
// A link may narrow who can sign in, and never widen it. Fault: invalid_request, which says what
// may be named.
[[nodiscard]] Result<Integration, Problem> make_integration_within(
    const IntegrationSettings& settings, std::string_view tenant);

// The name of one directory, in lower case: no word that stands for many, nor one that has no
// administrator, because nobody could let an app in there. Fault: invalid_request.
[[nodiscard]] Result<std::string, Problem> one_directory(const Integration& integration,
                                                         std::string_view tenant);

// The API that a code is exchanged for: the first one that is asked for, which is the default API
// where that is. Entra gives the token of the API that was asked for, whichever we call it.
// nullptr: none is asked for.
[[nodiscard]] const Api* api_of_code(const Integration& integration);

// What a link for a connection names that was made when the integration's tenant was another: what
// was stored, while that is within the integration's own; else the integration's own.
[[nodiscard]] std::string tenant_of_link(const IntegrationSettings& settings,
                                         const std::string& stored);

// The integration and its settings at once. Besides: unknown_integration.
Task<Result<Integration, Problem>> resolve_integration(const FlowContext* context, std::string org,
                                                       std::string name, std::string tenant);
Task<Result<Integration, Problem>> resolve_integration_within(const FlowContext* context,
                                                              std::string org, std::string name,
                                                              std::string tenant);

// With the client secret in it: in the authority only.
[[nodiscard]] TokenEndpoint token_endpoint(const Integration& integration,
                                           const IntegrationSettings& settings);

// The scope parameter of a token request for one API; empty: none is sent.
[[nodiscard]] std::string token_scope(const Integration& integration, const Api& api);
// The same for the exchange of a code, whose answer says who signed in: with the scopes of OpenID
// Connect, of whichever API the token is.
[[nodiscard]] std::string code_scope(const Integration& integration, const Api& api);

// Asks for what one link or connection has (separated by blanks) instead of the integration's own;
// for that, where it is empty.
void ask_for(Integration* integration, std::string_view scopes);

// For a token of an API that people are not asked for on connecting (Api::on_demand): its own scope
// besides, unless some are asked for there already. Not for an account whose directory
// (`account_tenant`) cannot have it.
void ask_on_demand(Integration* integration, const Api& api, std::string_view account_tenant);

// What a link asks for, as a caller names it. Those that make a sign-in what it is (openid,
// offline_access) come along where the integration has them. Fault: invalid_request, which names
// what may be asked for.
[[nodiscard]] Result<std::string, Problem> scopes_of_link(const Integration& integration,
                                                          std::string_view scopes);

// May a link ask for it: of the integration's scopes, or allowed besides?
[[nodiscard]] bool may_ask_for(const Integration& integration, std::string_view scope);

// Those of a connection's scopes (separated by blanks) that a link may ask for today.
[[nodiscard]] std::string still_allowed(const Integration& integration, std::string_view scopes);

// The `claims` parameter of a request (OIDC Core 5.5): those of a challenge (a JSON object, or
// empty) and the integration's client capabilities. Empty: none is sent.
[[nodiscard]] std::string claims_parameter(const Integration& integration,
                                           std::string_view challenge);

// The API that a caller names, or the first one. Fault: invalid_request, which names them all.
[[nodiscard]] Result<const Api*, Problem> api_named(const Provider& provider,
                                                    std::string_view name);

// Whoever signs in would come back to another integration's callback, and be refused there. A path
// that is neither may be another server's, which knows where the callback is.
[[nodiscard]] bool returns_to_another(const Integration& integration);

// May the app act as itself in this directory for the organization? It is the integration's own
// (<PREFIX>_TENANT_ID), or on the organization's list (ALLOWED_APP_DIRECTORIES, JSON: {"org":
// ["<id or domain>"]}; "*" stands for every organization). Who consents there says nothing of which
// organization may: the app is one for all of them.
[[nodiscard]] bool may_act_in(const FlowContext& context, const IntegrationSettings& settings,
                              std::string_view org, std::string_view directory);

// Is this exact URL on the organization's list (ALLOWED_RETURN_URLS, JSON: {"org": ["https://…"]})?
[[nodiscard]] bool is_allowed_return_url(const FlowContext& context, std::string_view org,
                                         std::string_view url);

}  // namespace postern
