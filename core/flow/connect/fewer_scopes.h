// An account that cannot have all that is asked for: the same browser is sent on, for the rest.
#pragma once

#include <optional>
#include <string>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/states.h"
#include "core/oauth/callback.h"

namespace postern {

// The scopes to ask for instead, separated by blanks; empty: the refusal stands.
[[nodiscard]] std::string fewer_scopes(const Integration& integration, const CallbackFault& fault);

// A new state for the attempt of `row`, whose own has been consumed, and a redirect to the provider
// with it.
Task<Outcome> sign_in_for_fewer(FlowContext* context, StateRow row, Integration integration,
                                std::string scopes);

}  // namespace postern
