// The redirect that sends a browser to the provider (RFC 6749 4.1.1, RFC 7636 4.3, OIDC
// Core 3.1.2.1).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/form.h"

namespace postern {

struct AuthorizationRequest {
  std::string authorization_endpoint;  // an absolute URL without fragment; may have a query
  std::string client_id;
  std::string redirect_uri;
  std::vector<std::string> scopes;
  std::string scope_separator = " ";
  std::string state;
  std::string code_challenge;  // S256; empty: the provider takes none
  std::string nonce;           // empty: not OIDC, none is sent
  // prompt, login_hint, access_type, claims, … An empty value is left out. One that names a
  // parameter from above is ignored: provider data cannot weaken a request.
  FormFields extra;
};

// The absolute URL, its query form-encoded; what the endpoint had as a query stays in front.
[[nodiscard]] std::string make_authorization_url(const AuthorizationRequest& request);

}  // namespace postern
