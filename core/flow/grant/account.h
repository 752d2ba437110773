// Which account at the provider a sign-in was of: by the ID token, or by the provider's profile
// endpoint where there is none.
#pragma once

#include <string>

#include "core/connection/record.h"
#include "core/flow/grant/identity.h"
#include "core/flow/integration/resolve.h"
#include "core/oauth/token_response.h"

namespace postern {

// The provider has ID tokens: what it says counts, and its signature.
Task<Result<Account, IdentityFault>> account_by_id_token(const Integration* integration,
                                                         std::string id_token, std::string nonce,
                                                         EpochMs at);
// It has none: whom the access token belongs to says the profile endpoint.
Task<Result<Account, IdentityFault>> account_by_profile(const Integration* integration,
                                                        std::string access_token);
// Names for people, by the profile endpoint, for an account that is known already. Failing changes
// nothing; names of another account would be a mix-up of people, and are not taken.
Task<Account> with_profile(const Integration* integration, std::string access_token,
                           Account account);

// Does the profile endpoint say that the token is over? False where it says nothing.
Task<bool> is_refused_token(const Integration* integration, std::string access_token);

}  // namespace postern
