// Which database a statement goes to, and nothing else in the core says so. There is one today,
// bound as "DB"; that organizations live in several, or in one of their own, is to be decided here.
#pragma once

#include <string_view>
#include <vector>

#include "core/effect/effects.h"

namespace postern {

// Rows of one organization, which every statement on them names.
[[nodiscard]] Sql in_database_of(std::string_view org, std::vector<SqlStatement> statements);

// Rows that are found by a secret's hash alone, before anybody knows the organization: connect
// links, states of sign-ins, API keys. And what asks no table at all.
[[nodiscard]] Sql in_shared_database(std::vector<SqlStatement> statements);

// Rows of all organizations, wherever they live: the same statements, once for each database.
[[nodiscard]] std::vector<Sql> in_every_database(std::vector<SqlStatement> statements);

}  // namespace postern
