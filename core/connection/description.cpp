#include "core/connection/description.h"

#include "core/base/json_writer.h"
#include "core/connection/decision.h"

namespace postern {

std::string connection_json(const ConnectionRecord& record, const RefreshPolicy& policy) {
  const auto subject = parse_subject(record.id.subject);
  JsonWriter out;
  out.begin_object()
      .member("integration", record.id.integration)
      .member("provider", record.provider)
      .member("user_id", subject.is_organization() ? kOrganizationName : subject.user_id)
      .member("subject", subject.is_organization() ? "organization" : "user")
      .member("status", name_of(record.status))
      .member("version", record.version);
  out.key("account")
      .begin_object()
      .member("label", subject.account)
      .member("tenant_id", record.account.tenant_id)
      .member("provider_user_id", record.account.provider_user_id)
      .member("name", record.account.name)
      .member("username", record.account.username)
      .end_object();
  out.key("resources").begin_array();
  for (const auto& token : record.tokens) {
    out.begin_object().member("resource", token.resource).member("scope", token.scope);
    if (token.expires_at != 0) {
      out.member("expires_at", format_iso8601(token.expires_at));
    }
    out.end_object();
  }
  out.end_array();
  out.key("can_refresh").boolean(!record.sealed_refresh_token.empty());
  if (!record.cause.empty()) {
    out.member("cause", record.cause)
        .member("evidence", record.evidence)
        .member("fix", who_can_fix(record.evidence));
  }
  if (const auto due = next_refresh(record, policy); due.at != 0) {
    out.member("refreshes_at", format_iso8601(due.at));
  }
  if (const auto end = expires_for_good_at(record, policy); end != 0) {
    out.member("expires_for_good_at", format_iso8601(end));
  }
  out.member("created_at", format_iso8601(record.created_at))
      .member("updated_at", format_iso8601(record.updated_at));
  return out.end_object().take();
}

}  // namespace postern
