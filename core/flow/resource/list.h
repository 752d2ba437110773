// A list in pages, at a provider's API with the caller's user's token.
#pragma once

#include <string>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

// What a caller can do about an answer that does not fit. `list`: it is a list, or a page of one.
[[nodiscard]] Problem answer_too_large(std::string_view list, bool one_page);

// {"<member>": […], "next_cursor", "count"}: what the operation's call lists, of all pages, 1 MiB
// and 100 pages at most, or of one that is not empty; `next_cursor` where another page follows. By
// the parameters `top`, `cursor`, `select`, `orderby`, `count`. A link to the next page is followed
// only at the same origin: one to anywhere else would carry the token there.
Task<Outcome> list_resource(FlowContext* context, std::string path_and_query, Pairs headers);

}  // namespace postern
