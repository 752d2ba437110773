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

bool Ledger::needs(int grant_index) {
  const int owner = provider_.grant(grant_index).connection;
  const auto& state = at(owner);
  const auto& book = grant(grant_index);
  if (state.ended || state.lost) {
    return false;
  }
  return state.grant == grant_index
             ? state.status != Status::needs_reauth
             : state.last_sign_in == grant_index && !book.refused && !book.gave_way;
}

}  // namespace postern::sim
