#include "core/oauth/state.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/sha256.h"
#include "core/base/text.h"

namespace postern {
namespace {

constexpr std::string_view kAttemptPrefix = "att_";
constexpr std::size_t kAttemptBytes = 16;
constexpr std::size_t kAttemptLength = 4 + 22;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretLength = 43;

bool is_cookie_octet(char c) {  // RFC 6265 4.1.1
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

std::string cookie_with(std::string_view name, std::string_view value,
                        std::int64_t max_age_seconds) {
  std::string cookie(name);
  cookie += '=';
  cookie += value;
  cookie += "; Path=/; Max-Age=";
  cookie += to_decimal(max_age_seconds);
  cookie += "; Secure; HttpOnly; SameSite=Lax";
  return cookie;
}

}  // namespace

std::string make_attempt_id(std::string_view random_16_bytes) {
  if (random_16_bytes.size() != kAttemptBytes) __builtin_trap();
  return std::string(kAttemptPrefix) + base64url_encode(random_16_bytes);
}

bool is_attempt_id(std::string_view text) {
  return text.size() == kAttemptLength && text.starts_with(kAttemptPrefix) &&
         base64url_decode(text.substr(kAttemptPrefix.size())).has_value();
}

MintedState mint_state(std::string_view attempt, std::string_view random_64_bytes) {
  if (random_64_bytes.size() != 2 * kSecretBytes || !is_attempt_id(attempt)) __builtin_trap();
  std::string state(attempt);
  state.reserve(kAttemptLength + 1 + kSecretLength);
  state += '.';
  state += base64url_encode(random_64_bytes.substr(0, kSecretBytes));
  MintedState minted;
  minted.attempt = attempt;
  minted.state_hash = sha256_base64url(state);
  minted.state = Secret(std::move(state));
  minted.cookie = Secret(base64url_encode(random_64_bytes.substr(kSecretBytes)));
  minted.cookie_hash = sha256_base64url(minted.cookie.reveal());
  minted.cookie_name = attempt_cookie_name(attempt);
  return minted;
}

std::optional<std::string> attempt_of_state(std::string_view state) {
  if (state.size() != kAttemptLength + 1 + kSecretLength || state[kAttemptLength] != '.') {
    return std::nullopt;
  }
  const std::string_view attempt = state.substr(0, kAttemptLength);
  if (!is_attempt_id(attempt) || !base64url_decode(state.substr(kAttemptLength + 1))) {
    return std::nullopt;
  }
  return std::string(attempt);
}

std::string attempt_cookie_name(std::string_view attempt) {
  if (attempt.starts_with(kAttemptPrefix)) attempt.remove_prefix(kAttemptPrefix.size());
  return std::string("__Host-postern-").append(attempt);
}

std::string make_attempt_cookie(std::string_view name, std::string_view value,
                                std::int64_t max_age_seconds) {
  return cookie_with(name, value, max_age_seconds);
}

std::optional<std::string_view> find_cookie(std::string_view cookie_header, std::string_view name) {
  std::optional<std::string_view> found;
  for (std::string_view pair : split(cookie_header, ';')) {
    pair = trim(pair);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (found) return std::nullopt;
    found = pair.substr(equals + 1);
  }
  if (!found || found->empty() || !std::ranges::all_of(*found, is_cookie_octet)) {
    return std::nullopt;
  }
  return found;
}

}  // namespace postern
