#include "core/flow/store/integration_faults.h"

#include "core/flow/frame/sql.h"

namespace postern {

SqlStatement upsert_integration_fault(std::string_view org, std::string_view integration,
                                      const IntegrationFault& fault) {
  return {.sql =
              "INSERT INTO integration_faults (org_id, integration, reason, error, reference, "
              "since, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, integration) "
              "DO UPDATE SET reason = excluded.reason, error = excluded.error, reference = "
              "excluded.reference, last_seen = excluded.last_seen",
          .parameters = bind({text(org), text(integration), text(fault.reason), text(fault.error),
                              text(fault.reference), fault.since, fault.last_seen})};
}

SqlStatement select_integration_fault(std::string_view org, std::string_view integration) {
  return {.sql =
              "SELECT reason, error, reference, since, last_seen FROM integration_faults WHERE "
              "org_id = ? AND integration = ?",
          .parameters = bind({text(org), text(integration)})};
}

std::optional<IntegrationFault> integration_fault_of(const SqlOutcome& outcome) {
  if (outcome.rows.size() != 1) {
    return std::nullopt;
  }
  const auto& row = outcome.rows[0];
  return IntegrationFault{.reason = text_at(row, 0),
                          .error = text_at(row, 1),
                          .reference = text_at(row, 2),
                          .since = integer_at(row, 3),
                          .last_seen = integer_at(row, 4)};
}

SqlStatement delete_integration_fault(std::string_view org, std::string_view integration,
                                      EpochMs worked_at) {
  return {.sql =
              "DELETE FROM integration_faults WHERE org_id = ? AND integration = ? AND "
              "last_seen <= ?",
          .parameters = bind({text(org), text(integration), worked_at})};
}

}  // namespace postern
