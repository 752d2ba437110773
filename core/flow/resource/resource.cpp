// The one flow of all calls that the table describes (core/flow/frame/api_call.h).
#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/flow/resource/api_version.h"
#include "core/flow/resource/list.h"
#include "core/flow/resource/long_running.h"
#include "core/flow/resource/query.h"
#include "core/flow/resource/row.h"
#include "core/flow/resource/session.h"
#include "core/flow/resource/template.h"

namespace postern {

namespace {

Pairs headers_of(const ApiCall& call, const Parameters& parameters) {
  Pairs headers;
  if (call.eventual) {
    headers.emplace_back("consistencylevel", "eventual");
  }
  if (parameters.has("if_match")) {
    headers.emplace_back("if-match", parameters.text("if_match"));
  }
  return headers;
}

// {"status": 202}: the API answered without content.
Outcome answered_without_content(int status) {
  return json_outcome(
      JsonWriter().begin_object().member("status", std::int64_t{status}).end_object().take());
}

}  // namespace

Task<Outcome> resource_flow(FlowContext* context) {
  const Operation& operation = *context->operation;
  const ApiCall& call = operation.call;
  auto& parameters = context->parameters;
  if (const auto fault = fault_of_query(parameters)) {
    co_return problem_outcome(*fault);
  }
  if (call.prepare != nullptr) {
    if (const auto fault = call.prepare(parameters)) {
      co_return problem_outcome(*fault);
    }
  }
  const bool finds_version = call.finds_version && !parameters.has("api_version");
  if (finds_version) {
    // What is wrong with the rest is said before a token is looked for.
    parameters.set("api_version", "unknown");
  }
  auto target = expand_target(operation, parameters);
  if (!target) {
    co_return problem_outcome(target.error());
  }
  auto headers = headers_of(call, parameters);
  if (!call.list.empty()) {
    co_return co_await list_resource(context, std::move(*target), std::move(headers));
  }
  auto session = co_await open_session(context, call.api);
  if (!session) {
    co_return std::move(session.error());
  }
  if (finds_version) {
    const auto version =
        co_await find_api_version(context, &*session, std::string(parameters.text("resource_id")));
    if (!version) {
      co_return problem_outcome(version.error());
    }
    parameters.replace("api_version", *version);
    target = expand_target(operation, parameters);
  }
  const ApiRequest request{.method = std::string(method_of_target(call.target)),
                           .url = session->origin + *target,
                           .headers = std::move(headers),
                           .body = expand_body(operation, parameters),
                           .max_bytes = kMaxAnswerBytes};
  auto reply = co_await send_request(context, &*session, request);
  if (!reply) {
    const bool large = reply.error().code == ProblemCode::answer_too_large;
    co_return problem_outcome(large ? answer_too_large({}, false) : reply.error());
  }
  if (call.long_running) {
    co_return co_await follow_operation(context, &*session, &request, std::move(*reply));
  }
  if (!reply->document) {
    co_return answered_without_content(reply->status);
  }
  co_return json_outcome(dump_json(*reply->document));
}

}  // namespace postern
