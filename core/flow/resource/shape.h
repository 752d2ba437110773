// What an API that can neither select nor order leaves to us.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/flow/resource/query.h"

namespace postern {

// Of each item those members alone that are named; of a path the members on its way.
void keep_members(Json& items, const std::vector<std::string_view>& members);

// By the first ordering, then the next: numbers by value, text without regard to ASCII case, what
// is absent first. Items that are alike keep their order.
void sort_items(Json& items, const std::vector<Ordering>& orderings);

}  // namespace postern
