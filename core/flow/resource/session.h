// One caller's way to one API of a provider: where it is, with which token, and one GET there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/token/token.h"
#include "core/provider/catalogue.h"

namespace postern {

// Of all pages together. Nothing is given back in wasm, and of ordinary JSON a byte takes eleven to
// sixteen on its way: that is what fits into an instance.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{1024} * 1024;

struct ApiSession {
  const Provider* provider = nullptr;
  std::string_view api;
  std::string origin;
  LiveToken token;
  TokenWish wish;
  std::size_t read_bytes = 0;  // of all answers so far
};

Task<Result<ApiSession, Outcome>> open_session(FlowContext* context, std::string_view api);

// The JSON object that `url` answers. A token that is refused is replaced once; an answer of 200
// that is no JSON is asked for once more. Redirects are not followed, 429 is passed on with its
// Retry-After. A refusal is logged with the provider's words.
Task<Result<Json, Problem>> fetch_json(FlowContext* context, ApiSession* session, std::string url,
                                       std::size_t max_bytes);

}  // namespace postern
