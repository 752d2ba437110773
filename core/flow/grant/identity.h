// Who signed in: the ID token's signature and claims.
#pragma once

#include <string>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/integration/resolve.h"
#include "core/oauth/id_token.h"

namespace postern {

struct IdentityFault {
  std::string reason;      // stable word
  bool transient = false;  // keys could not be fetched: nothing is known about the token
};

// OIDC Core 3.1.3.7: decode, find the key (fetched once more when the `kid` is unknown, at most
// every 30 s), verify, validate as of `at`. `id_token` is never stored.
Task<Result<Identity, IdentityFault>> verify_identity(const Integration* integration,
                                                      std::string id_token, std::string nonce,
                                                      EpochMs at);

}  // namespace postern
