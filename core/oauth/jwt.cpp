#include "core/oauth/jwt.h"

#include <optional>
#include <utility>

#include "core/base/base64url.h"

namespace postern {
namespace {

constexpr std::size_t kMaxHeaderMember = 256;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signing_input;
};

Result<Parts, JwtFault> take_apart(std::string_view token, const JwtLimits& limits) {
  if (token.size() > limits.max_bytes) return fail(JwtFault::too_large);
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return fail(JwtFault::not_three_parts);
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return fail(JwtFault::not_three_parts);
  }
  return Parts{.header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signing_input = token.substr(0, second)};
}

Result<Json, JwtFault> decode_object(std::string_view part, const JwtLimits& limits,
                                     JwtFault not_an_object) {
  const auto text = base64url_decode(part);
  if (!text) return fail(JwtFault::not_base64url);
  auto document =
      parse_reply(*text, {.max_bytes = limits.max_bytes, .max_depth = limits.max_depth});
  if (!document || !document->is_object()) return fail(not_an_object);
  return std::move(*document);
}

// A header member that is a string of reasonable length, or absent; nullopt for anything else.
std::optional<std::string> header_member(const Json& header, std::string_view name) {
  if (json_member(header, name) == nullptr) return std::string();
  const auto text = json_string(header, name);
  if (!text || text->size() > kMaxHeaderMember) return std::nullopt;
  return std::string(*text);
}

}  // namespace

Result<Jwt, JwtFault> decode_jwt(std::string_view token, JwtLimits limits) {
  const auto parts = take_apart(token, limits);
  if (!parts) return fail(parts.error());
  const auto header = decode_object(parts->header, limits, JwtFault::bad_header);
  if (!header) return fail(header.error());
  if (json_member(*header, "crit") != nullptr) return fail(JwtFault::critical);
  auto alg = header_member(*header, "alg");
  auto kid = header_member(*header, "kid");
  auto typ = header_member(*header, "typ");
  if (!alg || alg->empty() || !kid || !typ) return fail(JwtFault::bad_header);
  auto claims = decode_object(parts->payload, limits, JwtFault::bad_claims);
  if (!claims) return fail(claims.error());
  auto signature = base64url_decode(parts->signature);
  if (!signature) return fail(JwtFault::not_base64url);
  return Jwt{.alg = std::move(*alg),
             .kid = std::move(*kid),
             .typ = std::move(*typ),
             .claims = std::move(*claims),
             .signing_input = std::string(parts->signing_input),
             .signature = std::move(*signature)};
}

Result<Json, JwtFault> decode_jwt_claims(std::string_view token, JwtLimits limits) {
  const auto parts = take_apart(token, limits);
  if (!parts) return fail(parts.error());
  return decode_object(parts->payload, limits, JwtFault::bad_claims);
}

std::string_view name_of(JwtFault fault) {
  switch (fault) {
    case JwtFault::too_large:
      return "too_large";
    case JwtFault::not_three_parts:
      return "not_three_parts";
    case JwtFault::not_base64url:
      return "not_base64url";
    case JwtFault::bad_header:
      return "bad_header";
    case JwtFault::bad_claims:
      return "bad_claims";
    case JwtFault::critical:
      return "critical";
  }
  return "";
}

}  // namespace postern
