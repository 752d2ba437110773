#include "core/flow/connect/sign_in.h"

#include "core/base/sha256.h"
#include "core/flow/store/states.h"
#include "core/oauth/authorization_request.h"

namespace postern {

std::string nonce_of_state(std::string_view state) {
  return sha256_base64url("postern-nonce-1:" + std::string(state));
}

std::string confirmation_code(std::string_view attempt, std::string_view cookie) {
  return sha256_base64url("postern-confirm-1:" + std::string(attempt) + ':' + std::string(cookie));
}

std::string sign_in_url(const Integration& integration, std::string_view state,
                        std::string_view code_challenge, std::string_view claims) {
  const Provider& provider = *integration.provider;
  AuthorizationRequest request{
      .authorization_endpoint = integration.endpoints.authorization,
      .client_id = integration.client_id,
      .redirect_uri = integration.redirect_uri,
      .scopes = integration.scopes,
      .scope_separator = std::string(provider.scope_separator),
      .state = std::string(state),
      .code_challenge = std::string(provider.sends_pkce ? code_challenge : std::string_view()),
      .nonce = provider.issuer.empty() ? std::string() : nonce_of_state(state),
      .extra = authorization_parameters(provider)};
  bool has_prompt = false;
  for (const auto& [name, value] : request.extra) {
    has_prompt = has_prompt || name == "prompt";
  }
  if (!has_prompt) {
    // Without it single sign-on would connect whoever is signed in, with no click at all.
    request.extra.emplace_back("prompt", "select_account");
  }
  if (const auto parameter = claims_parameter(integration, claims); !parameter.empty()) {
    request.extra.emplace_back("claims", parameter);
  }
  return make_authorization_url(request);
}

IssuedState issued_state_of(const StateRow& row, const Integration& integration) {
  return {.attempt = row.attempt,
          .state_hash = row.state_hash,
          .integration = row.id.integration,
          .redirect_uri = row.redirect_uri,
          .code_challenge = row.code_challenge,
          .expected_issuer = integration.endpoints.issuer,
          .issuer_required = false,
          .decline_codes = integration.provider->decline_codes};
}

}  // namespace postern
