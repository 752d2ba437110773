#include "tests/sim/revocation_book.h"

#include <algorithm>
#include <ranges>

namespace postern::sim {

RevocationBook::Debt* RevocationBook::newest_of(int connection) {
  for (auto& debt : debts_ | std::views::reverse) {
    if (debt.connection == connection) {
      return &debt;
    }
  }
  return nullptr;
}

bool RevocationBook::lives(int grant, EpochMs now) const {
  return provider_.grant(grant).alive && !provider_.ended_by_itself(grant, now);
}

void RevocationBook::add(int connection, const ConnectionRecord& record, bool in_doubt,
                         EpochMs now) {
  const auto place = ledger_.refresh_in(record);
  if (!facts_of(plan_.vendor(connection)).revokes || !place) {
    return;
  }
  const auto* token = record.token_for(facts_of(plan_.vendor(connection)).api);
  // A tombstone's commit owes it too.
  std::erase_if(debts_, [&](const Debt& debt) {
    return debt.connection == connection && debt.grant == place->grant && debt.since == now;
  });
  // Of a grant whose newest tokens are not in the record nobody could end more than is there.
  const bool newest = place->index == ledger_.newest_issued(place->grant);
  debts_.push_back({.connection = connection,
                    .grant = place->grant,
                    .since = now,
                    .token_until = token == nullptr ? now : token->expires_at,
                    .in_doubt = in_doubt || (record.status == Status::needs_reauth &&
                                             record.cause != "invalid_grant"),
                    .lost = ledger_.was_lost(connection) || !newest});
}

void RevocationBook::owed(int connection, std::string_view record, EpochMs now) {
  if (const auto decoded = decode_record(record)) {
    add(connection, *decoded, false, now);
  }
}

void RevocationBook::ended(int connection, const ConnectionRecord& before, bool in_doubt,
                           EpochMs now) {
  add(connection, before, in_doubt, now);
}

void RevocationBook::owed_no_more(int connection, std::string_view record) {
  const auto decoded = decode_record(record);
  const auto place = decoded ? ledger_.refresh_in(*decoded) : std::nullopt;
  for (auto& debt : debts_) {
    // Perhaps for the sake of what the connection has by now.
    debt.shared = debt.shared || (place && debt.connection == connection &&
                                  debt.grant == place->grant && is_needed_by_somebody(debt));
  }
}

void RevocationBook::connected(int connection) {
  const int grant = ledger_.grant_of(connection);
  for (auto& debt : debts_) {
    debt.renewed =
        debt.renewed || (debt.connection == connection && grant >= 0 &&
                         facts_of(plan_.vendor(connection)).revokes_all &&
                         provider_.grant(debt.grant).person == provider_.grant(grant).person);
  }
}

void RevocationBook::storage_lost(int connection) {
  for (auto& debt : debts_) {
    debt.lost = debt.lost || debt.connection == connection;
  }
}

void RevocationBook::asked_for_others(int connection, std::set<int> others) {
  const auto open = std::ranges::find_if(others, [&](int other) { return ledger_.is_open(other); });
  for (auto& debt : debts_) {
    debt.shared = debt.shared || (debt.connection == connection && open != others.end() &&
                                  provider_.grant(debt.grant).person ==
                                      provider_.grant(ledger_.grant_of(*open)).person);
    // One of them was ended, and its storage was lost before D1 heard of that: D1 has it for ever.
    debt.lost =
        debt.lost ||
        (debt.connection == connection && std::ranges::any_of(debts_, [&](const Debt& other) {
           return other.lost && others.contains(other.connection) &&
                  provider_.grant(other.grant).person == provider_.grant(debt.grant).person;
         }));
  }
  others_[static_cast<std::size_t>(connection)] = std::move(others);
}

void RevocationBook::arrived(int connection, Vendor vendor, std::string_view token,
                             const Provider::Revoked& revoked, EpochMs now) {
  const auto& others = others_[static_cast<std::size_t>(connection)];
  for (const int grant : revoked.ended) {
    const int owner = provider_.grant(grant).connection;
    // A sign-in that nobody confirmed is of no use any more.
    const bool is_owed =
        ledger_.grant_of(connection) != grant && std::ranges::any_of(debts_, [&](const Debt& debt) {
          return debt.connection == connection && debt.grant == grant;
        });
    if (!ledger_.needs(grant) || is_owed) {
      continue;
    }
    if (owner == connection || !facts_of(vendor).revokes_all) {
      violated("a connection's new grant is revoked with the one before");
    } else if (others.contains(owner)) {
      violated("the grant of a living connection is revoked, and D1 knew of it");
    } else {
      coverage_.count("revocation", "ends_what_D1_has_not_got_yet");
    }
  }
  // Not known is what has ended, whatever its grant does.
  const auto* access = provider_.find_access(token);
  const auto place = provider_.find_refresh(token);
  const int of = place ? place->grant : access != nullptr ? access->grant : -1;
  for (auto& debt : debts_) {
    if (debt.grant == of && revoked.ended.empty() && lives(of, now)) {
      const bool alive = provider_.access(vendor, token, false, now) != nullptr;
      debt.unknown = debt.unknown || !alive;
      coverage_.count("revocation", alive ? "by_wrong_credentials" : "by_a_token_that_has_ended");
    }
  }
}

std::ptrdiff_t RevocationBook::living_of(int connection, EpochMs now) const {
  return std::ranges::count_if(debts_, [&](const Debt& debt) {
    return debt.connection == connection && !debt.given_up && lives(debt.grant, now);
  });
}

void RevocationBook::given_up(int connection, std::size_t still_owed, EpochMs now) {
  coverage_.count("revocation", "given_up");
  constexpr DurationMs kStoredLater = kMinuteMs;
  constexpr DurationMs kMargin = kMinuteMs;
  const bool wants_access = facts_of(plan_.vendor(connection)).revokes_by_access;
  // One too many, perhaps of a version that is over now.
  const bool is_full = still_owed == std::size_t{kMostRevocations};
  // The oldest give way, as many as there are too many.
  auto too_many = is_full ? std::max<std::ptrdiff_t>(
                                1, living_of(connection, now) - std::ptrdiff_t{kMostRevocations})
                          : std::ptrdiff_t{0};
  bool any = is_full;
  for (auto& debt : debts_) {
    if (debt.connection != connection) {
      continue;
    }
    const bool has_no_token =
        wants_access && debt.token_until != 0 && debt.token_until <= now + kMargin;
    const bool is_old = now - debt.since >= kDayMs - kStoredLater;
    const bool is_too_many = too_many > 0 && !debt.given_up && lives(debt.grant, now);
    too_many -= is_too_many ? 1 : 0;
    // Perhaps told again, by a flow that died before it could store that.
    debt.given_up = debt.given_up || has_no_token || debt.in_doubt || is_old || is_too_many;
    any = any || debt.given_up;
  }
  if (!any) {
    violated("a revocation is given up before its time");
  }
}

void RevocationBook::told(int connection, std::string_view word, EpochMs now) {
  coverage_.count("provider_revocation", word);
  const auto& facts = facts_of(plan_.vendor(connection));
  const auto* debt = newest_of(connection);
  if ((word == "unsupported") == facts.revokes) {
    violated("a provider is said to have no way to revoke, or to have one");
  } else if (word == "revoked" &&
             (debt == nullptr || (lives(debt->grant, now) && !debt->unknown))) {
    violated("a grant is said to be revoked, and lives");
  } else if (word == "failed" && (debt == nullptr || !debt->given_up)) {
    violated("a grant is said to live on, and nobody gave it up");
  } else if (word == "shared" && others_[static_cast<std::size_t>(connection)].empty()) {
    violated("a grant is said to be shared, and D1 knows of nobody");
  }
}

void RevocationBook::is_dead(std::string_view token) {
  if (const auto* access = provider_.find_access(token)) {
    for (auto& debt : debts_) {
      debt.unknown = debt.unknown || debt.grant == access->grant;
    }
  }
}

// It was left to another one of the account, ended at the same time, of which it was given up, or
// whose own token had ended by itself.
bool RevocationBook::is_given_up_with_another(const Debt& debt, EpochMs now) const {
  const auto vendor = plan_.vendor(debt.connection);
  return facts_of(vendor).revokes_all && std::ranges::any_of(debts_, [&](const Debt& other) {
           // Each may have left its grant to the other one, whose end nobody knows of any more.
           const bool at_once = other.since > debt.since - kMinuteMs &&
                                other.since < debt.since + kMinuteMs &&
                                (other.lost || !lives(other.grant, now));
           return &other != &debt && (other.given_up || at_once) &&
                  plan_.vendor(other.connection) == vendor &&
                  provider_.grant(other.grant).person == provider_.grant(debt.grant).person;
         });
}

// To end it would end one that somebody is connected by.
bool RevocationBook::is_needed_by_somebody(const Debt& debt) const {
  const auto vendor = plan_.vendor(debt.connection);
  for (int other = 0; other < static_cast<int>(plan_.owners.size()); ++other) {
    if (facts_of(vendor).revokes_all && plan_.vendor(other) == vendor && ledger_.is_open(other) &&
        provider_.grant(ledger_.grant_of(other)).person == provider_.grant(debt.grant).person) {
      return true;
    }
  }
  return false;
}

void RevocationBook::check_end(EpochMs now) {
  for (const auto& debt : debts_) {
    std::string_view fate = "over";
    if (lives(debt.grant, now)) {
      // What became of a connection that was renewed its next end says.
      const bool renewed =
          debt.renewed && (ledger_.is_open(debt.connection) || &debt != newest_of(debt.connection));
      fate = debt.given_up || is_given_up_with_another(debt, now) ? "given_up"
             : debt.shared || is_needed_by_somebody(debt)         ? "left_to_others"
             : renewed                                            ? "renewed"
             : debt.lost                                          ? "lost"
             : debt.unknown                                       ? "unknown_to_its_provider"
                                                                  : "";
      if (fate.empty()) {
        violated("the grant of an ended connection lives at its provider");
      }
    }
    coverage_.count("revocation_fate", fate);
  }
}

}  // namespace postern::sim
