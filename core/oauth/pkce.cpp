#include "core/oauth/pkce.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/sha256.h"

namespace postern {
namespace {

bool is_unreserved(char c) {  // RFC 3986 2.3
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

PkcePair make_pkce(std::string_view random_32_bytes) {
  if (random_32_bytes.size() != 32) __builtin_trap();
  PkcePair pair{.verifier = Secret(base64url_encode(random_32_bytes)), .challenge = {}};
  pair.challenge = s256_challenge(pair.verifier.reveal());
  return pair;
}

std::string s256_challenge(std::string_view verifier) {
  return sha256_base64url(verifier);
}

bool is_code_verifier(std::string_view text) {
  return text.size() >= 43 && text.size() <= 128 && std::ranges::all_of(text, is_unreserved);
}

bool is_s256_challenge(std::string_view text) {
  return text.size() == 43 && base64url_decode(text).has_value();
}

}  // namespace postern
