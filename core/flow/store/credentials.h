// The table integration_credentials: by what an organization's integration proves itself as itself,
// in place of the client secret. Each text with the function that reads its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/effect/effects.h"

namespace postern {

struct StoredCredential {
  std::string kind;
  std::string name;        // of a certificate its thumbprint (x5t#S256)
  std::string sealed_key;  // of a certificate; sealed for `sign` alone
  EpochMs added_at = 0;
};
inline constexpr std::string_view kCertificate = "certificate";

// In place of the one before.
[[nodiscard]] SqlStatement upsert_credential(std::string_view org, std::string_view integration,
                                             const StoredCredential& credential);
[[nodiscard]] SqlStatement select_credential(std::string_view org, std::string_view integration);
[[nodiscard]] SqlStatement delete_credential(std::string_view org, std::string_view integration);
[[nodiscard]] std::optional<StoredCredential> credential_of(const SqlOutcome& outcome);

}  // namespace postern
