#include "core/flow/store/api_keys.h"

#include "core/base/fields.h"
#include "core/flow/frame/sql.h"

namespace postern {

std::string encode_api_key_record(const ApiKeyRecord& record) {
  FieldWriter out;
  out.text(record.id)
      .text(record.org)
      .text(record.permissions)
      .number(record.expires_at)
      .flag(record.revoked);
  return out.take();
}

std::optional<ApiKeyRecord> decode_api_key_record(std::string_view bytes) {
  FieldReader in(bytes);
  ApiKeyRecord record;
  record.id = in.text();
  record.org = in.text();
  record.permissions = in.text();
  record.expires_at = in.number();
  record.revoked = in.flag();
  return in.complete_or_later() ? std::optional(std::move(record)) : std::nullopt;
}

std::string api_key_kv_key(std::string_view hash) {
  return "apikey:" + std::string(hash);
}

SqlStatement select_api_key_by_hash(std::string_view hash) {
  return {.sql =
              "SELECT id, key_hash, org_id, name, permissions, created_at, expires_at, revoked_at "
              "FROM api_keys WHERE key_hash = ?",
          .parameters = bind({text(hash)})};
}

std::optional<ApiKeyRecord> api_key_record_of(const std::vector<SqlOutcome>& outcomes) {
  if (outcomes.empty()) {
    return std::nullopt;
  }
  const auto rows = api_key_rows_of(outcomes[0]);
  if (rows.size() != 1) {
    return std::nullopt;
  }
  return ApiKeyRecord{.id = rows[0].id,
                      .org = rows[0].org,
                      .permissions = rows[0].permissions,
                      .expires_at = rows[0].expires_at,
                      .revoked = rows[0].revoked_at != 0};
}

SqlStatement insert_api_key(const ApiKeyRow& row) {
  return {.sql =
              "INSERT INTO api_keys (id, key_hash, org_id, name, permissions, created_at, "
              "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
          .parameters = bind({text(row.id), text(row.hash), text(row.org), text(row.name),
                              text(row.permissions), row.created_at, row.expires_at})};
}

SqlStatement select_api_keys(std::string_view org, std::int64_t limit) {
  return {.sql =
              "SELECT id, key_hash, org_id, name, permissions, created_at, expires_at, revoked_at "
              "FROM api_keys WHERE (?1 = '' OR org_id = ?1) ORDER BY created_at DESC, id LIMIT ?2",
          .parameters = bind({text(org), limit})};
}

SqlStatement revoke_api_key(std::string_view id, EpochMs now) {
  return {.sql =
              "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? "
              "RETURNING id, key_hash, org_id, name, permissions, created_at, expires_at, "
              "revoked_at",
          .parameters = bind({now, text(id)})};
}

std::vector<ApiKeyRow> api_key_rows_of(const SqlOutcome& outcome) {
  std::vector<ApiKeyRow> rows;
  rows.reserve(outcome.rows.size());
  for (const auto& row : outcome.rows) {
    rows.push_back({.id = text_at(row, 0),
                    .hash = text_at(row, 1),
                    .org = text_at(row, 2),
                    .name = text_at(row, 3),
                    .permissions = text_at(row, 4),
                    .created_at = integer_at(row, 5),
                    .expires_at = integer_at(row, 6),
                    .revoked_at = integer_at(row, 7)});
  }
  return rows;
}

}  // namespace postern
