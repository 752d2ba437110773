// Which directories' administrators consented, as far as their browsers say.
#include "core/flow/store/admin_consents.h"

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "core/flow/frame/sql.h"
#include "core/flow/integration/operations.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/database.h"
#include "core/oauth/issuer.h"

namespace postern {

namespace {

constexpr std::int64_t kPageSize = 50;

void write_consent(JsonWriter& out, const AdminConsent& consent) {
  out.begin_object()
      .member("tenant_id", consent.tenant_id)
      .member("status", consent.status)
      .member("scopes", consent.scopes)
      .member("claimed_at", format_iso8601(consent.claimed_at))
      .member("last_claimed_at", format_iso8601(consent.last_claimed_at))
      .end_object();
}

}  // namespace

Task<Outcome> list_admin_consents_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto integration = co_await resolve_integration(
      context, context->caller.org, std::string(parameters.text("integration")), {});
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const auto cursor = to_lower_ascii(parameters.text("cursor"));
  if (!cursor.empty() && !is_guid(cursor)) {
    co_return problem_outcome(ProblemCode::invalid_request, "`cursor` is not a cursor");
  }
  const auto rows = co_await perform(in_database_of(
      context->caller.org, {select_admin_consents(context->caller.org, integration->name,
                                                  integration->client_id, cursor, kPageSize + 1)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto& page = (*rows)[0].rows;
  JsonWriter out;
  out.begin_object().key("admin_consents").begin_array();
  std::string last;
  for (std::int64_t i = 0; i < std::ssize(page) && i < kPageSize; ++i) {
    const auto& row = page[static_cast<std::size_t>(i)];
    // Of what is there, not of what can be read of it.
    last = text_at(row, 0);
    if (const auto consent = admin_consent_in_row(row)) {
      write_consent(out, *consent);
    }
  }
  out.end_array();
  if (std::ssize(page) > kPageSize) {
    out.member("cursor", last);
  }
  co_return json_outcome(out.end_object().take());
}

Task<Outcome> get_admin_consent_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto tenant = to_lower_ascii(parameters.text("tenant_id"));
  if (!is_guid(tenant)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`tenant_id` must be a directory's id, a GUID");
  }
  const auto integration = co_await resolve_integration(
      context, context->caller.org, std::string(parameters.text("integration")), {});
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const auto rows = co_await perform(in_database_of(
      context->caller.org, {select_admin_consent(context->caller.org, integration->name,
                                                 integration->client_id, tenant)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto& found = (*rows)[0].rows;
  const auto consent = found.empty() ? std::nullopt : admin_consent_in_row(found[0]);
  if (!consent) {
    co_return problem_outcome(ProblemCode::not_found);
  }
  JsonWriter out;
  write_consent(out, *consent);
  co_return json_outcome(out.take());
}

}  // namespace postern
