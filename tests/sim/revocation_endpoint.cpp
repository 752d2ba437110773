// Requests to end a token at its provider.
#include "core/base/text.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

void Simulation::fetch_revocation(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                                  Vendor vendor) {
  const auto& effect = std::get<Fetch>(issued.effect);
  const auto spot = run->spot(13);
  const auto there = chance_.between(5, 400, spot, 1);
  const auto back = chance_.between(5, 400, spot, 2);
  ledger_.shown_for_revocation(run->connection, vendor, shown_for_revocation(vendor, effect));
  may_die_within(there + back, run);
  if (is_down(Down::provider, vendor)) {
    answer_in(there + back, run, issued, Fetch::Reply(html(503)));
    return;
  }
  in(there, [this, run, issued, vendor, back] {
    const auto revoked = provider_.revoke(vendor, std::get<Fetch>(issued.effect), now(),
                                          is_down(Down::secret, vendor));
    tell("provider", "revocation: " + to_decimal(revoked.status));
    coverage_.count("revocation", std::string(name_of(vendor)) + " " + to_decimal(revoked.status));
    in(back, [this, run, issued, status = revoked.status] {
      deliver(run, issued, Fetch::Reply(HttpReply{.status = status, .headers = {}, .body = {}}));
    });
  });
}

}  // namespace postern::sim
