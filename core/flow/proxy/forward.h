// A request that the host passes on for its caller, once the flow has ended: no body enters the
// core, and no instance is held while the API answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "core/flow/frame/input.h"
#include "core/flow/frame/outcome.h"
#include "core/provider/proxy_rules.h"

namespace postern {

// What becomes of links in the answer. Empty `members`: they stay as they are.
struct ForwardLinks {
  std::span<const LinkMember> members;
  // Origins of the integration's APIs, each with what stands for it in the proxy's path
  // ("integration.api"). That of this call comes first, with nothing: its caller's own URL stands
  // for it.
  Pairs bases;
  std::string_view presigned;  // default, pass, replace, remove: of URLs that need no token
  // A URL to elsewhere is sealed so, and called without a token (sealed.h).
  std::string seal_org;
  std::string seal_context;
  std::string seal_prefix;  // stands before the URL in what is sealed
  // The answer's JSON is what somebody stored: its links stay, those of its headers do not.
  bool content = false;
};

struct Forward {
  std::string url;     // complete; empty: the answer that brought the flow back is relayed
  std::string origin;  // of `url`; the host compares it again once it has parsed the URL
  Pairs set;           // request headers that stand in place of the caller's
  Pairs otherwise;     // request headers where the caller has none of that name
  // Headers of the caller's that stay here: names in lower case; with '*' at its end a beginning.
  std::string_view drop;
  // The same of the answer's.
  std::string_view drop_from_answer;
  // Statuses of answers that bring the flow back; 0: there was no answer at all. The flow begins
  // anew and finds what it was in FlowInput::forward_reply. The host relays all others.
  std::vector<int> returns;
  DurationMs delay_ms = 0;  // the request leaves so much later
  std::string note;         // FlowInput::note then
  ForwardLinks links;
};
[[nodiscard]] Outcome forward_outcome(const Forward& forward);
// The answer that brought the flow back is the caller's.
[[nodiscard]] Outcome relay_outcome(const Forward& forward);

// What brought the flow back: an answer of the API, or a refusal of the authority.
struct ForwardReply {
  int status = 0;
  Pairs headers;  // names in lower case; only those that flows read
  // The request can be sent once more: it has no body, or the host still has all of it.
  bool repeatable = false;
  std::string body;  // of a refusal of the authority; empty otherwise
};
[[nodiscard]] std::optional<ForwardReply> decode_forward_reply(std::string_view bytes);

}  // namespace postern
