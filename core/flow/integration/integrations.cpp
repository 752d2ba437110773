// An organization's integration: whether the provider takes it, and how its tokens are refreshed.
#include "core/base/json_writer.h"
#include "core/flow/integration/operations.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/database.h"
#include "core/flow/store/integration_faults.h"

namespace postern {

Task<Outcome> get_integration_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto settings = co_await find_integration(context, context->caller.org,
                                                  std::string(parameters.text("integration")));
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  const auto integration = make_integration(*settings, {});
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const auto rules = grant_rules(*settings);
  if (!rules) {
    co_return problem_outcome(rules.error());
  }
  const auto rows = co_await perform(in_database_of(
      context->caller.org, {select_integration_fault(context->caller.org, integration->name)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto fault = integration_fault_of((*rows)[0]);
  const auto& policy = rules->policy;
  JsonWriter out;
  out.begin_object()
      .member("integration", integration->name)
      .member("provider", integration->provider->id)
      .member("status", fault ? "faulty" : "working")
      .member("refresh_mode", name_of(policy.mode))
      .member("replay", name_of(rules->replay.kind));
  if (policy.mode == RefreshMode::keep_fresh) {
    out.member("refresh_ahead_seconds", policy.ahead_ms / kSecondMs);
  }
  if (fault) {
    out.key("fault")
        .begin_object()
        .member("reason", fault->reason)
        .member("error", fault->error)
        .member("reference", fault->reference)
        .member("fix", "operator")
        .member("since", format_iso8601(fault->since))
        .member("last_seen", format_iso8601(fault->last_seen))
        .end_object();
  }
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
