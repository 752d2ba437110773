// The `state` parameter (RFC 6749 10.12, RFC 9700 4.7) and the cookie that ties it to one browser.
//
//   att_Zm9vYmFyYmF6cXV4cXV1eA.3q2-7wAB…43 characters
//   |------- attempt --------| |-- 256 random bits --|
//
// The attempt is public (it names a row and a cookie), the rest is secret. Stores see hashes only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/secret.h"

namespace postern {

struct MintedState {
  std::string attempt;
  Secret state;
  std::string state_hash;  // sha256_base64url(state)
  Secret cookie;           // 43 characters of base64url
  std::string cookie_hash;
  std::string cookie_name;
};

// "att_" and 22 characters of base64url. Takes exactly 16 random bytes (others trap).
[[nodiscard]] std::string make_attempt_id(std::string_view random_16_bytes);
[[nodiscard]] bool is_attempt_id(std::string_view text);

// The first 32 bytes make the state, the last 32 the cookie. Takes an attempt id and exactly 64
// random bytes (others trap).
[[nodiscard]] MintedState mint_state(std::string_view attempt, std::string_view random_64_bytes);

// The attempt that a state names; nullopt unless the whole text has the form above.
[[nodiscard]] std::optional<std::string> attempt_of_state(std::string_view state);

// `__Host-postern-` and the attempt without "att_": a cookie per attempt, so that two tabs do not
// overwrite each other. The prefix makes browsers refuse it from a sibling domain or without TLS
// (RFC 6265bis 4.1.3.2).
[[nodiscard]] std::string attempt_cookie_name(std::string_view attempt);

// Set-Cookie value. Lax, not Strict: the callback is a cross-site top-level navigation.
[[nodiscard]] std::string make_attempt_cookie(std::string_view name, std::string_view value,
                                              std::int64_t max_age_seconds);

// The value of a cookie in a Cookie header (RFC 6265 4.2). The name is compared exactly; a name
// that occurs twice is nobody's; a value that is empty or holds anything but RFC 6265 cookie-octets
// is none.
[[nodiscard]] std::optional<std::string_view> find_cookie(std::string_view cookie_header,
                                                          std::string_view name);

}  // namespace postern
