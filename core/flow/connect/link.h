// Making connect links: by a caller, and by the authority when a connection needs a person.
#pragma once

#include <string>
#include <string_view>

#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/integration/resolve.h"

namespace postern {

inline constexpr DurationMs kLinkLifeMs = 10 * kMinuteMs;
inline constexpr DurationMs kStateLifeMs = 10 * kMinuteMs;
// 32 random bytes for the link, 16 for the attempt.
inline constexpr std::size_t kLinkEntropy = 48;
// How long a sign-in waits for its confirmation.
inline constexpr DurationMs kPendingLifeMs = 10 * kMinuteMs;
inline constexpr std::size_t kCookieBytes = 32;
// A cookie, where the browser has none, and a code verifier.
inline constexpr std::size_t kStateEntropy = kCookieBytes + 32;

struct LinkWish {
  ConnectionId id;
  std::string tenant;
  std::string return_to;
  std::string confirm = "page";
  bool allow_other_account = false;
  std::string claims;
  std::string scopes;  // separated by blanks; empty: the integration's
};

struct NewLink {
  std::string url;
  std::string attempt;
  EpochMs expires_at = 0;
};

// Stores the link's hash; the link itself exists only in the answer. Fault: store_unavailable.
Task<Result<NewLink, Problem>> make_link(FlowContext* context, LinkWish wish,
                                         std::string public_url);

}  // namespace postern
