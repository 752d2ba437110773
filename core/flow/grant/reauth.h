// What is said where only a person can help.
#pragma once

#include <string>

#include "core/base/problem.h"
#include "core/effect/task.h"
#include "core/flow/authority/state.h"

namespace postern {

// needs_reauth, with a connect link for that person; the same one for whoever asks within 30 s.
// `resource`: what alone wants a person, or empty. Where people are not asked for it on connecting
// (Api::on_demand) the link asks for it, besides what the connection has.
Task<Problem> needs_reauth_problem(FlowContext* context, const AuthorityState* state,
                                   std::string resource = {});

// An API refused a token of `resource` that lacks `scope`: needs_reauth, with a link that asks for
// it besides what the connection has; provider_forbidden where no link may ask for it.
Task<Problem> lacking_scope_problem(FlowContext* context, const AuthorityState* state,
                                    std::string scope);

// The link of this attempt was used: whoever asks next gets another one.
Task<std::monostate> forget_reauth_link(std::string attempt);

}  // namespace postern
