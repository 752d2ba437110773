// What a token endpoint's refusal means for the connection. Three kinds, because each asks for
// another act:
//
//   transient    try again later; the grant lives, the status of the connection does not change
//   terminal     the grant is dead or needs a person; only a new connect link helps
//   integration  our registration or request is wrong; every connection of it fails alike, none is
//   dead
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/secret.h"
#include "core/base/time.h"

namespace postern {

enum class FaultKind : std::uint8_t { transient, terminal, integration };

struct TokenFault {
  FaultKind kind = FaultKind::transient;
  // RFC 6749 5.2 error code as the provider spelt it: printable ASCII, at most 64 bytes; empty
  // where none came.
  std::string error;
  // The provider's trace or correlation id, for its support desk. Printable ASCII, at most 128
  // bytes.
  std::string reference;
  // Claims challenge (OIDC Core 5.5 `claims` parameter, Entra's continuous access evaluation): a
  // JSON object as text, or empty. It goes into the next authorization request as it is.
  std::string claims;
  // A good refresh token in a 2xx answer that is no good otherwise: with rotation the only one that
  // lives.
  std::optional<Secret> refresh_token;
  // How long the provider asked us to wait; at most a day.
  std::optional<DurationMs> retry_after;
  int status = 0;  // HTTP status, 0 where no reply came
  // Our own stable word: "network", "timeout", "too_large", "not_json", "malformed", "http_5xx",
  // "rate_limited", "unavailable", "invalid_grant", "needs_person", "invalid_client",
  // "invalid_request", "invalid_scope", "unsupported_token_type", "unknown_error". Always points at
  // static storage.
  const char* reason = "";
};

struct FaultVerdict {
  FaultKind kind;
  const char* reason;
};

// The table from (error code, HTTP status) to kind, RFC 6749 5.2, OIDC Core 3.1.2.6, RFC 8628 3.5,
// RFC 8707 2.
// - A status of 408, 429 or 5xx wins over whatever code came with it: a server that says it failed
//   is not believed about the grant.
// - `terminal_errors` are codes that this provider uses for a dead grant, `person_errors` those for
//   what a person has to do first (catalogue data); they win over the table.
// - A code nobody knows is an integration fault: to repeat the same request cannot help, and
//   unlike "terminal" it discards nothing, so a misjudged code never costs a grant.
// - No code at all is transient: it was not the token endpoint that spoke, but something before it.
[[nodiscard]] FaultVerdict classify_token_error(
    std::string_view error, int status, std::span<const std::string_view> terminal_errors,
    std::span<const std::string_view> person_errors = {});

// No usable reply: `reason` is "network", "timeout", "too_large" or another word from above.
// Always transient.
[[nodiscard]] TokenFault no_reply_fault(const char* reason);

// Foreign text made fit for a log line, a header or JSON: bytes outside 0x20..0x7e become '?', cut
// to `max_bytes`.
[[nodiscard]] std::string printable_ascii(std::string_view text, std::size_t max_bytes);

}  // namespace postern
