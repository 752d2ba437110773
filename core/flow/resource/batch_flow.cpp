#include <algorithm>

#include "core/flow/resource/batch.h"
#include "core/flow/resource/query.h"
#include "core/flow/resource/row.h"
#include "core/flow/resource/session.h"
#include "core/flow/resource/template.h"

namespace postern {

namespace {

// An answer that does not fit is lost, whatever its parts did.
constexpr std::size_t kLeastRoom = std::size_t{64} * 1024;

}  // namespace

Task<Outcome> batch_flow(FlowContext* context) {
  const auto& call = context->operation->call;
  if (const auto fault = fault_of_query(context->parameters)) {
    co_return problem_outcome(*fault);
  }
  auto parts = read_batch(context->parameters.text("requests"));
  if (!parts) {
    co_return problem_outcome(parts.error());
  }
  const auto target = expand_target(*context->operation, context->parameters);
  if (!target) {
    co_return problem_outcome(target.error());
  }
  auto session = co_await open_session(context, call.api);
  if (!session) {
    co_return std::move(session.error());
  }
  for (;;) {
    const auto room = kMaxAnswerBytes - std::min(kMaxAnswerBytes, session->read_bytes);
    if (room < kLeastRoom) {
      leave_out(*parts, "It was not sent: the answers so far are as many bytes as one answer has");
      break;
    }
    if (session->committed && !has_time(*session, co_await current_time(), 0)) {
      leave_out(*parts, "It was not sent: there was no time left for it");
      break;
    }
    const auto round = next_round(*parts);
    if (round.empty()) {
      const auto wait = wait_of_throttled(*parts);
      if (wait == 0 || wait > session->budget_ms ||
          !has_time(*session, co_await current_time(), wait) ||
          !co_await perform(Delay{.delay_ms = wait})) {
        break;
      }
      session->budget_ms -= wait;
      send_throttled_again(*parts);
      continue;
    }
    auto reply = co_await send_request(context, &*session,
                                       {.method = std::string(method_of_target(call.target)),
                                        .url = session->origin + *target,
                                        .headers = {},
                                        .body = round_body(*parts, round),
                                        .max_bytes = room});
    if (reply && reply->document) {
      take_answers(*parts, round, *reply->document, co_await current_time());
    } else if (!reply && !session->committed) {
      // Nothing was done before: the whole of it is refused.
      co_return problem_outcome(reply.error());
    } else {
      fail_round(*parts, round, reply ? problem(ProblemCode::call_outcome_unknown) : reply.error());
    }
    session->committed = true;
  }
  co_return json_outcome(batch_json(*parts));
}

}  // namespace postern
