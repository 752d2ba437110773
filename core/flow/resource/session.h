// One caller's way to one API of a provider: where it is, with which token, and one call there.
#pragma once

#include <cstddef>
#include <optional>
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
  std::string_view scope;      // ApiCall::scope
  bool may_ask_scope = false;  // a link may ask people for it
  LiveToken token;
  TokenWish wish;
  std::size_t read_bytes = 0;  // of all answers so far
  DurationMs budget_ms = 0;    // what the caller still waits for an API that wants to be left alone
  int waits = 0;               // so many times it has
  EpochMs ends_at = 0;         // what has not been answered by then nobody hears of any more
  // Something was done. The flow must not begin again, as it does for another token: it would be
  // done twice.
  bool committed = false;
};

// The host ends a flow in front after 60 s (worker-shim/src/flow-runner.ts, LONGEST_FRONT_MS).
inline constexpr DurationMs kLongestCallMs = 58 * kSecondMs;
inline constexpr DurationMs kRequestMs = 15 * kSecondMs;

struct ApiRequest {
  std::string method = "GET";
  std::string url;
  Pairs headers;     // besides `authorization` and `accept`
  std::string body;  // JSON
  std::size_t max_bytes = kMaxAnswerBytes;
  bool may_be_empty = false;  // an answer of 200 without content is one, too

  [[nodiscard]] bool reads() const { return method == "GET"; }
};

struct ApiReply {
  int status = 200;
  std::optional<Json> document;  // an object; absent where the answer has no content
  Pairs headers;                 // those that flows read
};

// After `wait_ms`, is there time left for one more request and its answer?
[[nodiscard]] bool has_time(const ApiSession& session, EpochMs now, DurationMs wait_ms);

Task<Result<ApiSession, Outcome>> open_session(FlowContext* context, std::string_view api);

// What the API answers, where it did what it was asked. Redirects are not followed. A refusal is
// logged with the provider's words.
//
// A request is repeated only after an answer that says that nothing was done: with another token
// after a 401, after a 429 (of a GET after a 503 too) where the caller's budget is as long as
// Retry-After; a GET also where its answer is no JSON. Of a request that changes something and
// whose end is not known: call_outcome_unknown. One for which there is no time left is not sent
// (timeout).
Task<Result<ApiReply, Problem>> send_request(FlowContext* context, ApiSession* session,
                                             ApiRequest request);

// The JSON object that a GET answers.
Task<Result<Json, Problem>> fetch_json(FlowContext* context, ApiSession* session,
                                       ApiRequest request);

}  // namespace postern
