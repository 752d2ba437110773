// An account that cannot have all that is asked for: the same browser is sent on, for the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/store/states.h"
#include "core/oauth/callback.h"
#include "core/oauth/state.h"

namespace postern {

// The state of the second request; it follows from the first one's, so that whoever has begun the
// attempt finds it. `cookie`: as the browser sends it.
[[nodiscard]] MintedState state_for_fewer(std::string_view attempt, std::string_view state,
                                          std::string_view cookie);

struct FewerWish {
  StateRow row;  // lives, and is of this browser
  CallbackParameters parameters;
  std::string path_integration;
  std::string cookie;
};
// A redirect to the provider, with a new state of the attempt for the same cookie in place of the
// one that came back. nullopt: the refusal stands, because nothing is left to ask for, or it was
// for fewer already; nothing was changed.
Task<std::optional<Outcome>> sign_in_for_fewer(FlowContext* context, FewerWish wish);

// The browser brings the first refusal once more, having gone back: the same redirect, while the
// second request's state lives.
Task<std::optional<Outcome>> sign_in_for_fewer_again(FlowContext* context, std::string attempt,
                                                     std::string state, std::string cookie);

}  // namespace postern
