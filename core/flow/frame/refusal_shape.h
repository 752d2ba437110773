// A refusal of Postern's own, in a shape that the clients of an API can read (docs/proxy.md).
#pragma once

#include "core/flow/frame/outcome.h"
#include "core/provider/proxy_rules.h"

namespace postern {

// The problem document (RFC 9457) with `message`, and `error` as {"code", "message"}; or as
// 200 {"ok": false, "error": code}.
[[nodiscard]] Outcome shaped_refusal(Outcome problem, RefusalShape shape);

}  // namespace postern
