// What each provider of a history is truly like, and what the core is told of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "tests/sim/dice.h"
#include "tests/sim/vendor.h"

namespace postern::sim {

// What it truly does with a refresh token that was used.
enum class Replay : std::uint8_t { not_rotated, old_stays_valid, reuse_leeway, single_use, family };
[[nodiscard]] std::string_view name_of(Replay replay);

// What the core is told of it. Of a server that is not the vendor's own and declares nothing it
// assumes single use, whatever it truly does.
enum class Declared : std::uint8_t { itself, truth, nothing };
[[nodiscard]] std::string_view name_of(Declared declared);

// When tokens are refreshed unasked; `absent`: the variable is, which means keep_alive.
enum class Schedule : std::uint8_t { absent, on_demand, keep_alive, keep_fresh };
[[nodiscard]] std::string_view name_of(Schedule schedule);

struct ProviderSettings {
  Replay replay = Replay::old_stays_valid;
  Declared declared = Declared::itself;
  DurationMs leeway = 0;
  Schedule schedule = Schedule::absent;
  std::int64_t ahead_seconds = 0;  // keep_fresh
  // A refresh token dies when it is not used for so long, a grant so long after its sign-in.
  // 0: never.
  std::int64_t idle_seconds = 0;
  std::int64_t grant_seconds = 0;
  bool limits_declared = false;
  bool refresh_ends_access_tokens = false;
  std::int64_t lifetime_seconds = 3600;   // 0: the provider does not say
  int omits_refresh_token = 0;            // percent, where the old one stays valid
  bool withholds_refresh_tokens = false;  // some sign-ins get none
  bool lasting_tokens = false;            // access tokens without an end, and no refresh tokens

  [[nodiscard]] bool rings_often() const {
    return schedule == Schedule::keep_fresh || idle_seconds != 0;
  }
};
[[nodiscard]] ProviderSettings make_provider_settings(Vendor vendor, Dice& dice);
[[nodiscard]] std::string describe(const ProviderSettings& settings);
// Adds the variables of its integration.
void configure(std::map<std::string, std::string>& variables,
               std::map<std::string, std::string>& secrets, Vendor vendor,
               const ProviderSettings& settings);
[[nodiscard]] std::string_view login_origin(Vendor vendor, const ProviderSettings& settings);
// Can a server be the vendor's own and do this?
[[nodiscard]] bool may_be_itself(Vendor vendor, Replay replay);

}  // namespace postern::sim
