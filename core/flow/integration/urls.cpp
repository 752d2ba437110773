// URLs that are built and never fetched.
#include "core/base/json_writer.h"
#include "core/flow/integration/operations.h"
#include "core/flow/integration/resolve.h"

namespace postern {

Task<Outcome> admin_consent_url_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto integration =
      resolve_integration(*context, parameters.text("integration"), parameters.text("tenant_id"));
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const std::string redirect_uri(parameters.text("redirect_uri"));
  if (!redirect_uri.empty() &&
      !is_allowed_return_url(*context, context->caller.org, redirect_uri)) {
    co_return problem_outcome(ProblemCode::redirect_uri_not_allowed);
  }
  const auto url = admin_consent_url(
      integration->tenant,
      {.login_origin = integration->endpoints.authorize.substr(
           0, integration->endpoints.authorize.find('/', sizeof("https://"))),
       .client_id = integration->client_id,
       .redirect_uri = redirect_uri.empty() ? integration->redirect_uri : redirect_uri,
       .state = std::string(parameters.text("state")),
       .scopes = {}});
  if (!url) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "Personal accounts have no administrator");
  }
  JsonWriter out;
  co_return json_outcome(out.begin_object().member("url", *url).end_object().take());
}

Task<Outcome> logout_url_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto integration =
      resolve_integration(*context, parameters.text("integration"), parameters.text("tenant_id"));
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const auto return_to = parameters.text("return_to");
  if (!return_to.empty() && !is_allowed_return_url(*context, context->caller.org, return_to)) {
    co_return problem_outcome(ProblemCode::return_to_not_allowed);
  }
  JsonWriter out;
  co_return json_outcome(out.begin_object()
                             .member("url", logout_url(integration->endpoints, return_to))
                             .end_object()
                             .take());
}

}  // namespace postern
