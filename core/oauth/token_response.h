// Reading the token endpoint's reply (RFC 6749 5.1, 5.2), strictly: what is stored as a token was
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/base/time.h"
#include "core/oauth/fault.h"

namespace postern {

struct TokenReply {
  int status = 0;
  std::string content_type;
  std::string retry_after;  // the header as it came, or empty
  std::string body;
};

// Where a provider leaves the RFC; data of the catalogue. The default is the RFC.
struct TokenQuirks {
  // GitHub: may answer form-encoded, errors too. Used when the content type says so.
  bool form_encoded = false;
  // Slack says "bot", some custom servers say nothing.
  bool any_token_type = false;
  // Scopes come separated by commas.
  bool comma_scopes = false;
  ErrorCodes errors;
};

struct TokenResponse {
  Secret access_token;                  // 1..16,384 bytes of visible ASCII
  std::optional<Secret> refresh_token;  // absent: the old one stays (RFC 6749 6)
  std::optional<Secret> id_token;
  std::string token_type;  // as it came, "Bearer" mostly
  // 1 s to 1 year, as a number or digits in a string. Anything else is unknown, which is not
  // "for ever": the token is re-checked when it is refused.
  std::optional<std::int64_t> expires_in_seconds;
  std::optional<std::int64_t> refresh_token_expires_in_seconds;
  // Space-separated; empty: not said, which means as requested (RFC 6749 5.1).
  std::string scope;
};

// `now` only turns a Retry-After date into a duration. An `error` is an error whatever the status
// says; a 2xx without a readable access token is transient with reason "malformed" (the outcome for
// a single-use refresh token is then unknown, and the caller treats it so).
[[nodiscard]] Result<TokenResponse, TokenFault> process_token_response(const TokenReply& reply,
                                                                       const TokenQuirks& quirks,
                                                                       EpochMs now);

// Longest body that is looked at.
inline constexpr std::size_t kMaxTokenReplyBytes = 64UZ * 1024;

}  // namespace postern
