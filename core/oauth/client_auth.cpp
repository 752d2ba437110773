#include "core/oauth/client_auth.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/secret.h"

namespace postern {
namespace {

// RFC 4648 section 4, with padding: what RFC 7617 wants and nothing else here does.
std::string base64(std::string_view bytes) {
  std::string text = base64url_encode(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// A lone form value: the encoding of a field with no name, without its '='.
std::string form_encode_value(std::string_view value) {
  std::string encoded = form_encode({{"", std::string(value)}});
  encoded.erase(0, 1);
  return encoded;
}

}  // namespace

void apply_client_auth(ClientAuthMethod method, std::string_view client_id, std::string_view proof,
                       FormFields& body, HeaderFields& headers) {
  switch (method) {
    case ClientAuthMethod::post:
      body.emplace_back("client_id", client_id);
      body.emplace_back("client_secret", proof);
      return;
    case ClientAuthMethod::basic: {
      std::string pair = form_encode_value(client_id);
      pair += ':';
      pair += form_encode_value(proof);
      std::string encoded = base64(pair);
      headers.emplace_back("authorization", "Basic " + encoded);
      wipe(pair);
      wipe(encoded);
      return;
    }
    case ClientAuthMethod::assertion:
      body.emplace_back("client_id", client_id);
      body.emplace_back("client_assertion_type", kJwtAssertionType);
      body.emplace_back("client_assertion", proof);
      return;
    case ClientAuthMethod::none:
      body.emplace_back("client_id", client_id);
      return;
  }
}

}  // namespace postern
