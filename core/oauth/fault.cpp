#include "core/oauth/fault.h"

#include <algorithm>
#include <array>

namespace postern {
namespace {

struct KnownError {
  std::string_view error;
  FaultVerdict verdict;
};

// RFC 6749 5.2 unless another section is named.
constexpr std::array kKnownErrors = {
    KnownError{"invalid_grant", {FaultKind::terminal, "invalid_grant"}},
    // OIDC Core 3.1.2.6: the provider wants to see the person.
    KnownError{"interaction_required", {FaultKind::person, "needs_person"}},
    KnownError{"consent_required", {FaultKind::person, "needs_person"}},
    KnownError{"login_required", {FaultKind::person, "needs_person"}},
    KnownError{"account_selection_required", {FaultKind::person, "needs_person"}},
    KnownError{"access_denied", {FaultKind::person, "needs_person"}},
    KnownError{"invalid_client", {FaultKind::integration, "invalid_client"}},
    // RFC 6749 4.1.2.1, used at the token endpoint as well; RFC 8628 3.5.
    KnownError{"temporarily_unavailable", {FaultKind::transient, "unavailable"}},
    KnownError{"server_error", {FaultKind::transient, "unavailable"}},
    KnownError{"slow_down", {FaultKind::transient, "rate_limited"}},
};

constexpr FaultVerdict kTerminal = {FaultKind::terminal, "invalid_grant"};
constexpr FaultVerdict kPerson = {FaultKind::person, "needs_person"};

}  // namespace

FaultVerdict classify_token_error(const TokenRefusal& refusal, const ErrorCodes& codes) {
  const auto& [error, suberror, has_claims, status, number] = refusal;
  if (status == 429) return {FaultKind::transient, "rate_limited"};
  if (status == 408) return {FaultKind::transient, "timeout"};
  if (status >= 500) return {FaultKind::transient, "http_5xx"};
  if (error.empty()) return {FaultKind::transient, "malformed"};
  if (std::ranges::contains(codes.transient_numbers, number)) {
    return {FaultKind::transient, "unavailable"};
  }
  if (std::ranges::contains(codes.terminal, error)) return kTerminal;
  if (std::ranges::contains(codes.person, error)) return kPerson;
  if (std::ranges::contains(codes.integration, error)) {
    return {FaultKind::integration, "invalid_client"};
  }
  if (std::ranges::contains(codes.transient, error)) return {FaultKind::transient, "unavailable"};
  if (error == "invalid_grant" && (has_claims || !suberror.empty())) {
    return std::ranges::contains(codes.terminal_suberrors, suberror) ? kTerminal : kPerson;
  }
  if (error == "invalid_client" && std::ranges::contains(codes.refused_numbers, number)) {
    return {FaultKind::refused, "resource_refused"};
  }
  for (const KnownError& known : kKnownErrors) {
    if (known.error == error) return known.verdict;
  }
  return {FaultKind::refused, "resource_refused"};
}

TokenFault no_reply_fault(const char* reason) {
  TokenFault fault;
  fault.kind = FaultKind::transient;
  fault.reason = reason;
  return fault;
}

std::string printable_ascii(std::string_view text, std::size_t max_bytes) {
  std::string clean(text.substr(0, max_bytes));
  for (char& c : clean) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return clean;
}

}  // namespace postern
