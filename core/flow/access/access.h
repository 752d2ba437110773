// Who is asking (design: HTTP callers hold an API key, service bindings carry `props`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/operation.h"

namespace postern {

// An API key names its organization. The hash covers the whole text, so the name cannot be forged;
// what the key belongs to is said by its record all the same.
//   pk_<org>_<43 characters base64url>
struct ApiKeyText {
  std::string_view org;
  std::string hash;  // base64url(sha256(whole key)): how it is stored and looked up
};
[[nodiscard]] std::optional<ApiKeyText> parse_api_key(std::string_view text);
[[nodiscard]] std::string make_api_key(std::string_view org, std::string_view random_32_bytes);
// 1 to 63 of [A-Za-z0-9-], not beginning with '-', not the reserved GLOBAL.
[[nodiscard]] bool is_org_id(std::string_view text);

// Bearer token of the Authorization header; empty when there is none.
[[nodiscard]] std::string_view bearer_of(std::string_view authorization);

// HTTP: by key, from memory, KV, then D1. RPC: by the binding's props, empty ones are refused.
// Faults: unauthenticated, store_unavailable.
Task<Result<Caller, Problem>> authenticate(FlowContext* context);

// Something that an API key can be allowed, or "*", which is all of it.
[[nodiscard]] bool is_permission(const FlowContext& context, std::string_view text);
// What is wrong with the permissions that a key is to have, separated by blanks, in words that say
// what to do; empty: nothing is.
[[nodiscard]] std::string fault_in_permissions(const FlowContext& context,
                                               std::string_view permissions);

// Why the caller may not do this; nullopt when it may.
[[nodiscard]] std::optional<Problem> refuse_caller(const Caller& caller,
                                                   const Operation& operation);

}  // namespace postern
