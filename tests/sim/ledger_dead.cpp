// Of a connection that is called dead: is its grant, and is it told why?
#include <algorithm>

#include "core/connection/token_name.h"
#include "tests/sim/ledger.h"

namespace postern::sim {

namespace {

// Refusals for want of a person are believed together for ten minutes, and none takes effect at
// once.
constexpr DurationMs kMostApartMs = 11 * kMinuteMs;

}  // namespace

void Ledger::check_dead(int connection, const ConnectionRecord& record, EpochMs now) {
  const auto place = refresh_in(record);
  if (!place || at(connection).lost) {
    return;
  }
  if (record.cause == "needs_person") {
    // Each was, when last asked for, and the others not long before the one that was the last; nor
    // has one of them a token that lives.
    const auto& refused = at(connection).refused_at;
    const auto wording = at(connection).refused_last;
    if (!wording || *wording == Wording::refused) {
      violated(4, "called dead for want of a person whom nobody wants");
    }
    if (wording == Wording::claims && record.claims.empty()) {
      violated(4, "the claims that a person is to satisfy are forgotten");
    }
    const auto last = std::ranges::max(refused);
    for (const auto& token : record.tokens) {
      if (is_of_guest(token.resource)) {
        continue;
      }
      const auto refused_at = refused.at(token.resource == "arm" ? 1 : 0);
      if (refused_at < 0 || refused_at + kMostApartMs < last) {
        violated(4, "called dead for want of a person while " + token.resource + " may be served");
      }
      if (refused_at != last && (token.expires_at == 0 || token.expires_at > now)) {
        violated(4,
                 "called dead for want of a person while a token for " + token.resource + " lives");
      }
    }
    coverage_.count("fate", "needs_person");
    return;
  }
  const auto& book = grant(place->grant);
  const auto& truth = provider_.grants[static_cast<std::size_t>(place->grant)];
  const bool rolled_back = at(connection).rolled_back;
  const RefreshPlace newest{
      .grant = place->grant,
      .index = rolled_back ? place->index : std::max(place->index, book.newest_received)};
  if (provider_.takes(newest, now)) {
    violated(4, "called dead (" + record.cause + ") while its grant is alive and reachable");
    return;
  }
  if (rolled_back || provider_.ended_by_itself(place->grant, now)) {
    coverage_.count("fate", rolled_back ? "ended_after_a_rollback" : "ended_by_itself");
    return;
  }
  const bool answer_lost = book.newest_issued > book.newest_received;
  if (truth.ended_by_reuse && !answer_lost && !book.rolled_back) {
    violated(1, "the whole family was ended by a replay although every answer had arrived");
  }
  if (answer_lost && !truth.ended_by_person && !book.rolled_back &&
      record.cause != "refresh_outcome_unknown") {
    violated(1, "an answer was lost, and the cause says " + record.cause);
  }
  coverage_.count("fate", answer_lost ? "lost_with_its_answer" : "ended_by_the_person");
}

}  // namespace postern::sim
