// The table admin_consents, each text with the function that reads its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/effect/effects.h"

namespace postern {

struct AdminConsent {
  std::string tenant_id;
  std::string client_id;
  std::string status;  // "claimed", "verified"
  std::string scopes;  // as the answer names them, separated by spaces; may be empty
  std::string attempt;
  EpochMs claimed_at = 0;       // first
  EpochMs last_claimed_at = 0;  // last
};
inline constexpr std::string_view kClaimed = "claimed";
inline constexpr std::string_view kVerified = "verified";

// A directory's row is its first attempt's for good, and what is verified of its registered app
// stays so. An attempt is of one directory, that of its row and of its event, which is inserted
// before, in the same batch: an answer that names another one writes nothing. RETURNING the
// directory that was written.
[[nodiscard]] SqlStatement claim_admin_consent(std::string_view org, std::string_view integration,
                                               const AdminConsent& consent,
                                               std::string_view event_id);
// The directory gave the registered app itself a token with roles in it, which only an
// administrator gives: what a browser claimed is true. Where nothing was claimed there is nothing
// to verify.
[[nodiscard]] SqlStatement verify_admin_consent(std::string_view org, std::string_view integration,
                                                std::string_view client_id,
                                                std::string_view tenant_id);
// Of one registered app, by its client id.
[[nodiscard]] SqlStatement select_admin_consent(std::string_view org, std::string_view integration,
                                                std::string_view client_id,
                                                std::string_view tenant_id);
[[nodiscard]] SqlStatement select_admin_consents(std::string_view org, std::string_view integration,
                                                 std::string_view client_id,
                                                 std::string_view after_tenant, std::int64_t limit);
[[nodiscard]] std::optional<AdminConsent> admin_consent_in_row(const SqlRow& row);

}  // namespace postern
