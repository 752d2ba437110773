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
    KnownError{"interaction_required", {FaultKind::terminal, "needs_person"}},
    KnownError{"consent_required", {FaultKind::terminal, "needs_person"}},
    KnownError{"login_required", {FaultKind::terminal, "needs_person"}},
    KnownError{"account_selection_required", {FaultKind::terminal, "needs_person"}},
    KnownError{"access_denied", {FaultKind::terminal, "needs_person"}},
    KnownError{"invalid_client", {FaultKind::integration, "invalid_client"}},
    KnownError{"unauthorized_client", {FaultKind::integration, "invalid_client"}},
    KnownError{"unsupported_grant_type", {FaultKind::integration, "invalid_request"}},
    KnownError{"invalid_request", {FaultKind::integration, "invalid_request"}},
    KnownError{"invalid_scope", {FaultKind::integration, "invalid_scope"}},
    // Entra's word and RFC 8707 2's for the same thing.
    KnownError{"invalid_resource", {FaultKind::integration, "invalid_scope"}},
    KnownError{"invalid_target", {FaultKind::integration, "invalid_scope"}},
    // RFC 6749 4.1.2.1, used at the token endpoint as well; RFC 8628 3.5.
    KnownError{"temporarily_unavailable", {FaultKind::transient, "unavailable"}},
    KnownError{"server_error", {FaultKind::transient, "unavailable"}},
    KnownError{"slow_down", {FaultKind::transient, "rate_limited"}},
};

}  // namespace

FaultVerdict classify_token_error(std::string_view error, int status,
                                  std::span<const std::string_view> terminal_errors,
                                  std::span<const std::string_view> person_errors) {
  if (status == 429) return {FaultKind::transient, "rate_limited"};
  if (status == 408) return {FaultKind::transient, "timeout"};
  if (status >= 500) return {FaultKind::transient, "http_5xx"};
  if (error.empty()) return {FaultKind::transient, "malformed"};
  if (std::ranges::find(terminal_errors, error) != terminal_errors.end()) {
    return {FaultKind::terminal, "invalid_grant"};
  }
  if (std::ranges::find(person_errors, error) != person_errors.end()) {
    return {FaultKind::terminal, "needs_person"};
  }
  for (const KnownError& known : kKnownErrors) {
    if (known.error == error) return known.verdict;
  }
  return {FaultKind::integration, "unknown_error"};
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
