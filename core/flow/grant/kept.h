// The sealed answer of a token endpoint that waits in storage until its tokens are committed.
#pragma once

#include <optional>
#include <string>

#include "core/flow/authority/state.h"

namespace postern {

// The answer that the host kept in storage before the flow saw it; nullopt when none arrived.
// Fault: one is there and cannot be opened now. An answer that flows die of is taken up less and
// less often, so that it does not end every request; it is never thrown away.
Task<Result<std::optional<HttpReply>, Problem>> open_kept(AuthorityState* state, JournalKind kind);
// The flow that took it up did not die. To be called where the kept answer may still be needed.
Task<std::monostate> kept_was_read(AuthorityState* state, JournalKind kind);
inline constexpr std::int64_t kMostKeptReads = 3;
[[nodiscard]] std::string kept_context(const ConnectionId& id, const Journal& journal);
// A Retry-After is honoured, but one header does not silence a connection for a day.
inline constexpr DurationMs kLongestPatienceMs = 15 * kMinuteMs;
// Is it too early to go on with what is open? A later time than anybody was granted is of a clock
// that was ahead, and says nothing.
[[nodiscard]] bool must_wait(EpochMs retry_at, EpochMs now);
// "Not before `retry_at`."
[[nodiscard]] Problem patience_problem(EpochMs retry_at, EpochMs now);

}  // namespace postern
