// How a flow ends, before anybody decided whether it becomes an HTTP response or an RPC result.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/effect/effects.h"
#include "core/page/page.h"

namespace postern {

enum class OutcomeKind : std::uint8_t {
  json,      // a result; RPC answers its value
  problem,   // application/problem+json; RPC answers it as an object with `success: false`
  page,      // HTML for a person
  redirect,  // Location is among the headers
  forward,   // the host passes a request on and relays the answer (core/flow/proxy/forward.h)
  data,      // fields for the flow that asked the authority; never leaves Postern
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::json;
  int status = 200;
  Pairs headers;
  std::string body;
};

[[nodiscard]] Outcome json_outcome(std::string body, int status = 200);
[[nodiscard]] Outcome problem_outcome(const Problem& problem);
[[nodiscard]] Outcome problem_outcome(ProblemCode code, std::string_view detail = {});
[[nodiscard]] Outcome data_outcome(std::string fields);
[[nodiscard]] Outcome redirect_outcome(int status, std::string location);
[[nodiscard]] Outcome page_outcome(int status, std::string html, PageForm form = PageForm::none);

[[nodiscard]] std::string encode_outcome(const Outcome& outcome);

}  // namespace postern
