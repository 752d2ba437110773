// The redirect to the provider and what must be remembered of it.
#pragma once

#include <string>
#include <string_view>

#include "core/flow/integration/resolve.h"
#include "core/flow/store/states.h"
#include "core/oauth/callback.h"

namespace postern {

// What a browser takes to `return_to` to have its sign-in confirmed: the same one however often it
// comes, and known to nobody who has not its cookie.
[[nodiscard]] std::string confirmation_code(std::string_view attempt, std::string_view cookie);

// Derived from the state, so that nothing more has to be stored: who does not know the state cannot
// know the nonce.
[[nodiscard]] std::string nonce_of_state(std::string_view state);

// `claims`: a claims challenge of the provider (OIDC Core 5.5), or empty.
[[nodiscard]] std::string sign_in_url(const Integration& integration, std::string_view state,
                                      std::string_view code_challenge, std::string_view claims);

[[nodiscard]] IssuedState issued_state_of(const StateRow& row, const Integration& integration);

}  // namespace postern
