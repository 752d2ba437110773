// What is promised of grants that nobody uses: those that are to be kept alive are alive, tokens
// that are to be kept fresh are fresh.
#include <algorithm>

#include "core/base/text.h"
#include "core/connection/token_name.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

// Between the time at which a refresh is due and its token.
constexpr DurationMs kRefreshTakesMs = kMinuteMs;

// For how long a connection is to be left alone to see whether its policy is kept; 0: it is not to
// be seen within a day.
DurationMs seen_after(const RefreshPolicy& policy) {
  if (policy.mode == RefreshMode::on_demand) {
    return 0;
  }
  // Longer than a refresh token lives unused.
  if (policy.idle_ms != 0 && policy.idle_ms <= kDayMs) {
    return policy.idle_ms + policy.idle_ms / 4;
  }
  return policy.mode == RefreshMode::keep_fresh ? kHourMs : 0;
}

}  // namespace

void Simulation::check_schedule() {
  std::vector<std::pair<DurationMs, const Node*>> waiting;
  for (const auto& node : nodes_) {
    const auto after = seen_after(ledger_.policy(node.connection));
    const auto record = record_of(node);
    const auto place = record ? ledger_.refresh_in(*record) : std::nullopt;
    if (after != 0 && place && record->status == Status::connected &&
        provider_.takes(*place, now()) && !ledger_.was_lost(node.connection)) {
      waiting.emplace_back(after, &node);
    }
  }
  std::ranges::sort(waiting);
  const auto began = mono_;
  for (const auto& [after, node] : waiting) {
    pass(std::max<DurationMs>(began + after - mono_, 0));
    // A refresh that is under way comes to its end.
    (void)wait_for(kRefreshTakesMs, [](const Node& each) { return each.running.empty(); });
    check_kept(*node);
  }
}

void Simulation::check_kept(const Node& node) {
  const auto record = record_of(node);
  const auto place = record ? ledger_.refresh_in(*record) : std::nullopt;
  if (!place || provider_.is_over(place->grant, now())) {
    return;
  }
  if (!plan_.provider(node.connection).limits_declared &&
      provider_.ended_by_itself(place->grant, now())) {
    return;  // sooner than anybody knew of
  }
  const auto& policy = ledger_.policy(node.connection);
  coverage_.count("schedule", name_of(policy.mode));
  if (record->status != Status::connected || !provider_.takes(*place, now())) {
    ledger_.violated(5, "a grant that is to be kept alive died of not being used");
  }
  for (const auto& token : record->tokens) {
    if (is_of_guest(token.resource)) {
      continue;
    }
    const auto lifetime = token.expires_at - token.minted_at;
    const auto ahead = std::min(policy.ahead_ms, lifetime - lifetime / 4);
    const auto pauses = node.object->storage.find(std::string(kPausesKey));
    if (pauses != node.object->storage.end() &&
        paused_until(decode_pauses(pauses->second), *record, token.resource, now()) > now()) {
      if (!ledger_.was_in_vain(node.connection, token.resource == "arm")) {
        ledger_.violated(5, "a resource is paused for which nobody asked in vain");
      }
      coverage_.count("schedule", "paused");
      continue;
    }
    if (policy.mode == RefreshMode::keep_fresh && token.expires_at != 0 &&
        token.expires_at - now() < ahead - kRefreshTakesMs) {
      ledger_.violated(5, "a token that is to be kept fresh has " +
                              to_decimal((token.expires_at - now()) / kSecondMs) + " s left");
    }
  }
}

}  // namespace postern::sim
