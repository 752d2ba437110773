// Worlds for flow_fuzz: what is stored, who asks for what, and what is answered.
#pragma once

#include <string>
#include <vector>

#include "core/connection/record.h"
#include "core/flow/frame/input.h"
#include "core/flow/frame/operation.h"
#include "core/flow/store/states.h"
#include "tests/flows/host/host.h"
#include "tests/fuzz/choices.h"

namespace postern::fuzz {

inline const ConnectionId kId{.org = "acme", .integration = "azure", .subject = "user-1"};
inline const std::string kAttempt = "att_AAAAAAAAAAAAAAAAAAAAAA";
// 43 characters of base64url: a link, a cookie, a verifier, the secret part of a state and of a
// key.
inline const std::string kSecret43 = std::string(kCanary) + std::string(37, 'A');
inline const std::string kState = kAttempt + "." + kSecret43;
inline const std::string kApiKey = "pk_acme_" + kSecret43;
// The object's life in which everything happens.
inline constexpr std::string_view kIncarnation = "this";
// acme's webhooks. A URL may be a secret. Of their own secrets one is a canary as it is written,
// the other one as the key that it is.
inline constexpr std::string_view kHook = "https://hooks.example.com/CANARY/in";
inline constexpr std::string_view kOtherHook = "https://other.example.com/in?key=CANARY";
inline std::string canary(std::string_view what) {
  return std::string(kCanary) + "-" + std::string(what);
}

[[nodiscard]] StateRow state_row(testing::World& world, std::string mode, Choices& choices);
[[nodiscard]] ConnectionRecord record(testing::World& world, Choices& choices);
// A token endpoint's answer, as a rule well-formed.
[[nodiscard]] std::string token_json(const testing::World& world, Choices& choices);

// Whose object everything is about.
[[nodiscard]] std::string object_name();

// Empties the world and stores one of several beginnings in it: nobody, connected, expired, a
// journal, a kept answer, a pending sign-in, a tombstone; with or without their copies.
void begin_world(testing::World& world, Choices& choices);

// A request to this operation, well-formed as a rule.
[[nodiscard]] FlowInput make_input(testing::World& world, const Operation& operation,
                                   Choices& choices);

// What the internet says: as a rule something that a provider might.
[[nodiscard]] Fetch::Reply internet(const testing::World& world, const Fetch& fetch,
                                    Choices& choices);

// A reply of the right type with the wrong content.
[[nodiscard]] Reply wrong_reply(testing::World& world, const Effect& effect, Choices& choices);

}  // namespace postern::fuzz
