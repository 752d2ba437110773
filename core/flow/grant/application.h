// The registered app itself in one directory: its token requests, and what its tokens say.
#pragma once

#include <string>
#include <string_view>

#include "core/connection/application.h"
#include "core/flow/authority/state.h"
#include "core/flow/integration/resolve.h"
#include "core/oauth/token_request.h"
#include "core/oauth/token_response.h"

namespace postern {

// What the integration asks for as itself at one API, in `directory`. Faults: resource_not_granted
// (the provider has no such access), directory_not_allowed; of prove_application.
Task<Result<TokenRequest, Problem>> application_request(const AuthorityState* state,
                                                        const Integration* integration,
                                                        const Api* api, std::string directory,
                                                        std::string claims);

// What a token says of itself; empty where it cannot be read, which is its API's business.
[[nodiscard]] ApplicationToken read_application_token(const Provider& provider,
                                                      std::string_view access_token);
// Is it, as far as it says, the app's own, in that directory? A directory's domain says nothing of
// its id.
[[nodiscard]] bool is_token_of(const ApplicationToken& token, const Application& application);

// Makes an answer that of an application's: no refresh token comes of it (RFC 6749 4.4.3), and its
// scope is what the token may do. False: the token is somebody else's.
[[nodiscard]] bool take_as_application(const ConnectionRecord& record, TokenResponse* response);

}  // namespace postern
