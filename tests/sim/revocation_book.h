// What becomes of a grant at its provider when its connection is ended: invariant 8. Where the
// provider can be told, it is over there in the end, or given up (after a day of failures, or for
// want of a token that the provider takes for it), or left because another connection is of the
// same account; and no grant that a living connection needs ends with it.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/coverage.h"
#include "tests/sim/ledger.h"

namespace postern::sim {

class RevocationBook {
 public:
  RevocationBook(const Plan& plan, Provider& provider, Ledger& ledger, Coverage& coverage)
      : plan_(plan), provider_(provider), ledger_(ledger), coverage_(coverage) {}

  // A commit came to owe the end of this record's grant; put a tombstone in the place of this
  // record, while a refresh was open or not; or made the connection anew.
  void owed(int connection, std::string_view record, EpochMs now);
  void ended(int connection, const ConnectionRecord& before, bool in_doubt, EpochMs now);
  // One that was owed is not, whatever became of it.
  void owed_no_more(int connection, std::string_view record);
  void connected(int connection);
  void storage_lost(int connection);
  // D1 was asked for other connections of the account, and has these; what is said of it is
  // another matter.
  void asked_for_others(int connection, std::set<int> others);
  // A request arrived at the provider.
  void arrived(int connection, Vendor vendor, std::string_view token,
               const Provider::Revoked& revoked, EpochMs now);
  // Of the connection so many are owed still.
  void given_up(int connection, std::size_t still_owed, EpochMs now);
  // Whoever asks for the end of a token's grant was told that the token is dead.
  void is_dead(std::string_view token);
  // What the caller of a disconnect was told.
  void told(int connection, std::string_view word, EpochMs now);
  // Nothing is owed any more.
  void check_end(EpochMs now);

 private:
  struct Debt {
    int connection = 0;
    int grant = 0;
    EpochMs since = 0;
    // When its access token ends, which GitHub wants to see; 0: never.
    EpochMs token_until = 0;
    // A refresh may have given newer tokens, which nobody has.
    bool in_doubt = false;
    // Why it may live on.
    bool given_up = false;
    bool shared = false;   // with a connection that was not ended when D1 was asked last
    bool renewed = false;  // connected again with the same account
    bool lost = false;     // with the storage, or its newest token with an answer
    bool unknown = false;  // the provider did not know the token by which it was to be ended
  };
  void violated(std::string text) { ledger_.violated(8, std::move(text)); }
  void add(int connection, const ConnectionRecord& record, bool in_doubt, EpochMs now);
  [[nodiscard]] bool is_given_up_with_another(const Debt& debt, EpochMs now) const;
  [[nodiscard]] bool is_needed_by_somebody(const Debt& debt) const;
  [[nodiscard]] Debt* newest_of(int connection);
  [[nodiscard]] bool lives(int grant, EpochMs now) const;
  [[nodiscard]] std::ptrdiff_t living_of(int connection, EpochMs now) const;

  const Plan& plan_;
  Provider& provider_;
  Ledger& ledger_;
  Coverage& coverage_;
  std::vector<Debt> debts_;
  // By connection: others of its account that D1 had when it was asked.
  std::array<std::set<int>, kConnections> others_;
};

}  // namespace postern::sim
