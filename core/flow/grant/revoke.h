// Ending a disconnected connection's grant at its provider.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/authority/state.h"

namespace postern {

// How it stands with a grant at its provider, as `disconnect` answers it.
namespace revocation {
inline constexpr std::string_view kUnsupported = "unsupported";  // the provider has no way
inline constexpr std::string_view kNone = "none";                // there is no grant to end
inline constexpr std::string_view kRevoked = "revoked";
inline constexpr std::string_view kPending = "pending";  // tried again by alarm, for a day
// Nobody will try any more: the grant lives at the provider until its person ends it there.
inline constexpr std::string_view kFailed = "failed";
// The provider would end another connection's grant with it: it is of the same account.
inline constexpr std::string_view kShared = "shared";
}  // namespace revocation

// What is owed to the provider once the grant of `record` is of no use: for the outbox, in the
// transaction that ends it. Nothing where there is nothing to revoke, or no way. `in_doubt`: a
// refresh may have given tokens that nobody has.
[[nodiscard]] std::optional<Revocation> revocation_owed_for(const ConnectionRecord& record,
                                                            EpochMs now, bool in_doubt = false);
// The same of a sign-in that waits for its confirmation, if there is one.
[[nodiscard]] std::vector<Revocation> owed_for_pending(const AuthorityState& state, EpochMs now);
// Whether the provider wants a living access token, which the record lacks and a refresh may bring.
[[nodiscard]] bool lacks_token_to_revoke(const ConnectionRecord& record, EpochMs now);
// How it stands where nothing is owed: kUnsupported or kNone.
[[nodiscard]] std::string_view nothing_owed(const AuthorityState* state);

// Puts them into the outbox, and that into a commit. True where the oldest is given up for them.
bool owe(AuthorityState* state, std::vector<Revocation> more, EpochMs now, StorageCommit* commit);

// Tries what is owed, if its time has come; what fails is tried again, less and less often, and is
// given up after a day, or where no token is left that the provider takes for it, which the log
// tells. How it stands with the newest of it.
Task<std::string_view> revoke_owed(AuthorityState* state);

// A request that ends all grants of an account may be on its way to the provider: a grant that is
// made now may end by it.
[[nodiscard]] bool may_be_revoking(const AuthorityState& state, EpochMs now);

}  // namespace postern
