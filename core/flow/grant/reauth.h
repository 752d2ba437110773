// What is said where only a person can help.
#pragma once

#include <string>

#include "core/base/problem.h"
#include "core/effect/task.h"
#include "core/flow/authority/state.h"

namespace postern {

// needs_reauth, with a connect link for that person; the same one for whoever asks within 30 s.
Task<Problem> needs_reauth_problem(FlowContext* context, const AuthorityState* state);

// The link of this attempt was used: whoever asks next gets another one.
Task<std::monostate> forget_reauth_link(std::string attempt);

}  // namespace postern
