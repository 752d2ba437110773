#include "core/oauth/challenge.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/oauth/claims.h"

namespace postern {
namespace {

constexpr std::size_t kMaxHeaderBytes = 16UZ * 1024;

// RFC 9110 5.6.2.
bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  void skip(std::string_view characters) {
    while (!rest_.empty() && characters.contains(rest_.front())) rest_.remove_prefix(1);
  }
  std::string_view token() {
    std::size_t length = 0;
    while (length < rest_.size() && is_token_char(rest_[length])) ++length;
    return take(length);
  }
  // Behind '='. Unquoted, base64 too, which is no token.
  std::string value() {
    if (peek() == '"') return quoted();
    return std::string(take(std::min(rest_.find_first_of(", \t"), rest_.size())));
  }
  // Whatever cannot be read, so that what follows it can.
  void drop() { take(1); }

 private:
  std::string_view take(std::size_t length) {
    const auto taken = rest_.substr(0, length);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string quoted() {
    std::string text;
    take(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) take(1);
      text.push_back(rest_.front());
      take(1);
    }
    take(1);
    return text;
  }

  std::string_view rest_;
};

struct Challenge {
  bool is_bearer = false;
  std::string claims;
};

// Whatever its `error` says: Azure Resource Manager says invalid_token beside its claims (a session
// that was revoked, an address that a policy refuses), as the tests of Azure's SDKs have it.
std::optional<std::string> claims_in(const Challenge& challenge) {
  if (!challenge.is_bearer || challenge.claims.empty()) {
    return std::nullopt;
  }
  if (challenge.claims.starts_with('{')) {
    return is_claims(challenge.claims) ? std::optional(challenge.claims) : std::nullopt;
  }
  return decode_claims(challenge.claims);
}

}  // namespace

std::optional<std::string> claims_of_challenge(std::string_view www_authenticate) {
  Reader reader(www_authenticate.substr(0, kMaxHeaderBytes));
  Challenge challenge;
  for (;;) {
    reader.skip(", \t");
    if (reader.at_end()) return claims_in(challenge);
    const auto name = reader.token();
    if (name.empty()) {
      reader.drop();
      continue;
    }
    reader.skip(" \t");
    if (reader.peek() != '=') {
      // A scheme, with which the next challenge begins.
      if (auto claims = claims_in(challenge)) return claims;
      challenge = {.is_bearer = equal_ignoring_case(name, "Bearer"), .claims = {}};
      continue;
    }
    reader.drop();
    reader.skip(" \t");
    auto value = reader.value();
    if (equal_ignoring_case(name, "claims")) {
      challenge.claims = std::move(value);
    }
  }
}

}  // namespace postern
