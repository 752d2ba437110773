#include "core/flow/store/links.h"

#include "core/flow/frame/sql.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

constexpr DurationMs kSweepAfterMs = kDayMs;

#define POSTERN_LINK_COLUMNS                                                                 \
  "link_hash, attempt, org_id, integration, user_id, tenant, return_to, confirm, "           \
  "allow_other_account, claims, created_at, expires_at, consumed_at, cookie_hash, outcome, " \
  "cause, ended_at, scopes"

}  // namespace

SqlStatement insert_link(const LinkRow& row) {
  return {.sql = "INSERT INTO connect_links (" POSTERN_LINK_COLUMNS
                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL, ?)",
          .parameters = bind({text(row.hash), text(row.attempt), text(row.id.org),
                              text(row.id.integration), text(row.id.subject), text(row.tenant),
                              text(row.return_to), text(row.confirm), flag(row.allow_other_account),
                              text(row.claims), row.created_at, row.expires_at, text(row.scopes)})};
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

SqlStatement consume_link(std::string_view hash, std::string_view cookie_hash, EpochMs now) {
  return {
      .sql =
          "UPDATE connect_links SET consumed_at = ?1, cookie_hash = ?3 WHERE link_hash = ?2 AND "
          "consumed_at IS NULL AND expires_at > ?1 RETURNING " POSTERN_LINK_COLUMNS,
      .parameters = bind({now, text(hash), text(cookie_hash)})};
}

SqlStatement select_link_of_browser(std::string_view attempt, std::string_view cookie_hash) {
  return {.sql = "SELECT " POSTERN_LINK_COLUMNS
                 " FROM connect_links WHERE attempt = ? AND cookie_hash = ?",
          .parameters = bind({text(attempt), text(cookie_hash)})};
}

SqlStatement prolong_attempt(std::string_view attempt, std::string_view org,
                             std::string_view state_hash, EpochMs now) {
  return {.sql =
              "UPDATE connect_links SET consumed_at = ?3 WHERE attempt = ?1 AND org_id = ?2 AND "
              "attempt IN (SELECT attempt FROM oauth_states WHERE state_hash = ?4 AND org_id = ?2) "
              "RETURNING " POSTERN_LINK_COLUMNS,
          .parameters = bind({text(attempt), text(org), now, text(state_hash)})};
}

SqlStatement end_attempt(std::string_view attempt, std::string_view org, std::string_view outcome,
                         std::string_view cause, EpochMs now) {
  return {.sql =
              "UPDATE connect_links SET outcome = ?3, cause = ?4, ended_at = ?5 WHERE attempt = ?1 "
              "AND org_id = ?2 AND outcome IS NOT 'connected'",
          .parameters = bind({text(attempt), text(org), text(outcome), text(cause), now})};
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
      .id = {.org = text_at(row, 2), .integration = text_at(row, 3), .subject = text_at(row, 4)},
      .tenant = text_at(row, 5),
      .return_to = text_at(row, 6),
      .confirm = text_at(row, 7),
      .allow_other_account = integer_at(row, 8) != 0,
      .scopes = text_at(row, 17),
      .claims = text_at(row, 9),
      .created_at = integer_at(row, 10),
      .expires_at = integer_at(row, 11),
      .consumed_at = integer_at(row, 12),
      .cookie_hash = text_at(row, 13),
      .outcome = text_at(row, 14),
      .cause = text_at(row, 15),
      .ended_at = integer_at(row, 16)};
}

SqlStatement sweep_links(EpochMs now) {
  return {.sql = "DELETE FROM connect_links WHERE expires_at < ?",
          .parameters = bind({now - kSweepAfterMs})};
}

}  // namespace postern
