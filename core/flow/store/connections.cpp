#include "core/flow/store/connections.h"

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/flow/frame/sql.h"
#include "core/provider/catalogue.h"

namespace postern {

namespace {

// Of a connection that needs the account's grant, where its provider ends all of them at once.
SqlArgument shared_account(const ConnectionRecord& record) {
  const auto* provider = find_provider(record.provider);
  const bool needs_it = provider != nullptr && provider->revocation_ends_grant &&
                        record.status == Status::connected && !record.account.key.empty();
  return needs_it ? text(record.account.key) : SqlArgument();
}

}  // namespace

SqlStatement upsert_connection(const ConnectionRecord& record) {
  // The reference's columns show the first resource's token; `record` holds all of them.
  const auto* token = record.tokens.empty() ? nullptr : &record.tokens[0];
  return {
      .sql =
          "INSERT INTO oauth_connections (org_id, integration, user_id, provider, "
          "provider_user_id, tenant_id, access_token, refresh_token, expires_at, created_at, "
          "updated_at, version, status, account_name, record, account_key) VALUES (?, ?, ?, ?, ?, "
          "?, ?, ?, ?, "
          "?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, integration, user_id) DO UPDATE SET provider "
          "= "
          "excluded.provider, provider_user_id = excluded.provider_user_id, tenant_id = "
          "excluded.tenant_id, access_token = excluded.access_token, refresh_token = "
          "excluded.refresh_token, expires_at = excluded.expires_at, created_at = "
          "excluded.created_at, updated_at = excluded.updated_at, version = excluded.version, "
          "status = excluded.status, account_name = excluded.account_name, record = "
          "excluded.record, account_key = excluded.account_key WHERE excluded.version >= "
          "oauth_connections.version",
      .parameters = bind(
          {text(record.id.org), text(record.id.integration), text(record.id.subject),
           text(record.provider), text(record.account.provider_user_id),
           text(record.account.tenant_id), text(token == nullptr ? "" : token->sealed),
           record.sealed_refresh_token.empty() ? SqlArgument() : text(record.sealed_refresh_token),
           token == nullptr ? 0 : token->expires_at, record.created_at, record.updated_at,
           record.version, text(name_of(record.status)), text(record.account.name),
           text(base64url_encode(encode_record(record))), shared_account(record)})};
}

SqlStatement select_connection(const ConnectionId& id) {
  return {.sql =
              "SELECT record FROM oauth_connections WHERE org_id = ? AND integration = ? AND "
              "user_id = ?",
          .parameters = bind({text(id.org), text(id.integration), text(id.subject)})};
}

SqlStatement select_same_account(const ConnectionRecord& record) {
  return {.sql =
              "SELECT 1 FROM oauth_connections WHERE account_key = ? AND provider = ? AND status = "
              "'connected' AND NOT "
              "(org_id = ? AND integration = ? AND user_id = ?) LIMIT 1",
          .parameters = bind({text(record.account.key), text(record.provider), text(record.id.org),
                              text(record.id.integration), text(record.id.subject)})};
}

std::optional<ConnectionRecord> connection_in_row(const SqlRow& row) {
  const auto bytes = base64url_decode(text_at(row, 0));
  return bytes ? decode_record(*bytes) : std::nullopt;
}

std::optional<ConnectionRecord> connection_of(const SqlOutcome& outcome) {
  return outcome.rows.size() == 1 ? connection_in_row(outcome.rows[0]) : std::nullopt;
}

std::string cursor_after(const SqlRow& row) {
  FieldWriter out;
  out.text(text_at(row, 1)).text(text_at(row, 2));
  return base64url_encode(out.bytes());
}

SqlStatement select_connections(const ConnectionQuery& query) {
  const auto range = query.subject.value_or(SubjectRange());
  return {
      .sql =
          "SELECT record, user_id, integration FROM oauth_connections WHERE org_id = ?1 AND (?2 = "
          "'' OR user_id = ?7 OR (user_id >= ?2 AND user_id < ?8)) AND ((?3 = '' AND status <> "
          "'revoked') OR status = ?3) AND (user_id, integration) > (?4, ?5) AND user_id >= ?9 "
          "ORDER BY user_id, integration LIMIT ?6",
      .parameters =
          bind({text(query.org), text(range.first), text(query.status), text(query.after_subject),
                text(query.after_integration), query.limit, text(range.exact), text(range.last),
                text(query.organizations_own ? std::string_view() : kFirstUser)})};
}

}  // namespace postern
