// What a token endpoint's refusal means for the connection. Five kinds, because each asks for
// another act:
//
//   transient    try again later; the grant lives, the status of the connection does not change
//   terminal     the grant is dead; only a new connect link helps
//   person       for this resource a person has to do something at the provider (a second factor,
//                consent); the grant lives, other resources may go on
//   refused      this resource is refused to this connection, and signing in again does not change
//                that; the grant lives, nobody else is affected
//   integration  our registration is at fault: every connection of it fails alike, none is dead
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/secret.h"
#include "core/base/time.h"
#include "core/oauth/provider_words.h"

namespace postern {

enum class FaultKind : std::uint8_t { transient, terminal, person, refused, integration };

struct TokenFault {
  FaultKind kind = FaultKind::transient;
  ProviderWords said;
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
  // "rate_limited", "unavailable", "invalid_grant", "needs_person", "resource_refused",
  // "invalid_client", "unsupported_token_type". Always points at static storage.
  const char* reason = "";
};

struct FaultVerdict {
  FaultKind kind;
  const char* reason;
};

// Where a provider leaves the RFC in what its error codes mean; data of the catalogue.
struct ErrorCodes {
  std::span<const std::string_view> terminal;  // a dead grant
  std::span<const std::string_view> person;    // a person has to do something first
  std::span<const std::string_view> integration;
  std::span<const std::string_view> transient;
  // Of a `suberror` that comes with invalid_grant: the grant is dead. Any other one wants a person.
  std::span<const std::string_view> terminal_suberrors;
  // Numbers of what passes, whatever `error` says. A number may save a grant, and never ends one.
  std::span<const std::string_view> transient_numbers;
  // Numbers of invalid_client that are one directory's trouble, not the registration's.
  std::span<const std::string_view> refused_numbers;
};

// A refusal as it came. What is empty did not.
struct TokenRefusal {
  std::string_view error;
  std::string_view suberror;
  bool has_claims = false;  // a claims challenge came with it, readable or not
  int status = 0;           // HTTP
  std::string_view number;  // the first of ProviderWords::codes
};

// RFC 6749 5.2, OIDC Core 3.1.2.6, RFC 8628 3.5, RFC 8707 2.
// - A status of 408, 429 or 5xx wins over whatever code came with it: a server that says it failed
//   is not believed about the grant.
// - `codes` win over the table.
// - invalid_grant with a suberror or with claims is about this resource: Entra answers so where a
//   second factor, a device or consent is wanted (learn.microsoft.com, "Handle errors and
//   exceptions in MSAL": "Conditional Access and claims challenges").
// - A code that nobody knows is this resource's refusal: it discards nothing and stops nobody
//   else, so a misjudged code never costs a grant.
// - No code at all is transient: it was not the token endpoint that spoke, but something before it.
[[nodiscard]] FaultVerdict classify_token_error(const TokenRefusal& refusal,
                                                const ErrorCodes& codes);

// No usable reply: `reason` is "network", "timeout", "too_large" or another word from above.
// Always transient.
[[nodiscard]] TokenFault no_reply_fault(const char* reason);

// Foreign text made fit for a log line, a header or JSON: bytes outside 0x20..0x7e become '?', cut
// to `max_bytes`.
[[nodiscard]] std::string printable_ascii(std::string_view text, std::size_t max_bytes);

}  // namespace postern
