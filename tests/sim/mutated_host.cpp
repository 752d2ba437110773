// Defects of the host (mutation.h) that a commit alone does not show.
#include "tests/sim/simulation.h"

namespace postern::sim {

std::string Simulation::account_forgotten(std::string key) const {
  for (const auto& [name, connection] : connection_of_) {
    const auto at = key.find(name);
    if (at != std::string::npos) {
      auto owner = plan_.owner(connection);
      owner.account = kDefaultAccount;
      key.replace(at, name.size(), connection_key(id_of(owner)));
      break;
    }
  }
  return key;
}

}  // namespace postern::sim
