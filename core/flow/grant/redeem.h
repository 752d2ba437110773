// The irreversible half of connecting: the code is redeemed here, where a closed tab, a cancelled
// request or a crash cannot come between the answer and its storage.
#pragma once

#include "core/flow/authority/state.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/grant/refresh.h"

namespace postern {

// For an open journal of kind code: finishes with the kept answer, or closes the journal, because a
// code that was sent once must not be sent again (RFC 6749 4.1.2), or because the sign-in waits for
// its backend, which gets its code through the browser of the callback alone.
Task<Outcome> settle_code(FlowContext* context, AuthorityState* state);

// Whatever earlier exchanges left open. A sign-in that waits does not keep the connection that is
// there from going on. `wanted`: the resource that somebody asks for, if any (settle_refresh).
Task<RefreshResult> settle(FlowContext* context, AuthorityState* state, std::string wanted);

}  // namespace postern
