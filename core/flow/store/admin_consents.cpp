#include "core/flow/store/admin_consents.h"

#include "core/flow/frame/sql.h"

namespace postern {

#define POSTERN_CONSENT_COLUMNS \
  "tenant_id, client_id, status, scopes, attempt, claimed_at, last_claimed_at"

SqlStatement claim_admin_consent(std::string_view org, std::string_view integration,
                                 const AdminConsent& consent, std::string_view event_id) {
  return {.sql =
              "INSERT INTO admin_consents (org_id, integration, " POSTERN_CONSENT_COLUMNS
              ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8 FROM (SELECT ?1 AS org_id, COUNT(*) AS "
              "others FROM admin_consents WHERE org_id = ?1 AND attempt = ?7 AND tenant_id <> ?3) "
              "WHERE org_id = ?1 AND others = 0 AND NOT EXISTS (SELECT 1 FROM events WHERE org_id "
              "= ?1 AND id = ?9 AND json_extract(data, '$.tenant_id') <> ?3) ON CONFLICT (org_id, "
              "integration, tenant_id) DO UPDATE SET status = CASE WHEN admin_consents.client_id = "
              "excluded.client_id AND admin_consents.status = ?10 THEN ?10 ELSE excluded.status "
              "END, client_id = excluded.client_id, scopes = excluded.scopes, last_claimed_at = "
              "excluded.last_claimed_at RETURNING tenant_id",
          .parameters =
              bind({text(org), text(integration), text(consent.tenant_id), text(consent.client_id),
                    text(consent.status), text(consent.scopes), text(consent.attempt),
                    consent.last_claimed_at, text(event_id), text(kVerified)})};
}

SqlStatement verify_admin_consent(std::string_view org, std::string_view integration,
                                  std::string_view client_id, std::string_view tenant_id) {
  return {.sql =
              "UPDATE admin_consents SET status = ? WHERE org_id = ? AND integration = ? AND "
              "client_id = ? AND tenant_id = ? AND status <> ?",
          .parameters = bind({text(kVerified), text(org), text(integration), text(client_id),
                              text(tenant_id), text(kVerified)})};
}

SqlStatement select_admin_consent(std::string_view org, std::string_view integration,
                                  std::string_view client_id, std::string_view tenant_id) {
  return {.sql = "SELECT " POSTERN_CONSENT_COLUMNS
                 " FROM admin_consents WHERE org_id = ? AND integration = ? AND client_id = ? AND "
                 "tenant_id = ?",
          .parameters = bind({text(org), text(integration), text(client_id), text(tenant_id)})};
}

SqlStatement select_admin_consents(std::string_view org, std::string_view integration,
                                   std::string_view client_id, std::string_view after_tenant,
                                   std::int64_t limit) {
  return {.sql = "SELECT " POSTERN_CONSENT_COLUMNS
                 " FROM admin_consents WHERE org_id = ? AND integration = ? AND client_id = ? AND "
                 "tenant_id > ? ORDER BY tenant_id LIMIT ?",
          .parameters =
              bind({text(org), text(integration), text(client_id), text(after_tenant), limit})};
}

std::optional<AdminConsent> admin_consent_in_row(const SqlRow& row) {
  AdminConsent consent{.tenant_id = text_at(row, 0),
                       .client_id = text_at(row, 1),
                       .status = text_at(row, 2),
                       .scopes = text_at(row, 3),
                       .attempt = text_at(row, 4),
                       .claimed_at = integer_at(row, 5),
                       .last_claimed_at = integer_at(row, 6)};
  if (consent.tenant_id.empty() || consent.status.empty()) {
    return std::nullopt;
  }
  return consent;
}

}  // namespace postern
