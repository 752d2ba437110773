// Holds what Postern promises against what happens, at each step. The ledger knows what no flow
// can: what the provider truly did, and what truly arrived.
//
//   1 no grant whose tokens were received is lost, and what was lost is told as it is
//   2 a spent refresh token is not shown again unless an open journal says so; a code never is
//   3 never two token requests in flight for one connection, nor one that nobody needs
//   4 no connection is called dead while its newest grant is alive and reachable; for want of a
//     person only where none of its resources is to be had (ledger_dead.cpp)
//   5 once faults stop, live connections serve, and KV, D1 and the authority agree
//   6 nothing is served, and nothing comes back, after a disconnect
//   7 a token belongs to the organization, subject and resource that were asked for; every event is
//     delivered, in order, and none before its change is durable (event_book.h)
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "core/connection/schedule.h"
#include "tests/flows/host/host.h"
#include "tests/sim/coverage.h"
#include "tests/sim/provider.h"

namespace postern::sim {

struct Violation {
  int invariant = 0;
  std::string text;
};

// How long a token may still be read after its grant has been replaced or ended: KV's staleness,
// an isolate's memory, and the time of a request on its way.
inline constexpr DurationMs kReadBoundMs = (120 + 30 + 10) * kSecondMs;

class Ledger {
 public:
  Ledger(const Plan& plan, Provider& provider, const testing::World& world, Coverage& coverage)
      : plan_(plan), provider_(provider), world_(world), coverage_(coverage) {}

  // Nothing else than this invariant counts.
  void count_only(int invariant) { only_ = invariant; }
  // What the core is told of when to refresh unasked.
  void set_policy(Vendor vendor, const RefreshPolicy& policy) {
    policies_[static_cast<std::size_t>(vendor)] = policy;
  }
  [[nodiscard]] const RefreshPolicy& policy(int connection) const {
    return policies_[static_cast<std::size_t>(plan_.vendor(connection))];
  }

  // --- what happens ---
  // A token request is about to leave for a vendor; `arrived_at`: of the demand behind it, 0 where
  // none is known. Gives the grant that it refreshes, -1 where there is none yet.
  struct TokenRequest {
    Vendor vendor = Vendor::azure;
    std::string_view body;
    EpochMs arrived_at = 0;
  };
  int leaves(int connection, const TokenRequest& request, const testing::Object& object,
             EpochMs now);
  // An access token is shown to a vendor, by a flow of this connection.
  void shown(int connection, Vendor vendor, std::string_view token);
  // A token is shown so that it may be ended.
  void shown_for_revocation(int connection, Vendor vendor, std::string_view token);
  // It is of an alarm.
  void leaves_unasked(int connection, DurationMs mono);
  void came_back(int connection) { --at(connection).in_flight; }
  // Whoever waited for its answer is dead. A refresh that is on its way still counts until
  // gone_by().
  void straggles(int connection, int grant_index) {
    --at(connection).in_flight;
    at(connection).stragglers.insert(grant_index);
  }
  void gone_by(int connection, int grant_index) {
    auto& stragglers = at(connection).stragglers;
    stragglers.erase(stragglers.find(grant_index));
  }
  // Whoever waited for it has given it up, and it is on its way until gone_by_late().
  void lingers(int connection, int grant_index) { at(connection).lingering.insert(grant_index); }
  void gone_by_late(int connection, int grant_index) {
    auto& lingering = at(connection).lingering;
    lingering.erase(lingering.find(grant_index));
  }
  // The provider took such a one: a token that has come meanwhile may be spent by it.
  void taken_late(int grant_index) { grant(grant_index).was_taken_late = true; }
  // A token request is in flight.
  [[nodiscard]] bool is_asking() const {
    return std::ranges::any_of(connections_, [](const auto& each) {
      return each.in_flight > 0 || !each.stragglers.empty() || !each.lingering.empty();
    });
  }
  // The provider issued these tokens.
  void issued(const RefreshPlace& place) { grant(place.grant).newest_issued = place.index; }
  // They arrived, and the host kept them.
  void received(int connection, const RefreshPlace& place);
  // A refresh for Graph or ARM brought tokens or none, whoever was there to hear of it.
  void in_vain(int connection, bool arm, bool was) {
    at(connection).tried_in_vain.at(arm ? 1 : 0) = was;
  }
  [[nodiscard]] bool was_in_vain(int connection, bool arm) {
    return at(connection).tried_in_vain.at(arm ? 1 : 0);
  }
  // A refresh for Graph or ARM was refused at that time for the sake of that API, as a flow that
  // lived was told; or it brought a token.
  void refused(int connection, bool arm, DurationMs mono, Wording wording) {
    at(connection).refused_at.at(arm ? 1 : 0) = mono;
    at(connection).refused_last = wording;
  }
  void not_refused(int connection, bool arm) { at(connection).refused_at.at(arm ? 1 : 0) = -1; }
  // The provider does not take the client, as a flow that lived was told.
  void client_refused(int connection) { at(connection).client_was_refused = true; }
  // A flow says that its integration is at fault.
  void integration_marked(int connection) {
    if (!at(connection).client_was_refused) {
      violated(4, "an integration is marked for what is one connection's");
    }
  }
  // They arrived at the flow at least.
  void answered(int connection, const RefreshPlace& place) {
    if (place.index == 0) {
      at(connection).answered.insert(place.grant);
    }
  }
  // A commit was carried out. `operation`: of the flow; `mono`: the time that nobody can turn.
  // `may_drop`: which sign-in may end unconfirmed, by the time of its journal: the one that was
  // there when the flow began; kAnySignIn where the flow could not get the keys. 0: none.
  static constexpr EpochMs kAnySignIn = -1;
  void committed(int connection, const testing::Object& object, std::string_view operation,
                 DurationMs mono, EpochMs now, EpochMs may_drop);
  // The authority acknowledged a disconnect.
  void disconnected(int connection, DurationMs mono);
  void storage_lost(int connection, bool backups_have_it);
  // The account of its last sign-in is another one than is connected, or nobody says whose it is.
  void account_refused(int connection);
  // A token left Postern for a caller, who was told until when it lives (ISO 8601; empty: nothing
  // was said), or for the resource itself.
  void served(int connection, std::string_view resource, std::string_view token, DurationMs mono,
              std::string_view until = {});
  // A flow of the queue came to its end, and all of its commits were carried out. `before`: what
  // times_taken_up() gave when it began.
  void lived(const testing::Object& object, std::int64_t before);
  // How often flows took up kept answers and are not known to have come to their end.
  [[nodiscard]] static std::int64_t times_taken_up(const testing::Object& object);
  // Nothing runs in the object any more.
  void at_rest(int connection, const testing::Object& object, bool ringing, EpochMs now);

  void violated(int invariant, std::string text);
  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }
  // Something is wrong, whether or not it counts.
  [[nodiscard]] bool is_broken() const { return broken_; }
  // The refresh token in a record; nullopt where there is none that the provider knows.
  [[nodiscard]] std::optional<RefreshPlace> refresh_in(const ConnectionRecord& record) const;
  // The newest refresh token of a grant that arrived; -1: none did.
  [[nodiscard]] int newest_received(int grant_index) { return grant(grant_index).newest_received; }
  [[nodiscard]] int grant_of(int connection) { return at(connection).grant; }
  [[nodiscard]] bool was_lost(int connection) { return at(connection).lost; }
  [[nodiscard]] int newest_issued(int grant_index) { return grant(grant_index).newest_issued; }
  // Does a connection serve from it, or will once its sign-in is finished?
  [[nodiscard]] bool needs(int grant_index);
  // It is connected, or needs a person, or would be so if its storage were not lost.
  [[nodiscard]] bool is_open(int connection) {
    return at(connection).grant >= 0 && !at(connection).ended;
  }
  [[nodiscard]] bool was_rolled_back(int connection) { return at(connection).rolled_back; }
  // Every sign-in that arrived has become what it had to.
  void check_sign_ins();
  void count_fates();

 private:
  struct Connection {
    int in_flight = 0;
    std::multiset<int> stragglers;  // by grant: a refresh of another one overtakes nothing
    std::multiset<int> lingering;
    std::string record;
    std::int64_t version = 0;
    Status status = Status::not_connected;
    int grant = -1;
    int last_sign_in = -1;   // the latest grant whose code was redeemed and whose answer arrived
    std::set<int> answered;  // such grants since the last disconnect, kept by the host or not
    bool owes = false;       // to KV
    DurationMs owed_at = 0;  // the last time that it did
    bool ended = false;      // by a disconnect, and no sign-in came after it
    bool lost = false;       // its storage was, and the backups were older
    // Somebody went back to an earlier version: it holds an older token than the newest.
    bool rolled_back = false;
    EpochMs tired_of = 0;  // the sign-in's journal whose kept answer flows died of
    // The journal of a sign-in for a backend's confirmation, which nobody can give once the flow of
    // its callback is gone.
    EpochMs backend_of = 0;
    int backend_grant = -1;  // that its code brought
    std::array<bool, 2> tried_in_vain = {};
    std::array<DurationMs, 2> refused_at = {-1, -1};
    std::optional<Wording> refused_last;
    bool client_was_refused = false;
    std::deque<DurationMs> unasked;  // when its token requests of the last hour left
  };
  struct GrantBook {
    int newest_issued = 0;
    int newest_received = -1;
    DurationMs replaced_at = -1;
    bool committed = false;  // or pending
    bool is_other = false;   // it arrived beside a connection of another account
    bool refused = false;    // another account than the one that was connected then
    bool was_taken_late = false;
    bool rolled_back = false;  // an older token of it was shown because somebody asked for it
    // Flows died of its answer, and the person signed in again; or nobody could have confirmed it.
    bool gave_way = false;
  };
  Connection& at(int connection) { return connections_[static_cast<std::size_t>(connection)]; }
  GrantBook& grant(int index);
  void note_sign_in(Connection& state, const testing::Object& object, EpochMs may_drop);
  void check_dead(int connection, const ConnectionRecord& record, EpochMs now);
  void check_tokens(int connection, const ConnectionRecord& record, DurationMs mono,
                    std::string_view operation);

  const Plan& plan_;
  Provider& provider_;
  const testing::World& world_;
  Coverage& coverage_;
  std::array<Connection, kConnections> connections_;
  std::vector<GrantBook> grants_;
  std::optional<Violation> violation_;
  std::array<RefreshPolicy, kVendors> policies_;
  int only_ = 0;
  bool broken_ = false;
};

}  // namespace postern::sim
