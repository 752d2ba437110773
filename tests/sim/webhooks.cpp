// Receivers of events, which take them, refuse them, or take them without anybody knowing.
#include "core/base/text.h"
#include "tests/sim/settings.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

void Simulation::fetch_webhook(const std::shared_ptr<Run>& run, const IssuedEffect& issued) {
  const auto& effect = std::get<Fetch>(issued.effect);
  events_book_.posted(run->connection, effect);
  const auto spot = run->spot(12);
  const auto takes = chance_.between(5, 900, spot, 1);
  const auto fault = [&] {
    const bool at_once = chance_.between(0, 1, spot, 2) == 0;
    answer_in(at_once ? takes : effect.deadline_ms, run, issued,
              Fetch::Reply(std::unexpected(at_once ? HostFault::unavailable : HostFault::timeout)));
  };
  const auto taken_in = [&](DurationMs delay) {
    in(delay, [this, effect] { events_book_.taken(effect); });
  };
  if (is_down(Down::hooks) || strikes(Fault::hook_refuses, spot)) {
    HttpReply refusal{
        .status = chance_.between(0, 1, spot, 3) == 0 ? 503 : 429, .headers = {}, .body = {}};
    if (chance_.between(0, 2, spot, 4) == 0) {
      refusal.headers.emplace_back("retry-after", to_decimal(chance_.between(1, 900, spot, 5)));
    }
    answer_in(takes, run, issued, Fetch::Reply(std::move(refusal)));
  } else if (strikes(Fault::hook_lost, spot)) {
    fault();
  } else if (strikes(Fault::hook_answer_lost, spot)) {
    taken_in(takes / 2);
    fault();
  } else {
    taken_in(takes / 2);
    answer_in(takes, run, issued,
              Fetch::Reply(HttpReply{.status = 204, .headers = {}, .body = {}}));
  }
}

}  // namespace postern::sim
