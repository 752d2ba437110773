// Every way in which Postern says no, each with a stable code (RFC 9457). The table is the only
// place where a code, its status and its words meet; docs/api.md is written from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/pairs.h"

namespace postern {

enum class ProblemCode : std::uint8_t {
  invalid_request,
  unauthenticated,
  permission_denied,
  not_found,
  not_connected,
  connection_pending,
  needs_reauth,
  unknown_integration,
  integration_fault,
  integration_not_configured,
  provider_unavailable,
  provider_rejected,
  provider_forbidden,
  provider_not_found,
  rate_limited,
  store_unavailable,
  overloaded,
  out_of_memory,
  core_trap,
  timeout,
  return_to_not_allowed,
  redirect_uri_not_allowed,
  attempt_unusable,
  confirmation_refused,
  state_refused,
  other_account,
  code_refused,
  sign_in_denied,
  id_token_refused,
  answer_too_large,
  payload_too_large,
  stored_data_unreadable,
  version_not_kept,
  version_spent,
  no_webhook,
  resource_refused,
  resource_not_granted,
  token_replaced,
  answer_too_large_to_rewrite,
  answer_not_rewritable,
  call_outcome_unknown,
  answer_withheld,
  provider_conflict,
  operation_failed,
  person_needed,
  directory_not_allowed,
};

struct ProblemInfo {
  std::string_view code;
  int status;
  std::string_view title;
  std::string_view remedy;  // what the caller can do; for the docs
};

[[nodiscard]] const ProblemInfo& info_of(ProblemCode code);
[[nodiscard]] std::span<const ProblemInfo> all_problems();

struct Problem {
  ProblemCode code = ProblemCode::invalid_request;
  std::string detail;  // for people; never a secret
  Pairs members;       // extension members, text
  std::optional<std::int64_t> retry_after_seconds;
};

[[nodiscard]] Problem problem(ProblemCode code, std::string_view detail = {});

// application/problem+json with `success: false` and `error` besides RFC 9457's own members.
[[nodiscard]] std::string problem_json(const Problem& problem);

}  // namespace postern
