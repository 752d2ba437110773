// What a provider's refusal means to people, and who can mend it.
#pragma once

#include <string_view>

#include "core/oauth/provider_words.h"

namespace postern {

// `provider`: its id; of one that this release does not know the standard's words are left.
// "user", "administrator" (of the provider's directory), "operator" (of the integration).
[[nodiscard]] std::string_view who_can_fix(std::string_view provider, const ProviderWords& words);
// One sentence, without a full stop; empty where nothing more is known than the code.
[[nodiscard]] std::string_view meaning_of(std::string_view provider, const ProviderWords& words);

}  // namespace postern
