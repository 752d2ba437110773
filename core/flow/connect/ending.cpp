#include "core/flow/connect/ending.h"

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/connection/description.h"
#include "core/flow/connect/pages.h"
#include "core/flow/store/states.h"
#include "core/oauth/state.h"

namespace postern {

namespace {

// Where the attempt ends, its cookie ends.
Outcome without_cookie(Outcome outcome, const StateRow& state) {
  outcome.headers.emplace_back("set-cookie",
                               make_expired_cookie(attempt_cookie_name(state.attempt)));
  return outcome;
}

Outcome redirect_back(const StateRow& state, const FormFields& fields) {
  const char separator = state.return_to.find('?') == std::string::npos ? '?' : '&';
  auto outcome = redirect_outcome(303, state.return_to + separator + form_encode(fields));
  // The code in the URL must not travel on from there as a referrer.
  outcome.headers.emplace_back("referrer-policy", "no-referrer");
  return outcome;
}

}  // namespace

ConnectFailure failure_of_code_exchange(const TokenFault& fault) {
  const std::string detail =
      fault.said.error.empty() ? std::string(fault.reason) : fault.said.error;
  switch (fault.kind) {
    case FaultKind::transient:
      return {.code = ProblemCode::provider_unavailable,
              .page = PageKind::provider_unavailable,
              .detail = detail};
    case FaultKind::terminal:
    case FaultKind::person:
    case FaultKind::refused:
      return {
          .code = ProblemCode::code_refused, .page = PageKind::provider_refused, .detail = detail};
    case FaultKind::integration:
      break;
  }
  return {.code = ProblemCode::integration_fault,
          .page = PageKind::integration_fault,
          .detail = detail};
}

Outcome connect_failure(const StateRow& state, const ConnectFailure& failure) {
  const std::string_view detail =
      failure.detail.empty() ? info_of(failure.code).code : failure.detail;
  if (state.mode == "caller") {
    auto refused = problem(failure.code);
    refused.members.emplace_back("reason", detail);
    return problem_outcome(refused);
  }
  return without_cookie(result_page({.kind = failure.page,
                                     .organization = state.id.org,
                                     .provider_name = failure.provider_name,
                                     .account = failure.account,
                                     .expected_account = {},
                                     .detail = std::string(detail),
                                     .reference = {}}),
                        state);
}

Outcome connect_success(const StateRow& state, const ConnectionRecord& record,
                        const RefreshPolicy& policy, std::string_view provider_name) {
  if (state.mode == "caller") {
    return json_outcome(connection_json(record, policy));
  }
  if (!state.return_to.empty()) {
    return without_cookie(
        redirect_back(state, {{"attempt", state.attempt}, {"status", "connected"}}), state);
  }
  const auto& account = record.account;
  return without_cookie(
      result_page({.kind = PageKind::connected,
                   .organization = state.id.org,
                   .provider_name = std::string(provider_name),
                   .account = account.username.empty() ? account.name : account.username,
                   .expected_account = {},
                   .detail = {},
                   .reference = {}}),
      state);
}

Outcome connect_waiting(const StateRow& state, std::string_view confirmation_code) {
  return without_cookie(
      redirect_back(state, {{"attempt", state.attempt}, {"code", std::string(confirmation_code)}}),
      state);
}

}  // namespace postern
