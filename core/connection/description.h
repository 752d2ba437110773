// A connection as callers see it: no token is in it.
#pragma once

#include <string>
#include <vector>

#include "core/connection/record.h"
#include "core/connection/schedule.h"
#include "core/oauth/provider_words.h"

namespace postern {

// What was asked for and is not among what the tokens say that was granted.
[[nodiscard]] std::vector<std::string> missing_scopes(const ConnectionRecord& record,
                                                      const RefreshPolicy& policy);

// Who can mend what the provider said of it (who_can_fix). No person stands behind an application:
// what one would do at the provider is its directory's administrator's.
[[nodiscard]] std::string_view fix_for(const ConnectionRecord& record, const ProviderWords& said);

[[nodiscard]] std::string connection_json(const ConnectionRecord& record,
                                          const RefreshPolicy& policy);

}  // namespace postern
