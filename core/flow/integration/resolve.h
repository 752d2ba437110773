// An organization's registered app at a provider, resolved from the Worker's environment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/base/url.h"
#include "core/connection/schedule.h"
#include "core/flow/frame/context.h"
#include "core/oauth/token_request.h"
#include "core/provider/catalogue.h"
#include "core/provider/microsoft.h"

namespace postern {

struct Integration {
  std::string name;
  const Provider* provider = nullptr;
  Tenant tenant;
  MicrosoftEndpoints endpoints;
  std::string client_id;
  std::string redirect_uri;
  std::string public_origin;  // of redirect_uri: where Postern itself is reached
  std::string public_url;     // the same, and the path that it is mounted at
  std::string graph_origin;
  std::string arm_origin;
  std::vector<std::string> scopes;

  [[nodiscard]] std::string_view origin_of(Resource resource) const {
    return resource == Resource::graph ? graph_origin : arm_origin;
  }
};

// `tenant`: empty for the integration's own. Faults: unknown_integration, invalid_request (tenant),
// integration_not_configured (names the variable, never its value).
[[nodiscard]] Result<Integration, Problem> resolve_integration(const FlowContext& context,
                                                               std::string_view name,
                                                               std::string_view tenant);

// What a provider does with grants, and when its tokens are refreshed unasked.
struct GrantRules {
  ReplayRule replay;
  RefreshPolicy policy;
};
// The catalogue's, but for what the operator declares (AZURE_REPLAY, AZURE_REFRESH_…,
// AZURE_GRANT_…). What the catalogue says of replaying is true of Entra: of a server at another
// origin that declares nothing the strictest is assumed. Fault: integration_not_configured (names
// the variable).
[[nodiscard]] Result<GrantRules, Problem> grant_rules(const FlowContext& context,
                                                      const Provider& provider);

// With the client secret in it: in the authority only.
[[nodiscard]] TokenEndpoint token_endpoint(const Integration& integration,
                                           const FlowContext& context);

// The scope parameter of a token request for one resource.
[[nodiscard]] std::string token_scope(const Integration& integration, Resource resource);

// Origins named by ALLOW_INSECURE_ORIGINS (comma-separated).
[[nodiscard]] std::vector<std::string> insecure_origins(const FlowContext& context);

// Is this exact URL on the organization's list (ALLOWED_RETURN_URLS, JSON: {"org": ["https://…"]})?
[[nodiscard]] bool is_allowed_return_url(const FlowContext& context, std::string_view org,
                                         std::string_view url);

}  // namespace postern
