#include "core/flow/store/credentials.h"

#include "core/flow/frame/sql.h"

namespace postern {

SqlStatement upsert_credential(std::string_view org, std::string_view integration,
                               const StoredCredential& credential) {
  return {.sql =
              "INSERT INTO integration_credentials (org_id, integration, kind, name, sealed_key, "
              "added_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, integration) DO UPDATE SET "
              "kind = excluded.kind, name = excluded.name, sealed_key = excluded.sealed_key, "
              "added_at = excluded.added_at",
          .parameters =
              bind({text(org), text(integration), text(credential.kind), text(credential.name),
                    text(credential.sealed_key), credential.added_at})};
}

SqlStatement select_credential(std::string_view org, std::string_view integration) {
  return {.sql =
              "SELECT kind, name, sealed_key, added_at FROM integration_credentials WHERE org_id = "
              "? AND integration = ?",
          .parameters = bind({text(org), text(integration)})};
}

SqlStatement delete_credential(std::string_view org, std::string_view integration) {
  return {.sql = "DELETE FROM integration_credentials WHERE org_id = ? AND integration = ?",
          .parameters = bind({text(org), text(integration)})};
}

std::optional<StoredCredential> credential_of(const SqlOutcome& outcome) {
  if (outcome.rows.size() != 1) {
    return std::nullopt;
  }
  const auto& row = outcome.rows[0];
  return StoredCredential{.kind = text_at(row, 0),
                          .name = text_at(row, 1),
                          .sealed_key = text_at(row, 2),
                          .added_at = integer_at(row, 3)};
}

}  // namespace postern
