#include "core/flow/statements.h"

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/flow/frame/sql.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

constexpr DurationMs kSweepAfterMs = kDayMs;

#define POSTERN_LINK_COLUMNS                                                       \
  "link_hash, attempt, org_id, integration, user_id, tenant, return_to, confirm, " \
  "allow_other_account, claims, created_at, expires_at, consumed_at"
#define POSTERN_STATE_COLUMNS                                                                    \
  "state_hash, cookie_hash, mode, attempt, org_id, integration, user_id, tenant, redirect_uri, " \
  "code_challenge, sealed_verifier, return_to, confirm, allow_other_account, created_at, "       \
  "expires_at"

std::vector<SqlValue> state_parameters(const StateRow& row) {
  return bind({text(row.state_hash), text(row.cookie_hash), text(row.mode), text(row.attempt),
               text(row.id.org), text(row.id.integration), text(row.id.user_id), text(row.tenant),
               text(row.redirect_uri), text(row.code_challenge), text(row.sealed_verifier),
               text(row.return_to), text(row.confirm), flag(row.allow_other_account),
               row.created_at, row.expires_at});
}

}  // namespace

SqlStatement insert_link(const LinkRow& row) {
  return {.sql = "INSERT INTO connect_links (" POSTERN_LINK_COLUMNS
                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
          .parameters = bind({text(row.hash), text(row.attempt), text(row.id.org),
                              text(row.id.integration), text(row.id.user_id), text(row.tenant),
                              text(row.return_to), text(row.confirm), flag(row.allow_other_account),
                              text(row.claims), row.created_at, row.expires_at})};
}

SqlStatement select_link_by_hash(std::string_view hash) {
  return {.sql = "SELECT " POSTERN_LINK_COLUMNS " FROM connect_links WHERE link_hash = ?",
          .parameters = bind({text(hash)})};
}

SqlStatement select_link_by_attempt(std::string_view attempt, std::string_view org) {
  return {
      .sql = "SELECT " POSTERN_LINK_COLUMNS " FROM connect_links WHERE attempt = ? AND org_id = ?",
      .parameters = bind({text(attempt), text(org)})};
}

SqlStatement consume_link(std::string_view hash, EpochMs now) {
  return {.sql =
              "UPDATE connect_links SET consumed_at = ?1 WHERE link_hash = ?2 AND consumed_at IS "
              "NULL AND expires_at > ?1 RETURNING " POSTERN_LINK_COLUMNS,
          .parameters = bind({now, text(hash)})};
}

std::optional<LinkRow> link_of(const SqlOutcome& outcome) {
  if (outcome.rows.size() != 1) {
    return std::nullopt;
  }
  const auto& row = outcome.rows[0];
  if (!is_attempt_id(text_at(row, 1))) {
    return std::nullopt;
  }
  return LinkRow{
      .hash = text_at(row, 0),
      .attempt = text_at(row, 1),
      .id = {.org = text_at(row, 2), .integration = text_at(row, 3), .user_id = text_at(row, 4)},
      .tenant = text_at(row, 5),
      .return_to = text_at(row, 6),
      .confirm = text_at(row, 7),
      .allow_other_account = integer_at(row, 8) != 0,
      .claims = text_at(row, 9),
      .created_at = integer_at(row, 10),
      .expires_at = integer_at(row, 11),
      .consumed_at = integer_at(row, 12)};
}

SqlStatement sweep_links(EpochMs now) {
  return {.sql = "DELETE FROM connect_links WHERE expires_at < ?",
          .parameters = bind({now - kSweepAfterMs})};
}

SqlStatement sweep_states(EpochMs now) {
  return {.sql = "DELETE FROM oauth_states WHERE expires_at < ?",
          .parameters = bind({now - kSweepAfterMs})};
}

SqlStatement insert_state_for_link(const StateRow& row, std::string_view link_hash, EpochMs now) {
  auto parameters = state_parameters(row);
  parameters.emplace_back(std::string(link_hash));
  parameters.emplace_back(now);
  return {.sql = "INSERT INTO oauth_states (" POSTERN_STATE_COLUMNS
                 ") SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM connect_links WHERE "
                 "link_hash = ? AND consumed_at IS NULL AND expires_at > ?",
          .parameters = std::move(parameters)};
}

SqlStatement insert_state(const StateRow& row) {
  return {.sql = "INSERT INTO oauth_states (" POSTERN_STATE_COLUMNS
                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          .parameters = state_parameters(row)};
}

SqlStatement consume_state(std::string_view state_hash, std::string_view cookie_hash,
                           std::string_view mode, EpochMs now) {
  return {.sql =
              "DELETE FROM oauth_states WHERE state_hash = ? AND cookie_hash = ? AND mode = ? AND "
              "expires_at > ? RETURNING " POSTERN_STATE_COLUMNS,
          .parameters = bind({text(state_hash), text(cookie_hash), text(mode), now})};
}

SqlStatement consume_caller_state(std::string_view state_hash, const ConnectionId& id,
                                  EpochMs now) {
  return {
      .sql =
          "DELETE FROM oauth_states WHERE state_hash = ? AND mode = 'caller' AND org_id = ? "
          "AND integration = ? AND user_id = ? AND expires_at > ? RETURNING " POSTERN_STATE_COLUMNS,
      .parameters =
          bind({text(state_hash), text(id.org), text(id.integration), text(id.user_id), now})};
}

SqlStatement select_state(std::string_view state_hash) {
  return {.sql = "SELECT " POSTERN_STATE_COLUMNS " FROM oauth_states WHERE state_hash = ?",
          .parameters = bind({text(state_hash)})};
}

std::optional<StateRow> state_of(const SqlOutcome& outcome) {
  if (outcome.rows.size() != 1) {
    return std::nullopt;
  }
  const auto& row = outcome.rows[0];
  if (!is_attempt_id(text_at(row, 3))) {
    return std::nullopt;
  }
  return StateRow{
      .state_hash = text_at(row, 0),
      .cookie_hash = text_at(row, 1),
      .mode = text_at(row, 2),
      .attempt = text_at(row, 3),
      .id = {.org = text_at(row, 4), .integration = text_at(row, 5), .user_id = text_at(row, 6)},
      .tenant = text_at(row, 7),
      .redirect_uri = text_at(row, 8),
      .code_challenge = text_at(row, 9),
      .sealed_verifier = text_at(row, 10),
      .return_to = text_at(row, 11),
      .confirm = text_at(row, 12),
      .allow_other_account = integer_at(row, 13) != 0,
      .created_at = integer_at(row, 14),
      .expires_at = integer_at(row, 15)};
}

SqlStatement upsert_connection(const ConnectionRecord& record) {
  // The reference's columns show the first resource's token; `record` holds all of them.
  const auto* token = record.tokens.empty() ? nullptr : &record.tokens[0];
  return {
      .sql =
          "INSERT INTO oauth_connections (org_id, integration, user_id, provider, "
          "provider_user_id, tenant_id, access_token, refresh_token, expires_at, created_at, "
          "updated_at, version, status, account_name, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, integration, user_id) DO UPDATE SET provider = "
          "excluded.provider, provider_user_id = excluded.provider_user_id, tenant_id = "
          "excluded.tenant_id, access_token = excluded.access_token, refresh_token = "
          "excluded.refresh_token, expires_at = excluded.expires_at, created_at = "
          "excluded.created_at, updated_at = excluded.updated_at, version = excluded.version, "
          "status = excluded.status, account_name = excluded.account_name, record = "
          "excluded.record WHERE excluded.version >= oauth_connections.version",
      .parameters = bind(
          {text(record.id.org), text(record.id.integration), text(record.id.user_id),
           text(record.provider), text(record.account.provider_user_id),
           text(record.account.tenant_id), text(token == nullptr ? "" : token->sealed),
           record.sealed_refresh_token.empty() ? SqlArgument() : text(record.sealed_refresh_token),
           token == nullptr ? 0 : token->expires_at, record.created_at, record.updated_at,
           record.version, text(name_of(record.status)), text(record.account.name),
           text(base64url_encode(encode_record(record)))})};
}

SqlStatement select_connection(const ConnectionId& id) {
  return {.sql =
              "SELECT record FROM oauth_connections WHERE org_id = ? AND integration = ? AND "
              "user_id = ?",
          .parameters = bind({text(id.org), text(id.integration), text(id.user_id)})};
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
  return {
      .sql =
          "SELECT record, user_id, integration FROM oauth_connections WHERE org_id = ?1 AND (?2 = "
          "'' OR user_id = ?2) AND ((?3 = '' AND status <> 'revoked') OR status = ?3) AND "
          "(user_id, "
          "integration) > (?4, ?5) ORDER BY user_id, integration LIMIT ?6",
      .parameters = bind({text(query.org), text(query.user_id), text(query.status),
                          text(query.after_user_id), text(query.after_integration), query.limit})};
}

SqlStatement select_one() {
  return {.sql = "SELECT 1", .parameters = {}};
}

}  // namespace postern
