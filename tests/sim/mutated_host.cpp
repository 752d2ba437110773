// Defects of the host (mutation.h) that a commit alone does not show.
#include "tests/sim/simulation.h"

namespace postern::sim {

// What was owed to the provider is owed to it still.
std::string Simulation::unrecalled(const Node& node, const std::string& value) {
  const auto stored = node.object->storage.find(std::string(kOutboxKey));
  const auto before =
      stored == node.object->storage.end() ? std::nullopt : decode_outbox(stored->second);
  auto outbox = decode_outbox(value);
  if (before && outbox && outbox->revocations.empty()) {
    outbox->revocations = before->revocations;
    return encode_outbox(*outbox);
  }
  return value;
}

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
