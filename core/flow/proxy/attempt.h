// What has become of a proxied request so far, and what an answer that was not relayed leads to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/flow/proxy/forward.h"
#include "core/provider/catalogue.h"

namespace postern {

struct Attempt {
  std::int64_t version = 0;  // of the token that it was last sent with
  bool refused = false;      // a token was refused before that one
  bool claims = false;       // …and the refusal named claims
  bool failed = false;       // once there was no answer
  bool redirected = false;   // it went where the API led, without a token
  DurationMs waited_ms = 0;
};
// FlowInput::note, and back; nullopt where the note is another one.
[[nodiscard]] std::string note_of(const Attempt& attempt);
[[nodiscard]] std::optional<Attempt> attempt_of(std::string_view note);

// The request is to be sent again, and the authority is asked for its token first.
struct Resumption {
  Attempt attempt;
  DurationMs delay_ms = 0;
};
[[nodiscard]] std::string note_of(const Resumption& resumption);
[[nodiscard]] std::optional<Resumption> resumption_of(std::string_view note);

struct ProxyRequest {
  std::string_view method;
  DurationMs budget_ms = 0;  // to be spent on waiting, at most
};

// Which statuses bring the flow back.
[[nodiscard]] std::vector<int> returns_of(const ProxyRequest& request, const Attempt& attempt,
                                          const Provider& provider);

enum class NextStep : std::uint8_t {
  relay,          // the answer is the caller's
  replace_token,  // and then send it again, where it can be
  send_again,     // after `delay_ms`
  unreachable,    // the API does not answer, and nothing can have come of it
  unknown,        // the API did not answer, and may have done what was asked
};
struct AttemptDecision {
  NextStep next = NextStep::relay;
  DurationMs delay_ms = 0;
};
// GET and HEAD are sent again by themselves. Anything else only after a 401, once, and after a 429:
// then the API has not done it (RFC 9110 15.5.2, RFC 6585 4).
[[nodiscard]] AttemptDecision decide_reply(const ForwardReply& reply, const ProxyRequest& request,
                                           const Attempt& attempt, EpochMs now);

// Empty where there is none.
[[nodiscard]] std::string_view header_of(const ForwardReply& reply, std::string_view name);

}  // namespace postern
