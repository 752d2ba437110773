// How attempts to connect stand: for the browser that began one, and for whoever made its link.
#pragma once

#include <string>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/store/links.h"
#include "core/page/page.h"

namespace postern {

// What became of an attempt, for the browser whose it was, which `cookie` has shown: once more the
// page that told it, or `otherwise` where none did. While the sign-in waits for its confirmation
// the browser goes back to `return_to` with the same code once more.
Task<Outcome> ended_page(const FlowContext* context, LinkRow link, std::string cookie,
                         PageKind otherwise);

// Keeps how an attempt ended, in one try: whoever waits is answered all the same.
Task<std::monostate> keep_end(const ConnectionId* id, std::string attempt, std::string outcome,
                              std::string cause);

}  // namespace postern
