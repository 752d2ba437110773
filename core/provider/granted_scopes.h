// What was asked for, what the provider gave, and what is missing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/provider/catalogue.h"

namespace postern {

// OIDC Core 3.1.2.1, 5.4, 11: about who the person is, and whether access lasts. Tokens of an API
// have nothing to do with them, and providers leave them out of what they list.
[[nodiscard]] bool is_identity_scope(std::string_view scope);

// Those of `asked` for this API that are not among `granted`, as one of its tokens lists them
// (RFC 6749 5.1: nothing listed means that all was granted). The provider may spell a scope with
// the API's identifier or without, in another case, or list one that implies it.
[[nodiscard]] std::vector<std::string> missing_scopes(const Provider& provider, const Api& api,
                                                      std::span<const std::string> asked,
                                                      std::string_view granted);

// Does a token that lists `granted` lack this scope of its API? Where it lists nothing it does not.
[[nodiscard]] bool lacks_scope(const Provider& provider, const Api& api, const std::string& scope,
                               std::string_view granted);

// Is anything asked for at this API? Where one token serves all APIs: always.
[[nodiscard]] bool asks_for_api(const Provider& provider, const Api& api,
                                std::span<const std::string> asked);

}  // namespace postern
