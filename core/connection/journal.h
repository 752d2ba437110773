// What the authority keeps besides the record, so that no crash, trap or lost answer leaves it
// guessing.
//
//   record    the connection (record.h)
//   journal   a refresh is under way, or its outcome is unknown
//   kept      the sealed answer to it, written before the flow saw it
//   sign_in, sign_in_kept   the same of a code exchange; a refresh may go on beside it
//   outbox    a version that KV or D1 has not got yet, events that D1 has not, and grants that are
//             to be ended at their provider
//   pending   a sign-in that waits for the caller's confirmation
//   recovered the refresh token may be spent, and no journal is open: the record came back from a
//             backup, or a try whose outcome is unknown was followed by one that said nothing of
//             it. Its value is the time until which what a lost journal told of may be on its way;
//             1: none
//   trouble   refreshes fail, since when and why: the next one that works is told as a recovery
//   pauses    resources for which the provider was asked in vain, and until when it is not asked
//             unasked for them again
//   version:<number>  an earlier version of the record, for inspection and rollback
//   told      of which grant (its sign-in's time) the coming end was told
//   events    how many events were written for webhooks; event:<number> each of them; delivery how
//             far the webhooks have come, which only the flow that delivers writes (event.h)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/connection/record.h"

namespace postern {

inline constexpr std::string_view kRecordKey = "record";
inline constexpr std::string_view kJournalKey = "journal";
inline constexpr std::string_view kKeptKey = "kept";
inline constexpr std::string_view kSignInKey = "sign_in";
inline constexpr std::string_view kSignInKeptKey = "sign_in_kept";
inline constexpr std::string_view kOutboxKey = "outbox";
inline constexpr std::string_view kPendingKey = "pending";
inline constexpr std::string_view kRecoveredKey = "recovered";
inline constexpr std::string_view kTroubleKey = "trouble";
// How many earlier versions are kept at most.
inline constexpr std::int64_t kMostVersions = 10;
[[nodiscard]] std::string version_key(std::int64_t version);
inline constexpr std::string_view kToldKey = "told";
inline constexpr std::string_view kPausesKey = "pauses";
inline constexpr std::string_view kEventsKey = "events";
inline constexpr std::string_view kDeliveryKey = "delivery";
inline constexpr std::string_view kEventKeyPrefix = "event:";
// Whose the authority is (encode of a ConnectionId): where events are owed of what is not
// connected.
inline constexpr std::string_view kOwnerKey = "owner";

enum class JournalKind : std::uint8_t { refresh, code };

struct Journal {
  JournalKind kind = JournalKind::refresh;
  ConnectionId id;
  EpochMs sent_at = 0;
  std::int64_t base_version = 0;
  std::int64_t attempts = 0;
  // Not before this time: the provider asked for patience, or we grant it, or the last request may
  // be on its way until then.
  EpochMs retry_at = 0;
  std::string resource;
  // kind code: what finishing the connection needs (a ConnectPayload without code and verifier).
  std::string connect;
  // How often in a row a kept answer was taken up by a flow that never ended.
  std::int64_t kept_reads = 0;
  // Of the object that sent the last request, as long as no flow has seen its end. The object that
  // finds its own name here runs no such flow: nothing is on its way. Empty: it came to its end.
  std::string incarnation;
  // When the last request left; `sent_at` is of the first.
  EpochMs asked_at = 0;
  // sha256_base64url of the claims that the last request asked for: what is refused then is refused
  // to whoever named them. Empty: it asked for none.
  std::string claims_hash;
};
[[nodiscard]] std::string encode_journal(const Journal& journal);
[[nodiscard]] std::optional<Journal> decode_journal(std::string_view bytes);

struct Pending {
  std::string attempt;
  std::string code_hash;
  EpochMs expires_at = 0;
  std::string record;
};
[[nodiscard]] std::string encode_pending(const Pending& pending);
[[nodiscard]] std::optional<Pending> decode_pending(std::string_view bytes);

struct Outbox {
  std::int64_t attempts = 0;
  bool kv_done = false;
  bool d1_done = false;
  // A write to KV timed out and may land until about then, over a newer one: KV is written once
  // more after that. 0: none did.
  EpochMs kv_again_at = 0;
  // When the alarm is to try again; 0: as soon as whoever opened it may be taken for dead.
  EpochMs retry_at = 0;
  // Events that D1's log has not got yet, in their order (decode_events).
  std::string events;
  // When the provider took the integration: an earlier mark on it goes with the next write to D1.
  // 0: nothing new is known.
  EpochMs worked_at = 0;
  // Grants that are to be ended at the provider (encode_revocations); empty: none is.
  std::string revocations;

  // Neither KV nor D1 lacks anything.
  [[nodiscard]] bool owes_no_store() const {
    return kv_done && d1_done && events.empty() && worked_at == 0;
  }
  // Nothing is owed.
  [[nodiscard]] bool is_done() const { return owes_no_store() && revocations.empty(); }
};
[[nodiscard]] std::string encode_outbox(const Outbox& outbox);
[[nodiscard]] std::optional<Outbox> decode_outbox(std::string_view bytes);

// Of a connection that was ended: its last record, with the sealed tokens, and when the provider is
// to be asked next.
struct Revocation {
  std::string record;
  EpochMs since = 0;
  EpochMs retry_at = 0;
  // When it was asked last: what nobody answered may be on its way still. 0: not yet.
  EpochMs asked_at = 0;
};
// In the order in which they came to be owed: a connection may be ended again before the provider
// could be told of the first time.
[[nodiscard]] std::string encode_revocations(const std::vector<Revocation>& revocations);
[[nodiscard]] std::optional<std::vector<Revocation>> decode_revocations(std::string_view bytes);
// Beyond that the oldest is given up: one flow asks for all of them, and each may take a request's
// time.
inline constexpr std::ptrdiff_t kMostRevocations = 4;
// True where one is given up for want of room.
[[nodiscard]] bool add_revocations(Outbox* outbox, std::vector<Revocation> more);

// Why refreshes fail at present.
struct Trouble {
  std::string reason;  // a stable word (fault.h)
  EpochMs since = 0;
  bool integration = false;  // our registration is at fault, not the connection
};
[[nodiscard]] std::string encode_trouble(const Trouble& trouble);
[[nodiscard]] std::optional<Trouble> decode_trouble(std::string_view bytes);

// A refresh that was refused, or that another resource's followed after many tries. It says nothing
// of a later grant, nor beside a later token.
struct Pause {
  std::string resource;
  EpochMs granted_at = 0;
  EpochMs since = 0;  // of the first in a row
  EpochMs until = 0;
  // When one of them said last that the resource is not to be had: for want of a person, or for
  // good. 0: none did.
  EpochMs refused_at = 0;
};
[[nodiscard]] std::string encode_pauses(const std::vector<Pause>& pauses);
// None where they cannot be read: then it is asked once more.
[[nodiscard]] std::vector<Pause> decode_pauses(std::string_view bytes);
// Nobody is paused for longer, however long it has failed.
inline constexpr DurationMs kLongestPauseMs = 6 * kHourMs + 10 * kMinuteMs;
// One that is of later than `now`, or for longer than that, is of a clock that came back.
[[nodiscard]] bool is_in_force(const Pause& pause, const ConnectionRecord& record, EpochMs now);
// Null where the resource has none that is in force.
[[nodiscard]] const Pause* pause_of(const std::vector<Pause>& pauses,
                                    const ConnectionRecord& record, std::string_view resource,
                                    EpochMs now);
// Until when the resource is not to be refreshed unasked; 0: it may be.
[[nodiscard]] EpochMs paused_until(const std::vector<Pause>& pauses, const ConnectionRecord& record,
                                   std::string_view resource, EpochMs now);

// Exponential with full jitter between 1 s and 10 min: `random` is any 32 random bits.
[[nodiscard]] DurationMs retry_delay(std::int64_t attempts, std::uint32_t random);

}  // namespace postern
