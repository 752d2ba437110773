// What becomes of grants at a provider whose connections were ended.
#include "tests/sim/ledger.h"

namespace postern::sim {

void Ledger::shown_for_revocation(int connection, Vendor vendor, std::string_view token) {
  const auto place = provider_.find_refresh(token);
  if (!place) {
    shown(connection, vendor, token);
  } else if (provider_.grant(place->grant).connection != connection ||
             provider_.grant(place->grant).vendor != vendor) {
    violated(7, "another connection's refresh token is shown, to be revoked");
  }
}

}  // namespace postern::sim
