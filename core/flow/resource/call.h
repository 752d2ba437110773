// One GET, or a list in pages, at a provider's API with the caller's user's token.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"

namespace postern {

struct ResourceGet {
  std::string_view api;        // of the catalogue
  std::string path_and_query;  // begins with '/'; assembled from percent-encoded pieces
};

// The reply's JSON, or the outcome that ends the flow.
Task<Result<Json, Outcome>> get_resource(FlowContext* context, ResourceGet get);

struct ListWish {
  std::string_view api;
  std::string path_and_query;  // of the first page
  std::string_view member;     // of the answer
  // One page at a time in any case. Otherwise all pages, unless the caller asks for one by `top` or
  // `cursor`.
  bool one_page = false;
  // The API neither selects nor orders: it is done here.
  bool shaped_here = false;
};

// {"<member>": […], "next_cursor"}: the `value` arrays of all pages, 1 MiB and 100 pages at most,
// or of one that is not empty; `next_cursor` where another page follows. By the parameters `top`,
// `cursor`, `select`, `orderby`, which are checked here. A link to the next page is followed only
// at the same origin: one to anywhere else would carry the token there.
Task<Outcome> list_resource(FlowContext* context, ListWish wish);

}  // namespace postern
