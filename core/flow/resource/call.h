// One GET, or all pages of one, at a provider's API with the caller's user's token.
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

// The reply's JSON, or the outcome that ends the flow. A 401 is answered by one forced refresh and
// one more try; redirects are not followed; 429 is passed on with its Retry-After.
Task<Result<Json, Outcome>> get_resource(FlowContext* context, ResourceGet get);

// {"<member>": […]}: the `value` arrays of all pages, 1 MiB and 100 pages at most. A nextLink is
// followed only to the same origin: a link to anywhere else would carry the token there.
Task<Outcome> list_resource(FlowContext* context, ResourceGet get, std::string member,
                            bool all_pages);

}  // namespace postern
