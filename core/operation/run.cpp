#include "core/operation/run.h"

#include "core/effect/codec.h"
#include "core/flow/access/access.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/frame/parameters.h"
#include "core/flow/frame/permission.h"
#include "core/flow/frame/refusal_shape.h"
#include "core/operation/table.h"

namespace postern {

namespace {

// Whoever calls an API through Postern reads refusals as that API's clients do.
Task<Outcome> readable(Task<Outcome> flow, const FlowContext* context) {
  auto outcome = co_await std::move(flow);
  if (outcome.kind == OutcomeKind::problem) {
    co_return shaped_refusal(std::move(outcome), context->refusals);
  }
  co_return outcome;
}

bool entry_fits(Access access, Entry entry) {
  const bool inside = entry == Entry::authority || entry == Entry::alarm;
  return (access == Access::authority) == inside;
}

// Access first, parameters second: a stranger learns nothing about parameters, and has no body
// parsed. Where the user's connection is asked for together with the caller's key they are read
// before, and told after.
Task<Outcome> guarded(const Operation* operation, FlowContext* context) {
  Result<Parameters, Problem> parameters;
  if (operation->reads_connection) {
    parameters = read_parameters(*operation, context->input);
    context->reads_connection = parameters.has_value();
    if (parameters) {
      context->parameters = std::move(*parameters);
    }
  }
  if (operation->access == Access::key || operation->access == Access::admin) {
    auto caller = co_await authenticate(context);
    if (!caller) {
      co_return problem_outcome(caller.error());
    }
    context->caller = std::move(*caller);
    if (auto refused = refuse_caller(context->caller, *operation)) {
      co_return problem_outcome(*refused);
    }
  }
  if (!operation->reads_connection) {
    parameters = read_parameters(*operation, context->input);
    if (parameters) {
      context->parameters = std::move(*parameters);
    }
  }
  if (!parameters) {
    co_return problem_outcome(parameters.error());
  }
  if (!is_subject_valid(context->parameters)) {
    co_return problem_outcome(ProblemCode::invalid_request, "`subject` must be user");
  }
  if (auto refused = refuse_organization(context->caller, context->parameters)) {
    co_return problem_outcome(*refused);
  }
  co_return co_await operation->flow(context);
}

}  // namespace

Step Run::start(std::string_view input) {
  auto decoded = decode_flow_input(input);
  if (!decoded || task_) {
    return Step::malformed;
  }
  const auto* operation = find_operation(decoded->operation);
  if (operation == nullptr || !entry_fits(operation->access, decoded->entry)) {
    return Step::malformed;
  }
  context_.emplace(FlowContext{.input = std::move(*decoded),
                               .operation = operation,
                               .parameters = {},
                               .caller = {},
                               .entropy_used = 0,
                               .permissions = all_permissions(),
                               .permissions_by_api = permissions_by_api()});
  loop_.emplace(context_->input.now);
  auto flow = guarded(operation, &*context_);
  task_.emplace(operation->forwards ? readable(std::move(flow), &*context_) : std::move(flow));
  task_->start(*loop_);
  return advance();
}

Step Run::resume(std::string_view replies) {
  if (!task_ || task_->done() || !deliver_replies(*loop_, replies)) {
    return Step::malformed;
  }
  return advance();
}

Step Run::advance() {
  loop_->run();
  if (task_->done()) {
    output_ = encode_outcome(task_->value());
    return Step::done;
  }
  output_ = loop_->take_issued();
  if (output_.empty() && loop_->pending_count() == 0) {
    return Step::stuck;
  }
  return Step::effects;
}

}  // namespace postern
