// What to do with a connection, decided from what is stored and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/connection/record.h"
#include "core/oauth/fault.h"
#include "core/provider/catalogue.h"

namespace postern {

// An access token that ends within this time is refreshed when it is asked for.
inline constexpr DurationMs kRefreshWindowMs = 5 * kMinuteMs;

struct TokenDemand {
  std::string_view resource;
  // How much life the token must have left. 0: as the refresh window says.
  DurationMs min_ttl_ms = 0;
  // A refresh even of a fresh token.
  bool forced = false;
  // The version whose token the resource server refused (401); 0: none.
  std::int64_t refused_version = 0;
  // When the demand arrived. A token minted at or after it satisfies it whatever it asked for:
  // there is no fresher one, and a thousand forced refreshes are one.
  EpochMs arrived_at = 0;
};

enum class TokenDecision : std::uint8_t {
  serve,          // the stored token will do
  refresh,        // ask the provider
  not_connected,  // nothing, or a tombstone, is stored
  needs_person,   // no refresh token, or the grant is known to be dead
};

struct TokenVerdict {
  TokenDecision decision;
  std::string_view reason;  // stable word, for logs and traces
};

// `record` may be null. What is stored is served while it lives, whatever else is wrong.
[[nodiscard]] TokenVerdict decide_token(const ConnectionRecord* record, const TokenDemand& demand,
                                        EpochMs now);

// Will the token still be served if a refresh just failed for a passing reason?
[[nodiscard]] bool is_alive(const StoredAccessToken& token, EpochMs now);

// A refresh whose outcome is unknown: a journal row is open, no answer is kept.
struct OpenJournal {
  EpochMs sent_at = 0;        // of the first try
  std::int64_t attempts = 1;  // this one included
  bool recovered = false;     // the token came from a backup: when it was first shown, nobody knows
};

// Nothing is lost by showing the token again: where the answer was lost, its tokens are out of
// reach whatever we do. What differs is what a refusal then means.
enum class ReplayDecision : std::uint8_t {
  replay_is_safe,         // the catalogue says that the same token works again
  replay_may_be_refused,  // strict single use: `invalid_grant` then means "outcome unknown"
};
struct ReplayVerdict {
  ReplayDecision decision;
  std::string_view reason;
};
[[nodiscard]] ReplayVerdict decide_replay(const ReplayRule& rule, const OpenJournal& journal,
                                          EpochMs now);
// The provider refused the token. May that be because it was spent, in an answer that nobody has?
// Then the outcome is unknown; otherwise the refusal means what it says.
[[nodiscard]] bool may_have_been_spent(const ReplayRule& rule, const OpenJournal& journal,
                                       EpochMs now);

// Does a refresh token that was used work again, whenever?
[[nodiscard]] bool works_again(const ReplayRule& rule);
// After this nothing is left of a token request anywhere, whatever became of who sent it and
// whatever was answered on the way.
inline constexpr DurationMs kRequestLifeMs = 25 * kSecondMs;
// Does it do no harm if a replay is taken before the request that it repeats? Where it does, that
// request becomes the second use of a token, which may end the grant that the replay brought.
[[nodiscard]] bool may_overtake(const ReplayRule& rule);
// Was an earlier version's refresh token used for what came after it? `newest` is of the same grant
// then, with a later token.
[[nodiscard]] bool was_used(const ConnectionRecord& earlier, const ConnectionRecord& newest);

// What a refused token request does to the connection.
enum class FaultDecision : std::uint8_t {
  retry_later,       // the grant lives, or nothing is known of it
  grant_is_dead,     // only a new sign-in helps
  needs_person,      // for this resource; the grant lives
  resource_refused,  // to this connection, whoever signs in; the grant lives
  integration_down,  // our registration is at fault; the connection is not
};
// `newest_version` is re-read after the answer: what is said about an older one proves nothing.
[[nodiscard]] FaultDecision decide_fault(FaultKind kind, std::int64_t asked_version,
                                         std::int64_t newest_version);

// Why a connection that needs a person does: all its resources were refused for want of one. Its
// grant lives, so whoever asks may find that it works again.
inline constexpr std::string_view kNeedsPerson = "needs_person";
// May its refresh token be shown? An application's token may be asked for again.
[[nodiscard]] bool may_refresh(const ConnectionRecord& record);

// What wanted a person does not any more.
void set_connected(ConnectionRecord* record);

// The stable word for why a person is wanted: "consent_required", "interaction_required" where the
// provider named a reason of its own, otherwise the standard's error code.
[[nodiscard]] std::string cause_of(const ProviderWords& words);

// May an account that signed in now take over a connection of another one?
enum class AccountDecision : std::uint8_t { same, first, other_allowed, other_refused };
[[nodiscard]] AccountDecision decide_account(const ConnectionRecord* record,
                                             std::string_view account_key, bool allow_other);

}  // namespace postern
