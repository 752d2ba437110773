// An account that cannot have all that is asked for: the same browser is sent on, for the rest.
#pragma once

#include <string>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/states.h"

namespace postern {

// The scopes to ask for instead, separated by blanks, where the provider answered `error`; empty:
// the refusal stands.
[[nodiscard]] std::string fewer_scopes(const Integration& integration, std::string_view error);

struct FewerWish {
  StateRow row;  // whose state has been consumed
  Integration integration;
  std::string cookie;  // of the attempt, as the browser has it
  std::string scopes;
};
// A new state for the attempt, for the same cookie, and a redirect to the provider with it.
Task<Outcome> sign_in_for_fewer(FlowContext* context, FewerWish wish);

}  // namespace postern
