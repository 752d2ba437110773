// Connecting the registered app itself in a directory: nobody signs in.
#include "core/flow/connect/operations.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/place.h"
#include "core/flow/token/token.h"

namespace postern {

Task<Outcome> connect_app_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto account = parameters.text("account");
  const ConnectionId id{
      .org = context->caller.org,
      .integration = std::string(parameters.text("integration")),
      .subject =
          subject_text({.user_id = {}, .account = account.empty() ? kDefaultAccount : account})};
  const auto integration = co_await resolve_integration_within(
      context, id.org, id.integration, std::string(parameters.text("tenant_id")));
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  auto tenant = one_directory(*integration, parameters.text("tenant_id"));
  if (!tenant) {
    co_return problem_outcome(tenant.error());
  }
  (void)co_await forget_tokens(context, id);
  (void)co_await perform(ask_authority(id, "authority.connect_app",
                                       encode(AppPayload{.id = id, .tenant = std::move(*tenant)})));
  co_return problem_outcome(ProblemCode::core_trap);
}

}  // namespace postern
