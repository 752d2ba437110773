// Requests to the token endpoint (RFC 6749 4.1.3, 4.4.2, 6; RFC 7636 4.5). Made here, sent by a
// flow.
#pragma once

#include <string>
#include <string_view>

#include "core/base/secret.h"
#include "core/oauth/callback.h"
#include "core/oauth/client_auth.h"

namespace postern {

struct TokenRequest {
  std::string url;
  HeaderFields headers;  // content-type, accept, and authorization where Basic is used
  Secret body;           // form-encoded; method POST
};

struct TokenEndpoint {
  std::string url;
  ClientAuthMethod auth = ClientAuthMethod::post;
  std::string client_id;
  Secret client_secret;     // empty for a public client
  Secret client_assertion;  // for ClientAuthMethod::assertion alone, of this request alone

  [[nodiscard]] std::string_view proof() const {
    return auth == ClientAuthMethod::assertion ? client_assertion.reveal() : client_secret.reveal();
  }
};

// What is empty is left out.
struct AskedOfToken {
  std::string scope;   // space-separated
  std::string claims;  // OIDC Core 5.5, as Entra takes it at its token endpoint too
};
[[nodiscard]] TokenRequest make_code_token_request(const TokenEndpoint& endpoint,
                                                   const ValidatedCallback& callback,
                                                   std::string_view code_verifier,
                                                   const AskedOfToken& asked);

[[nodiscard]] TokenRequest make_refresh_token_request(const TokenEndpoint& endpoint,
                                                      std::string_view refresh_token,
                                                      const AskedOfToken& asked);

[[nodiscard]] TokenRequest make_client_credentials_request(const TokenEndpoint& endpoint,
                                                           const AskedOfToken& asked);

}  // namespace postern
