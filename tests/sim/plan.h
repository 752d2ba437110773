// One history before it happens: what the world is like, who does what and when. Made from a seed
// alone; what goes wrong in between is decided by the same seed, question by question (chance.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "tests/sim/owners.h"
#include "tests/sim/provider_settings.h"

namespace postern::sim {

inline constexpr int kFronts = 3;

// What can go wrong by itself. `_done`: it happened, and the answer says that it failed.
enum class Fault : std::uint8_t {
  crash_before,   // the authority's object dies before an effect is carried out
  crash_after,    // after it, before the flow hears of it
  crash_waiting,  // while it waits for the answer
  trap,           // a flow dies of an answer, and its object lives
  kv_read_fails,
  kv_read_times_out,
  kv_write_fails,
  kv_write_fails_done,
  kv_write_late,  // times out, and lands within the next minute
  kv_write_never,
  d1_fails,
  d1_fails_done,
  d1_times_out,
  d1_times_out_done,
  storage_fails,
  keep_fails,  // the host cannot keep the answer; the flow gets it all the same
  alarm_late,
  alarm_twice,
  token_request_lost,
  token_request_late,  // nobody answers it, or a gateway does, and it reaches the provider after
                       // that
  token_answer_lost,
  token_slow,       // reaches the provider late, answered in time
  token_slow_done,  // answered after the deadline
  token_5xx,
  token_5xx_done,
  token_429,
  token_html,
  token_html_done,
  token_cut_done,  // JSON without its end
  token_odd_done,  // a new refresh token, and no access token
  resource_401,
  resource_5xx,
  keys_fail,
  profile_slow,     // nobody says whose the tokens of a sign-in are before the deadline
  profile_refused,  // the profile endpoint does not take the token that its provider has just given
  profile_odd,      // it says nothing of anybody
  revocation_5xx,
  revocation_refused,      // for what the request is: too many, or not to be let in
  revocation_lost,         // it never arrives
  revocation_late,         // nobody answers it, and it arrives after that
  revocation_answer_lost,  // it was taken, and nobody knows
  caller_hangs_up,
  message_lost,  // between a front and the authority
  hook_refuses,
  hook_lost,
  hook_answer_lost,  // the receiver has it, and nobody knows
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::hook_answer_lost) + 1;
[[nodiscard]] std::string_view name_of(Fault fault);

struct Settings {
  std::array<ProviderSettings, kVendors> providers;
  std::int64_t versions_kept = -1;  // -1: nobody says
  bool has_webhooks = false;
  std::array<DurationMs, kFronts> staleness{};
  std::array<int, kFaults> per_mille{};

  [[nodiscard]] const ProviderSettings& of(Vendor vendor) const {
    return providers[static_cast<std::size_t>(vendor)];
  }
};

enum class Deed : std::uint8_t {
  get_token,
  refresh,
  use_resource,
  describe,
  sign_in,
  disconnect,
  revoke_grant,  // the person, at the provider
  lose_storage,
  turn_ring,
  jump_clock,
  kv_down,
  d1_down,
  provider_down,
  ring_broken,   // MASTER_KEYS cannot be read
  secret_wrong,  // the client secret has expired
  needs_consent,
  revocation_down,
  hooks_down,
  crash,
  rollback,  // to an earlier version that is kept
  list_events,
  redeliver,  // an event of the log
};
inline constexpr std::size_t kDeeds = static_cast<std::size_t>(Deed::redeliver) + 1;
[[nodiscard]] std::string_view name_of(Deed deed);

struct Action {
  std::uint64_t id = 0;  // stays when others are dropped
  DurationMs at = 0;     // since the beginning
  Deed deed = Deed::get_token;
  int connection = 0;
  int front = 0;
  bool arm = false;
  // min_ttl in s, a duration or a jump in ms, an account, which version or event
  std::int64_t amount = 0;
  bool by_backend = false;  // sign_in: waits for the backend's confirmation
  bool allow_other = false;
  bool calm = false;  // nothing goes wrong with it
};

struct Plan {
  std::uint64_t seed = 0;
  Settings settings;
  std::vector<Owner> owners;  // by connection
  std::vector<Action> actions;

  [[nodiscard]] const Owner& owner(int connection) const {
    return owners[static_cast<std::size_t>(connection)];
  }
  [[nodiscard]] Vendor vendor(int connection) const { return owner(connection).vendor; }
  // Of the provider that a connection is at.
  [[nodiscard]] const ProviderSettings& provider(int connection) const {
    return settings.of(vendor(connection));
  }
  [[nodiscard]] bool uses(Vendor vendor) const;
};
[[nodiscard]] Plan make_plan(std::uint64_t seed);
// Of the world: a line each.
[[nodiscard]] std::string describe(const Plan& plan);
[[nodiscard]] std::string describe(const Plan& plan, const Action& action);

}  // namespace postern::sim
