// URLs that are built and never fetched.
#include "core/base/base64url.h"
#include "core/base/form.h"
#include "core/base/json_writer.h"
#include "core/flow/integration/admin_consent.h"
#include "core/flow/integration/operations.h"
#include "core/flow/integration/resolve.h"

namespace postern {

Task<Outcome> admin_consent_url_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto integration = co_await resolve_integration_within(
      context, context->caller.org, std::string(parameters.text("integration")),
      std::string(parameters.text("tenant_id")));
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const std::string redirect_uri(parameters.text("redirect_uri"));
  if (!redirect_uri.empty() &&
      !is_allowed_return_url(*context, context->caller.org, redirect_uri)) {
    co_return problem_outcome(ProblemCode::redirect_uri_not_allowed);
  }
  const auto* hooks = integration->provider->hooks;
  if (hooks == nullptr || hooks->admin_consent_url == nullptr) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "The provider of this integration has no admin consent");
  }
  AdminConsentRequest request{.login_origin = integration->login_origin,
                              .tenant = integration->tenant,
                              .client_id = integration->client_id,
                              .redirect_uri = redirect_uri,
                              .state = std::string(parameters.text("state")),
                              .scopes = {}};
  EpochMs expires_at = 0;
  if (redirect_uri.empty()) {
    // The answer is Postern's, and so is what tells it from anybody's.
    if (!request.state.empty()) {
      co_return problem_outcome(ProblemCode::invalid_request, "`state` needs `redirect_uri`");
    }
    if (returns_to_another(*integration)) {
      co_return problem_outcome(
          not_configured(variable_of(*integration->provider, setting::kRedirectUri)));
    }
    const auto now = co_await current_time();
    expires_at = now + kAdminConsentLifeMs;
    auto state = co_await seal_admin_consent(
        {.org = context->caller.org,
         .attempt = "adm_" + base64url_encode(context->take_entropy(kAdminConsentEntropy)),
         .integration = integration->name,
         .client_id = integration->client_id,
         .tenant = integration->tenant,
         .expires_at = expires_at});
    if (!state) {
      co_return problem_outcome(state.error());
    }
    request.redirect_uri = integration->redirect_uri;
    request.state = std::move(*state);
  }
  const auto url = hooks->admin_consent_url(request);
  if (!url) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "Personal accounts have no administrator");
  }
  JsonWriter out;
  out.begin_object().member("url", *url);
  if (expires_at != 0) {
    out.member("expires_at", format_iso8601(expires_at));
  }
  co_return json_outcome(out.end_object().take());
}

Task<Outcome> logout_url_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto integration = co_await resolve_integration_within(
      context, context->caller.org, std::string(parameters.text("integration")),
      std::string(parameters.text("tenant_id")));
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const auto return_to = parameters.text("return_to");
  if (!return_to.empty() && !is_allowed_return_url(*context, context->caller.org, return_to)) {
    co_return problem_outcome(ProblemCode::return_to_not_allowed);
  }
  std::string url = integration->endpoints.logout;
  if (url.empty()) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "The provider of this integration has no sign-out page");
  }
  // OIDC RP-Initiated Logout 1.0 section 2.
  if (!return_to.empty()) {
    url += '?';
    url += form_encode({{"post_logout_redirect_uri", std::string(return_to)}});
  }
  JsonWriter out;
  co_return json_outcome(out.begin_object().member("url", url).end_object().take());
}

}  // namespace postern
