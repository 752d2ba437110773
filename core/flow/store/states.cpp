#include "core/flow/store/states.h"

#include "core/flow/frame/sql.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

constexpr DurationMs kSweepAfterMs = kDayMs;

#define POSTERN_STATE_COLUMNS                                                                    \
  "state_hash, cookie_hash, mode, attempt, org_id, integration, user_id, tenant, redirect_uri, " \
  "code_challenge, sealed_verifier, return_to, confirm, allow_other_account, created_at, "       \
  "expires_at, scopes, dropped_scopes"

std::vector<SqlValue> state_parameters(const StateRow& row) {
  return bind({text(row.state_hash), text(row.cookie_hash), text(row.mode), text(row.attempt),
               text(row.id.org), text(row.id.integration), text(row.id.subject), text(row.tenant),
               text(row.redirect_uri), text(row.code_challenge), text(row.sealed_verifier),
               text(row.return_to), text(row.confirm), flag(row.allow_other_account),
               row.created_at, row.expires_at, text(row.scopes), text(row.dropped_scopes)});
}

}  // namespace

SqlStatement insert_state_for_link(const StateRow& row, std::string_view link_hash, EpochMs now) {
  auto parameters = state_parameters(row);
  parameters.emplace_back(std::string(link_hash));
  parameters.emplace_back(now);
  return {
      .sql =
          "INSERT INTO oauth_states (" POSTERN_STATE_COLUMNS
          ") SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM connect_links WHERE "
          "link_hash = ? AND consumed_at IS NULL AND expires_at > ?",
      .parameters = std::move(parameters)};
}

SqlStatement insert_state(const StateRow& row) {
  return {.sql = "INSERT INTO oauth_states (" POSTERN_STATE_COLUMNS
                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          .parameters = state_parameters(row)};
}

SqlStatement insert_state_for_state(const StateRow& row, std::string_view earlier_hash,
                                    EpochMs now) {
  auto parameters = state_parameters(row);
  for (const std::string_view value :
       {earlier_hash, std::string_view(row.cookie_hash), std::string_view(row.id.org)}) {
    parameters.emplace_back(std::string(value));
  }
  parameters.emplace_back(now);
  return {.sql = "INSERT INTO oauth_states (" POSTERN_STATE_COLUMNS
                 ") SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM oauth_states "
                 "WHERE state_hash = ? AND cookie_hash = ? AND org_id = ? AND mode = 'browser' AND "
                 "expires_at > ?",
          .parameters = std::move(parameters)};
}

SqlStatement consume_state(std::string_view state_hash, std::string_view cookie_hash,
                           std::string_view mode, EpochMs now) {
  return {.sql =
              "DELETE FROM oauth_states WHERE state_hash = ? AND cookie_hash = ? AND mode = ? AND "
              "expires_at > ? RETURNING " POSTERN_STATE_COLUMNS,
          .parameters = bind({text(state_hash), text(cookie_hash), text(mode), now})};
}

SqlStatement consume_caller_state(std::string_view state_hash, const ConnectionId& id,
                                  std::string_view tenant, EpochMs now) {
  return {
      .sql =
          "DELETE FROM oauth_states WHERE state_hash = ?1 AND mode = 'caller' AND org_id = ?2 AND "
          "integration = ?3 AND user_id = ?4 AND (?5 = '' OR tenant = ?5) AND expires_at > ?6 "
          "RETURNING " POSTERN_STATE_COLUMNS,
      .parameters = bind({text(state_hash), text(id.org), text(id.integration), text(id.subject),
                          text(tenant), now})};
}

SqlStatement select_state(std::string_view state_hash) {
  return {.sql = "SELECT " POSTERN_STATE_COLUMNS " FROM oauth_states WHERE state_hash = ?",
          .parameters = bind({text(state_hash)})};
}

SqlStatement select_state_of_attempt(std::string_view attempt, std::string_view org) {
  return {.sql = "SELECT " POSTERN_STATE_COLUMNS
                 " FROM oauth_states WHERE attempt = ? AND org_id = ? LIMIT 1",
          .parameters = bind({text(attempt), text(org)})};
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
      .id = {.org = text_at(row, 4), .integration = text_at(row, 5), .subject = text_at(row, 6)},
      .tenant = text_at(row, 7),
      .redirect_uri = text_at(row, 8),
      .code_challenge = text_at(row, 9),
      .sealed_verifier = text_at(row, 10),
      .return_to = text_at(row, 11),
      .confirm = text_at(row, 12),
      .allow_other_account = integer_at(row, 13) != 0,
      .scopes = text_at(row, 16),
      .dropped_scopes = text_at(row, 17),
      .created_at = integer_at(row, 14),
      .expires_at = integer_at(row, 15)};
}

SqlStatement sweep_states(EpochMs now) {
  return {.sql = "DELETE FROM oauth_states WHERE expires_at < ?",
          .parameters = bind({now - kSweepAfterMs})};
}

}  // namespace postern
