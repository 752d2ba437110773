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

// The fields of an effect, without its id and its name.
[[nodiscard]] std::string encode_fields(const Fetch& effect);
[[nodiscard]] std::string encode_fields(const KvGet& effect);
[[nodiscard]] std::string encode_fields(const KvPut& effect);
[[nodiscard]] std::string encode_fields(const KvDelete& effect);
[[nodiscard]] std::string encode_fields(const Sql& effect);
[[nodiscard]] std::string encode_fields(const Authority& effect);
[[nodiscard]] std::string encode_fields(const StorageRead& effect);
[[nodiscard]] std::string encode_fields(const StorageCommit& effect);
[[nodiscard]] std::string encode_fields(const Seal& effect);
[[nodiscard]] std::string encode_fields(const Open& effect);
[[nodiscard]] std::string encode_fields(const VerifySignature& effect);
[[nodiscard]] std::string encode_fields(const Sign& effect);
[[nodiscard]] std::string encode_fields(const MemoryGet& effect);
[[nodiscard]] std::string encode_fields(const MemoryPut& effect);
[[nodiscard]] std::string encode_fields(const Log& effect);
[[nodiscard]] std::string encode_fields(const Delay& effect);

// Fills `reply`, which is empty; false, and `reply` says nothing, when the bytes are no such
// answer.
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<Fetch::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<KvGet::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<KvPut::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<Sql::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<StorageRead::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<Seal::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<VerifySignature::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<MemoryGet::Reply>& reply);
[[nodiscard]] bool read_reply(std::string_view bytes, std::optional<std::monostate>& reply);

// The same of the answer to a Fetch that was kept (Fetch::keep_key), perhaps by another release.
[[nodiscard]] bool read_kept(std::string_view bytes, std::optional<Fetch::Reply>& reply);

// `now`, then id and answer, repeated: applies all of it to the loop or, when malformed, nothing
// that comes after the fault. False when malformed or when an id is not waited for.
[[nodiscard]] bool deliver_replies(Loop& loop, std::string_view bytes);

// --- For hosts written in C++: tests and the simulator. ---

struct IssuedEffect {
  EffectId id;
  Effect effect;
};
// What Loop::take_issued gives.
[[nodiscard]] std::string encode_effects(const std::vector<IssuedEffect>& effects);

[[nodiscard]] std::string encode_reply(const Reply& reply);
// The answer to an effect of this kind (index in the Effect variant); nullopt when the bytes are
// not an answer to it.
[[nodiscard]] std::optional<Reply> decode_reply(std::size_t effect_kind, std::string_view bytes);

}  // namespace postern
