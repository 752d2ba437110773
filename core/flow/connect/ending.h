// How an attempt to connect ends for whoever waits: a person at a page, or a caller over RPC.
#pragma once

#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/connection/record.h"
#include "core/connection/schedule.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/store/states.h"
#include "core/oauth/fault.h"
#include "core/page/page.h"

namespace postern {

struct ConnectFailure {
  ProblemCode code = ProblemCode::core_trap;
  PageKind page = PageKind::service_unavailable;
  // Stable word, or the provider's own sanitized code; empty: the problem's.
  std::string detail;
  std::string account;
  std::string provider_name;
};

// What a refused code exchange means (RFC 6749 5.2).
[[nodiscard]] ConnectFailure failure_of_code_exchange(const TokenFault& fault);

[[nodiscard]] Outcome connect_failure(const StateRow& state, const ConnectFailure& failure);
[[nodiscard]] Outcome connect_success(const StateRow& state, const ConnectionRecord& record,
                                      const RefreshPolicy& policy, std::string_view provider_name);
// Sends the person to `return_to` with the attempt and the one-time confirmation code.
[[nodiscard]] Outcome connect_waiting(const StateRow& state, std::string_view confirmation_code);

}  // namespace postern
