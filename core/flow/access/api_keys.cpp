// API keys: made, listed and revoked by the administrator. The key itself is in one answer, once.
#include "core/flow/store/api_keys.h"

#include "core/base/base64url.h"
#include "core/base/json_writer.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/flow/access/access.h"
#include "core/flow/access/operations.h"
#include "core/flow/store/database.h"

namespace postern {

namespace {

constexpr std::int64_t kMaxListed = 500;

void write_key(JsonWriter& out, const ApiKeyRow& row) {
  out.member("id", row.id)
      .member("org_id", row.org)
      .member("name", row.name)
      .key("permissions")
      .begin_array();
  for (std::size_t at = 0; at < row.permissions.size();) {
    const auto space = std::min(row.permissions.find(' ', at), row.permissions.size());
    out.string(std::string_view(row.permissions).substr(at, space - at));
    at = space + 1;
  }
  out.end_array().member("created_at", format_iso8601(row.created_at));
  if (row.expires_at != 0) {
    out.member("expires_at", format_iso8601(row.expires_at));
  }
  if (row.revoked_at != 0) {
    out.member("revoked_at", format_iso8601(row.revoked_at));
  }
}

}  // namespace

Task<Outcome> create_api_key_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto org = parameters.text("org_id");
  if (!is_org_id(org)) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "`org_id` must be 1 to 63 letters, digits or hyphens, not GLOBAL");
  }
  if (auto fault = fault_in_permissions(*context, parameters.text("permissions")); !fault.empty()) {
    co_return problem_outcome(ProblemCode::invalid_request, std::move(fault));
  }
  const auto now = co_await current_time();
  std::int64_t expires_at = 0;
  if (parameters.has("expires_at")) {
    expires_at = parse_iso8601(parameters.text("expires_at")).value_or(0);
    if (expires_at <= now) {
      co_return problem_outcome(ProblemCode::invalid_request, "`expires_at` must be in the future");
    }
  }
  const auto key = make_api_key(org, context->take_entropy(32));
  const ApiKeyRow row{.id = "key_" + base64url_encode(context->take_entropy(12)),
                      .hash = sha256_base64url(key),
                      .org = std::string(org),
                      .name = std::string(parameters.text("name")),
                      .permissions = std::string(parameters.text("permissions")),
                      .created_at = now,
                      .expires_at = expires_at,
                      .revoked_at = 0};
  const auto stored = co_await perform(in_shared_database({insert_api_key(row)}));
  if (!stored) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  JsonWriter out;
  out.begin_object();
  write_key(out, row);
  co_return json_outcome(out.member("key", key).end_object().take(), 201);
}

Task<Outcome> list_api_keys_flow(FlowContext* context) {
  const auto rows = co_await perform(
      in_shared_database({select_api_keys(context->parameters.text("org_id"), kMaxListed)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  JsonWriter out;
  out.begin_object().key("api_keys").begin_array();
  for (const auto& row : api_key_rows_of((*rows)[0])) {
    out.begin_object();
    write_key(out, row);
    out.end_object();
  }
  co_return json_outcome(out.end_array().end_object().take());
}

Task<Outcome> revoke_api_key_flow(FlowContext* context) {
  const auto now = co_await current_time();
  const auto rows =
      co_await perform(in_shared_database({revoke_api_key(context->parameters.text("id"), now)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto keys = api_key_rows_of((*rows)[0]);
  if (keys.empty()) {
    co_return problem_outcome(ProblemCode::not_found);
  }
  const auto& row = keys[0];
  const ApiKeyRecord record{.id = row.id,
                            .org = row.org,
                            .permissions = row.permissions,
                            .expires_at = row.expires_at,
                            .revoked = true};
  // KV still tells others that the key is good; the marker overwrites it.
  const auto marked = co_await perform(KvPut{.key = api_key_kv_key(row.hash),
                                             .value = encode_api_key_record(record),
                                             .ttl_seconds = kApiKeyKvSeconds});
  (void)co_await perform(MemoryPut{.key = "apikey:" + row.hash, .value = {}, .expires_at = 0});
  if (!marked) {
    // Revoked in D1; KV forgets by itself within its TTL. Said, not hidden.
    co_return problem_outcome(
        ProblemCode::store_unavailable,
        "Revoked, but KV may honour the key for another minute; repeat the call");
  }
  JsonWriter out;
  out.begin_object();
  write_key(out, row);
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
