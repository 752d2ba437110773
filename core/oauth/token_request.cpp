#include "core/oauth/token_request.h"

#include <utility>

namespace postern {
namespace {

TokenRequest finish(const TokenEndpoint& endpoint, FormFields fields, const AskedOfToken& asked) {
  TokenRequest request;
  request.url = endpoint.url;
  request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  // GitHub answers form-encoded without it.
  request.headers.emplace_back("accept", "application/json");
  if (!asked.scope.empty()) fields.emplace_back("scope", asked.scope);
  if (!asked.claims.empty()) fields.emplace_back("claims", asked.claims);
  apply_client_auth(endpoint.auth, endpoint.client_id, endpoint.proof(), fields, request.headers);
  request.body = Secret(form_encode(fields));
  for (auto& field : fields) wipe(field.second);
  return request;
}

}  // namespace

TokenRequest make_code_token_request(const TokenEndpoint& endpoint,
                                     const ValidatedCallback& callback,
                                     std::string_view code_verifier, const AskedOfToken& asked) {
  FormFields fields;
  fields.reserve(9);  // no growth, so no copies of secrets are left behind
  fields.emplace_back("grant_type", "authorization_code");
  fields.emplace_back("code", callback.code().reveal());
  fields.emplace_back("redirect_uri", callback.redirect_uri());
  if (!code_verifier.empty()) fields.emplace_back("code_verifier", code_verifier);
  return finish(endpoint, std::move(fields), asked);
}

TokenRequest make_refresh_token_request(const TokenEndpoint& endpoint,
                                        std::string_view refresh_token, const AskedOfToken& asked) {
  FormFields fields;
  fields.reserve(7);
  fields.emplace_back("grant_type", "refresh_token");
  fields.emplace_back("refresh_token", refresh_token);
  return finish(endpoint, std::move(fields), asked);
}

TokenRequest make_client_credentials_request(const TokenEndpoint& endpoint,
                                             const AskedOfToken& asked) {
  FormFields fields;
  fields.reserve(6);
  fields.emplace_back("grant_type", "client_credentials");
  return finish(endpoint, std::move(fields), asked);
}

}  // namespace postern
