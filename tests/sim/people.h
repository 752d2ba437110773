// What the providers say of people: ID tokens, the keys that sign them, profiles.
#pragma once

#include <string>
#include <string_view>

#include "core/effect/effects.h"
#include "tests/sim/provider_settings.h"

namespace postern::sim {

// Persons 0, 1, …: at Microsoft people of one directory.
struct SignedFor {
  int person = 0;
  std::string_view nonce;
  EpochMs now = 0;
};
// Empty where the vendor has none.
[[nodiscard]] std::string id_token_of(Vendor vendor, const ProviderSettings& settings,
                                      const SignedFor& what);
[[nodiscard]] HttpReply keys_of(Vendor vendor, const ProviderSettings& settings);
[[nodiscard]] HttpReply profile_of(Vendor vendor, int person);
// Is it this key's? Each vendor signs with its own.
[[nodiscard]] bool holds(const VerifySignature& signature);

}  // namespace postern::sim
