// The table integration_faults, of integrations that a provider refuses, each text with the
// function that reads its rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/effect/effects.h"

namespace postern {

struct IntegrationFault {
  std::string reason;
  std::string error;
  std::string reference;
  EpochMs since = 0;
  EpochMs last_seen = 0;
};
[[nodiscard]] SqlStatement upsert_integration_fault(std::string_view org,
                                                    std::string_view integration,
                                                    const IntegrationFault& fault);
[[nodiscard]] SqlStatement select_integration_fault(std::string_view org,
                                                    std::string_view integration);
[[nodiscard]] std::optional<IntegrationFault> integration_fault_of(const SqlOutcome& outcome);
// Unless it was seen after `worked_at`.
[[nodiscard]] SqlStatement delete_integration_fault(std::string_view org,
                                                    std::string_view integration,
                                                    EpochMs worked_at);

}  // namespace postern
