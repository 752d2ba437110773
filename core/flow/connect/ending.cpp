#include "core/flow/connect/ending.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/connection/description.h"
#include "core/flow/connect/pages.h"
#include "core/flow/store/states.h"
#include "core/oauth/scope.h"
#include "core/provider/error_words.h"

namespace postern {

namespace {

Outcome redirect_back(const StateRow& state, FormFields fields) {
  auto outcome = redirect_outcome(303, return_url(state, std::move(fields)));
  // The code in the URL must not travel on from there as a referrer.
  outcome.headers.emplace_back("referrer-policy", "no-referrer");
  return outcome;
}

// Errors at the authorization endpoint that are about our request, not about the person.
constexpr std::string_view kRequestErrors[] = {"invalid_request", "unauthorized_client",
                                               "unsupported_response_type", "invalid_scope"};

// Neither the person nor an administrator can do anything then.
constexpr std::string_view kOperator = "operator";

ProviderWords words_of(const CallbackFault& fault) {
  return {.error = fault.error, .codes = fault.number};
}

// "2026-01-02 04:05 UTC" where nothing renews what was given; empty: it lasts.
std::string end_of_access(const ConnectionRecord& record) {
  if (!record.sealed_refresh_token.empty() || record.tokens.empty() ||
      record.tokens.front().expires_at == 0) {
    return {};
  }
  const auto text = format_iso8601(record.tokens.front().expires_at);
  return text.substr(0, 10) + ' ' + text.substr(11, 5) + " UTC";
}

}  // namespace

std::string return_url(const StateRow& state, FormFields fields) {
  fields.emplace_back("attempt", state.attempt);
  const char separator = state.return_to.find('?') == std::string::npos ? '?' : '&';
  return state.return_to + separator + form_encode(fields);
}

std::string_view cause_of(const ConnectFailure& failure) {
  return failure.detail.empty() ? info_of(failure.code).code : std::string_view(failure.detail);
}

ShownAccount shown(const Account& account) {
  return {.name = account.name, .address = account.username, .directory = account.tenant_id};
}

ConnectFailure failure_of_callback(const CallbackFault& fault, const Provider& provider) {
  switch (fault.kind) {
    case CallbackFaultKind::denied:
    case CallbackFaultKind::provider_error: {
      ConnectFailure failure{.code = ProblemCode::sign_in_denied,
                             .page = PageKind::provider_refused,
                             .detail = fault.error,
                             .evidence = fault.provider_code,
                             .meaning = meaning_of(provider.id, words_of(fault))};
      if (fault.kind == CallbackFaultKind::denied) {
        failure.page = PageKind::denied;
      } else if (std::ranges::contains(kRequestErrors, fault.error) ||
                 who_can_fix(provider.id, words_of(fault)) == kOperator) {
        failure.page = PageKind::integration_fault;
      }
      return failure;
    }
    case CallbackFaultKind::wrong_state:
    case CallbackFaultKind::wrong_integration:
    case CallbackFaultKind::wrong_issuer:
    case CallbackFaultKind::wrong_verifier:
      return {.code = ProblemCode::state_refused,
              .page = PageKind::answer_mismatch,
              .detail = std::string(name_of(fault.kind))};
    case CallbackFaultKind::malformed:
    case CallbackFaultKind::missing_state:
    case CallbackFaultKind::missing_code:
    case CallbackFaultKind::not_a_sign_in:
      break;
  }
  return {.code = ProblemCode::state_refused,
          .page = PageKind::bad_request,
          .detail = std::string(name_of(fault.kind))};
}

namespace {

ConnectFailure failure_of_kind(const TokenFault& fault) {
  const std::string detail =
      fault.said.error.empty() ? std::string(fault.reason) : fault.said.error;
  switch (fault.kind) {
    case FaultKind::transient:
      return {.code = ProblemCode::provider_unavailable,
              .page = PageKind::provider_unavailable,
              .detail = detail};
    case FaultKind::terminal: {
      // Of a code it says that it had expired or was used (RFC 6749 5.2).
      const bool code = std::string_view(fault.reason) == "invalid_grant";
      return {.code = ProblemCode::code_refused,
              .page = code ? PageKind::code_refused : PageKind::provider_refused,
              .detail = detail};
    }
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

}  // namespace

ConnectFailure failure_of_code_exchange(const TokenFault& fault, const Provider& provider) {
  auto failure = failure_of_kind(fault);
  if (failure.page == PageKind::provider_refused &&
      who_can_fix(provider.id, fault.said) == kOperator) {
    failure.page = PageKind::integration_fault;
  }
  failure.evidence = evidence_of(fault.said);
  failure.meaning = meaning_of(provider.id, fault.said);
  return failure;
}

Outcome connect_failure(const StateRow& state, const ConnectFailure& failure) {
  if (state.mode == "caller") {
    auto refused = problem(failure.code);
    refused.members.emplace_back("reason", cause_of(failure));
    if (!failure.evidence.empty()) {
      refused.members.emplace_back("evidence", failure.evidence);
    }
    if (!failure.meaning.empty()) {
      refused.members.emplace_back("meaning", failure.meaning);
    }
    return problem_outcome(refused);
  }
  if (!state.return_to.empty()) {
    return redirect_back(state, {{"error", std::string(code_of(failure.page))}});
  }
  return result_page({.kind = failure.page,
                      .organization = state.id.org,
                      .provider_name = failure.provider_name,
                      .account = failure.account,
                      .expected_account = failure.expected_account,
                      .detail = std::string(cause_of(failure)),
                      .reference = failure.evidence,
                      .meaning = std::string(failure.meaning)});
}

Outcome connect_success(const StateRow& state, const ConnectionRecord& record,
                        const RefreshPolicy& policy, std::string_view provider_name) {
  if (state.mode == "caller") {
    return json_outcome(connection_json(record, policy));
  }
  if (!state.return_to.empty()) {
    return redirect_back(state, {{"status", "connected"}});
  }
  return result_page({.kind = PageKind::connected,
                      .organization = state.id.org,
                      .provider_name = std::string(provider_name),
                      .account = shown(record.account),
                      .ends_at = end_of_access(record),
                      .missing_scopes = missing_scopes(record, policy)});
}

Outcome connect_waiting(const StateRow& state, std::string_view confirmation_code) {
  return redirect_back(state, {{"code", std::string(confirmation_code)}});
}

}  // namespace postern
