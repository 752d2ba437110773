// URLs to elsewhere, sealed into paths of the proxy: what an answer named for clients to follow,
// and what is called without a token.
#pragma once

#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/connection/record.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"

namespace postern {

// Begins the target of such a path; the sealed text is the rest.
inline constexpr std::string_view kSealedTarget = "/~postern/";

// What it is sealed with: good for this connection and this API alone.
[[nodiscard]] std::string sealed_url_context(const ConnectionId& id, std::string_view api);
// Begins the sealed text: until when it is good. The host writes `d` (for downloads) or `f` (for
// answers, in which links go on), a blank, and the URL behind it.
[[nodiscard]] std::string sealed_url_prefix(EpochMs now);

struct SealedPlace {
  std::string origin;
  std::string url;       // complete
  bool content = false;  // it is read for what somebody stored: links in that stay
};
// `sealed`: of a target, behind kSealedTarget. Faults: not_found, for whatever was not made for
// this connection and API, or is older than a week; provider_rejected, where it leads to no public
// https address.
Task<Result<SealedPlace, Problem>> open_sealed_url(const FlowContext* context, ConnectionId id,
                                                   std::string_view api, std::string sealed);

}  // namespace postern
