// How an attempt to connect ends for whoever waits: a person at a page, or a caller over RPC.
#pragma once

#include <string>
#include <string_view>

#include "core/base/form.h"
#include "core/base/problem.h"
#include "core/connection/record.h"
#include "core/connection/schedule.h"
#include "core/flow/frame/outcome.h"
#include "core/flow/store/states.h"
#include "core/oauth/callback.h"
#include "core/oauth/fault.h"
#include "core/page/page.h"
#include "core/provider/catalogue.h"

namespace postern {

struct ConnectFailure {
  ProblemCode code = ProblemCode::core_trap;
  // Its code is what callers get to know the ending by (code_of).
  PageKind page = PageKind::service_unavailable;
  // What caused it: a stable word, or the provider's own sanitized code; empty: the problem's.
  std::string detail;
  // What else the provider said, checked and cut.
  std::string evidence;
  // What that means to people, one sentence; empty: nothing is known.
  std::string_view meaning;
  ShownAccount account;
  ShownAccount expected_account;
  std::string provider_name;
};
[[nodiscard]] std::string_view cause_of(const ConnectFailure& failure);

// What a refused code exchange means (RFC 6749 5.2).
[[nodiscard]] ConnectFailure failure_of_code_exchange(const TokenFault& fault,
                                                      const Provider& provider);
// What an answer at the callback means that brings no code (RFC 6749 4.1.2.1), or one that is not
// for this sign-in.
[[nodiscard]] ConnectFailure failure_of_callback(const CallbackFault& fault,
                                                 const Provider& provider);

[[nodiscard]] ShownAccount shown(const Account& account);

// `return_to` of the attempt with these fields.
[[nodiscard]] std::string return_url(const StateRow& state, FormFields fields);

// With `return_to` the person goes back there, with `error` (code_of) and the attempt.
[[nodiscard]] Outcome connect_failure(const StateRow& state, const ConnectFailure& failure);
[[nodiscard]] Outcome connect_success(const StateRow& state, const ConnectionRecord& record,
                                      const RefreshPolicy& policy, std::string_view provider_name);
// Sends the person to `return_to` with the attempt and the one-time confirmation code.
[[nodiscard]] Outcome connect_waiting(const StateRow& state, std::string_view confirmation_code);

}  // namespace postern
