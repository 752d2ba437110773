#include "core/oauth/authorization_request.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/oauth/scope.h"

namespace postern {
namespace {

constexpr std::array<std::string_view, 11> kOwnParameters = {
    "response_type", "client_id", "redirect_uri",   "scope",
    "state",         "nonce",     "code_challenge", "code_challenge_method",
    "response_mode", "request",   "request_uri"};

}  // namespace

std::string make_authorization_url(const AuthorizationRequest& request) {
  FormFields fields;
  fields.reserve(8 + request.extra.size());
  fields.emplace_back("response_type", "code");
  fields.emplace_back("client_id", request.client_id);
  fields.emplace_back("redirect_uri", request.redirect_uri);
  if (!request.scopes.empty()) {
    fields.emplace_back("scope", join_scopes(request.scopes, request.scope_separator));
  }
  fields.emplace_back("state", request.state);
  if (!request.code_challenge.empty()) {
    fields.emplace_back("code_challenge", request.code_challenge);
    fields.emplace_back("code_challenge_method", "S256");
  }
  if (!request.nonce.empty()) fields.emplace_back("nonce", request.nonce);
  for (const auto& [name, value] : request.extra) {
    if (value.empty() || std::ranges::find(kOwnParameters, name) != kOwnParameters.end()) continue;
    fields.emplace_back(name, value);
  }

  std::string url = request.authorization_endpoint;
  if (!url.contains('?')) {
    url += '?';
  } else if (!url.ends_with('?') && !url.ends_with('&')) {
    url += '&';
  }
  url += form_encode(fields);
  return url;
}

}  // namespace postern
