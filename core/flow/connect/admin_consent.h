// An administrator comes back from the provider, with a directory's consent or without.
#pragma once

#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

// Is the callback's answer one to a request for an administrator's consent?
[[nodiscard]] bool answers_admin_consent(std::string_view query);

// No cookie is asked for: whoever asked need not be the administrator, and the consent is the
// directory's, nobody's account. So all that is believed of it is that its state was made here; and
// what it says is stored as claimed.
Task<Outcome> admin_consent_callback(FlowContext* context);

}  // namespace postern
