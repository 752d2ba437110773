// Ending a token at the server that issued it (RFC 7009 2.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/secret.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/token_request.h"

namespace postern {

struct RevocationRequest {
  std::string method = "POST";
  std::string url;
  HeaderFields headers;
  Secret body;
};

// `endpoint.url` is the revocation endpoint. `hint`: "refresh_token" or "access_token".
[[nodiscard]] RevocationRequest make_revocation_request(const TokenEndpoint& endpoint,
                                                        std::string_view token,
                                                        std::string_view hint);

enum class RevocationResult : std::uint8_t {
  done,           // the token is over
  unknown_token,  // it was not there any more
  unclear,        // that, or the client is not who it has to be
  try_again,      // it was not taken
  unknown,        // nobody says what became of it: it may be at work still
};
// By the answer. A token that the server does not know is answered with 200 (RFC 7009 2.2), or with
// 400 `invalid_token`; 404 and 422 stand for that at some servers, and for wrong credentials or
// too many requests too. What answers 5xx may stand in front of a server that is at work on it.
[[nodiscard]] RevocationResult result_of_revocation(int status, std::string_view body);

}  // namespace postern
