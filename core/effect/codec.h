// Effects and answers as bytes. The wire is described in docs/abi.md; the TypeScript side of it is
// worker-shim/src/interpreter.ts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/effect/effects.h"
#include "core/effect/loop.h"

namespace postern {

// id, name, fields of the effect; repeated.
[[nodiscard]] std::string encode_effects(const std::vector<IssuedEffect>& effects);

// The answer to an effect of this kind (index in the Effect variant); nullopt when the bytes are
// not an answer to it.
[[nodiscard]] std::optional<Reply> decode_reply(std::size_t effect_kind, std::string_view bytes);

// The other way round, for hosts written in C++: tests and the simulator.
[[nodiscard]] std::string encode_reply(const Reply& reply);

// `now`, then id and answer, repeated: applies all of it to the loop or, when malformed, nothing
// that comes after the fault. False when malformed or when an id is not waited for.
[[nodiscard]] bool deliver_replies(Loop& loop, std::string_view bytes);

}  // namespace postern
