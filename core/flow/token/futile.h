// Where another token does not help, although its status says so: there 401 means something else,
// and another token costs a request that the token endpoint counts
// (microsoft-graph-docs-contrib#2137, CommunityToolkit/Graph-Controls#143).
#pragma once

#include <string>

#include "core/connection/record.h"
#include "core/effect/task.h"

namespace postern {

struct RefusedPlace {
  ConnectionId id;
  std::string resource;      // the token's name
  std::string url;           // of the API; the query does not count
  std::int64_t version = 0;  // of the newest token that was refused there
};
// Was this version's token, newly issued, refused there too? The isolate remembers.
Task<bool> is_futile(RefusedPlace place);
Task<std::monostate> remember_futile(RefusedPlace place);

}  // namespace postern
