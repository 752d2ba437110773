// The host's end of the wire (docs/abi.md), for hosts written in C++: tests, fuzzers, the
// simulator. The core only encodes effects and outcomes; a host only decodes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/effect/codec.h"
#include "core/flow/frame/outcome.h"

namespace postern::testing {

using Answer = std::pair<EffectId, Reply>;

// What Run::output() holds after Step::effects; nullopt when it is not that.
[[nodiscard]] std::optional<std::vector<IssuedEffect>> decode_effects(std::string_view bytes);

// What Run::output() holds after Step::done.
[[nodiscard]] std::optional<Outcome> decode_outcome(std::string_view bytes);
[[nodiscard]] std::string_view name_of(OutcomeKind kind);

// What Run::resume() takes.
[[nodiscard]] std::string encode_replies(EpochMs now, const std::vector<Answer>& answers);

// Whether the call is for the objects that the Worker has (wrangler.jsonc).
[[nodiscard]] bool is_bound(const Authority& call);

// A reply of the type that the effect promises: a fault where it can have one, else nothing.
[[nodiscard]] Reply fault_reply(const Effect& effect, HostFault fault);

}  // namespace postern::testing
