// Looking at connections, refreshing and ending them.
#include "core/flow/store/connections.h"

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/base/json_writer.h"
#include "core/connection/description.h"
#include "core/flow/connections/operations.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/database.h"
#include "core/flow/store/payload.h"
#include "core/flow/store/place.h"
#include "core/flow/token/token.h"

namespace postern {

namespace {

constexpr std::int64_t kPageSize = 50;

Task<Outcome> leave_for_authority(FlowContext* context, std::string operation,
                                  std::string payload = {}) {
  const auto id = connection_of_caller(*context);
  if (const auto known = co_await find_integration(context, id.org, id.integration); !known) {
    co_return problem_outcome(known.error());
  }
  (void)co_await perform(
      ask_authority(id, std::move(operation), payload.empty() ? encode(id) : std::move(payload)));
  co_return problem_outcome(ProblemCode::core_trap);
}

// Nothing is due of what is of no integration that there is.
Task<RefreshPolicy> policy_of(const FlowContext* context, const ConnectionRecord* record) {
  const auto settings = co_await find_integration(context, record->id.org, record->id.integration);
  if (!settings || settings->provider->id != record->provider) {
    co_return RefreshPolicy{.mode = RefreshMode::on_demand};
  }
  const auto rules = grant_rules(*settings);
  co_return rules ? rules->policy : RefreshPolicy();
}

bool read_cursor(std::string_view text, ConnectionQuery& query) {
  const auto bytes = base64url_decode(text);
  if (!bytes) {
    return false;
  }
  FieldReader in(*bytes);
  query.after_subject = in.text();
  query.after_integration = in.text();
  return in.complete_or_later();
}

}  // namespace

Task<Outcome> get_connection_flow(FlowContext* context) {
  co_return co_await leave_for_authority(context, "authority.describe");
}

Task<Outcome> list_versions_flow(FlowContext* context) {
  co_return co_await leave_for_authority(context, "authority.versions");
}

Task<Outcome> rollback_flow(FlowContext* context) {
  const auto id = connection_of_caller(*context);
  (void)co_await forget_tokens(context, id);
  co_return co_await leave_for_authority(
      context, "authority.rollback",
      encode(RollbackPayload{.id = id, .version = context->parameters.integer("version")}));
}

Task<Outcome> disconnect_flow(FlowContext* context) {
  (void)co_await forget_tokens(context, connection_of_caller(*context));
  co_return co_await leave_for_authority(context, "authority.disconnect");
}

Task<Outcome> refresh_flow(FlowContext* context) {
  const auto id = connection_of_caller(*context);
  const auto integration = co_await resolve_integration(context, id.org, id.integration, {});
  if (!integration) {
    co_return problem_outcome(integration.error());
  }
  const auto& provider = *integration->provider;
  const auto api = api_named(provider, context->parameters.text("resource"));
  if (!api) {
    co_return problem_outcome(api.error());
  }
  auto claims = claims_of_caller(*context);
  if (!claims) {
    co_return problem_outcome(claims.error());
  }
  (void)co_await forget_tokens(context, id);
  (void)co_await perform(
      ask_authority(id, "authority.refresh",
                    encode(TokenPayload{.id = id,
                                        .resource = std::string(token_name(provider, **api)),
                                        .min_ttl_ms = 0,
                                        .forced = true,
                                        .refused_version = 0,
                                        .kv_version = 0,
                                        .claims = std::move(*claims)})));
  co_return problem_outcome(ProblemCode::core_trap);
}

Task<Outcome> list_connections_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  ConnectionQuery query{.org = context->caller.org,
                        .subject = subjects_meant(parameters),
                        .organizations_own = context->caller.may(kOrganizationPermission),
                        .status = std::string(parameters.text("status")),
                        .after_subject = {},
                        .after_integration = {},
                        .limit = kPageSize + 1};
  if (!query.status.empty() && !parse_status(query.status)) {
    co_return problem_outcome(ProblemCode::invalid_request, "`status` is not a status");
  }
  if (parameters.has("cursor") && !read_cursor(parameters.text("cursor"), query)) {
    co_return problem_outcome(ProblemCode::invalid_request, "`cursor` is not a cursor");
  }
  const auto rows = co_await perform(in_database_of(query.org, {select_connections(query)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  JsonWriter out;
  out.begin_object().key("connections").begin_array();
  std::string cursor;
  const auto& page = (*rows)[0].rows;
  const bool more = std::ssize(page) > kPageSize;
  for (std::int64_t i = 0; i < std::ssize(page) && i < kPageSize; ++i) {
    const auto& row = page[static_cast<std::size_t>(i)];
    // Of what is there, not of what can be read of it: a page of nothing readable is not the last.
    cursor = cursor_after(row);
    const auto record = connection_in_row(row);
    if (record && record->id.org == query.org) {
      out.raw(connection_json(*record, co_await policy_of(context, &*record)));
    }
  }
  out.end_array();
  if (more) {
    out.member("cursor", cursor);
  }
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
