#include "core/flow/proxy/sealed.h"

#include <algorithm>
#include <utility>

#include "core/base/link.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/effect/effects.h"
#include "core/flow/integration/origins.h"

namespace postern {

namespace {

// Upload sessions live for hours to a week (developers.google.com/drive/api/guides/manage-uploads).
constexpr DurationMs kLifeMs = 7 * kDayMs;
// A sealed URL belongs to no version of the connection.
constexpr std::int64_t kAnyVersion = 0;

}  // namespace

std::string sealed_url_context(const ConnectionId& id, std::string_view api) {
  return seal_context(id, "presigned:" + std::string(api), kAnyVersion);
}

std::string sealed_url_prefix(EpochMs now) {
  return to_decimal(now + kLifeMs) + ' ';
}

Task<Result<SealedPlace, Problem>> open_sealed_url(const FlowContext* context, ConnectionId id,
                                                   std::string_view api, std::string sealed) {
  auto seal = sealed_url_context(id, api);
  const auto text = co_await perform(
      Open{.org = id.org, .context = std::move(seal), .sealed = std::move(sealed)});
  const auto now = co_await current_time();
  const std::string_view opened = text ? std::string_view(*text) : std::string_view();
  const auto blank = std::min(opened.find(' '), opened.size());
  const auto until = parse_decimal(opened.substr(0, blank));
  if (!until || now > *until) {
    co_return std::unexpected(problem(ProblemCode::not_found,
                                      "This link was not made for this connection and this API, "
                                      "or is older than a week"));
  }
  const auto rest = opened.substr(std::min(blank + 1, opened.size()));
  const bool content = rest.starts_with("d ");
  const auto url = rest.substr(std::min(std::size_t{2}, rest.size()));
  const auto scheme_end = url.find("://");
  const auto authority = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const auto path_at = std::min(url.find_first_of("/?#", authority), url.size());
  const auto allowed = insecure_origins(*context);
  const auto origin = parse_origin(url.substr(0, path_at), UrlPolicy{.allowed_origins = allowed});
  const auto path = origin ? path_of_link(url, origin->origin())
                           : Result<std::string, LinkFault>{std::unexpected(LinkFault::malformed)};
  if (!path) {
    co_return std::unexpected(
        problem(ProblemCode::provider_rejected, "The API's link leads to where nothing is sent"));
  }
  co_return SealedPlace{
      .origin = origin->origin(), .url = origin->origin() + *path, .content = content};
}

}  // namespace postern
