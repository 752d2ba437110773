// Whose connections a history has: people and organizations, their accounts, at which provider.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/connection/record.h"
#include "tests/sim/dice.h"
#include "tests/sim/vendor.h"

namespace postern::sim {

inline constexpr int kConnections = 4;

struct Owner {
  Vendor vendor = Vendor::azure;
  std::string_view org;
  std::string_view user;  // empty: the organization itself
  std::string_view account;
  int person = 0;  // whose account at the provider it is, as long as nobody picks another one
};
// Up to kConnections, no two of one connection.
[[nodiscard]] std::vector<Owner> make_owners(Dice& dice);
[[nodiscard]] ConnectionId id_of(const Owner& owner);
[[nodiscard]] std::string describe(const Owner& owner);
// How a caller names it: `"userId":"user-1","integration":"github","account":"work"`, without what
// is meant where nothing is said.
[[nodiscard]] std::string name_json(const Owner& owner);
// Of a confirmation, which knows the rest by its attempt.
[[nodiscard]] std::string_view user_id_of(const Owner& owner);

}  // namespace postern::sim
