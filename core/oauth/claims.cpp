#include "core/oauth/claims.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/json.h"

namespace postern {

bool is_claims(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (!printable || text.size() > kMaxClaimsBytes) return false;
  const auto parsed = parse_json(text, {.max_bytes = kMaxClaimsBytes, .max_depth = 8});
  return parsed && parsed->is_object();
}

std::optional<std::string> decode_claims(std::string_view encoded) {
  if (encoded.size() > 2 * kMaxClaimsBytes) return std::nullopt;
  std::string text(encoded.substr(0, encoded.find('=')));
  if (encoded.size() - text.size() > 2 ||
      encoded.find_first_not_of('=', text.size()) != std::string_view::npos) {
    return std::nullopt;
  }
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  auto decoded = base64url_decode(text);
  return decoded && is_claims(*decoded) ? std::move(decoded) : std::nullopt;
}

}  // namespace postern
