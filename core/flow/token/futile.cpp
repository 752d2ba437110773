#include "core/flow/token/futile.h"

#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/effect/effects.h"
#include "core/flow/frame/connection_name.h"

namespace postern {

namespace {

constexpr DurationMs kFutileMs = 5 * kMinuteMs;

std::string futile_key(const RefusedPlace& place) {
  const std::string_view url = place.url;
  return "futile:" + connection_key(place.id) + ":" + place.resource + ":" +
         sha256_base64url(url.substr(0, url.find('?')));
}

}  // namespace

Task<bool> is_futile(RefusedPlace place) {
  const auto version = co_await perform(MemoryGet{.key = futile_key(place)});
  co_return version && *version == to_decimal(place.version);
}

Task<std::monostate> remember_futile(RefusedPlace place) {
  const auto now = co_await current_time();
  (void)co_await perform(MemoryPut{
      .key = futile_key(place), .value = to_decimal(place.version), .expires_at = now + kFutileMs});
  co_return std::monostate{};
}

}  // namespace postern
