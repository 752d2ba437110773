#include "core/flow/grant/rate_limit.h"

#include "core/base/fields.h"
#include "core/effect/effects.h"

namespace postern {

Task<EpochMs> wait_of(RateLimit limit) {
  const auto now = co_await current_time();
  const auto known = co_await perform(MemoryGet{.key = limit.key});
  FieldReader in(known ? std::string_view(*known) : std::string_view());
  const auto until = in.number();
  const auto done = in.number();
  const bool counts = known && in.complete() && until > now;
  if (counts && done >= limit.most) {
    co_return until;
  }
  FieldWriter out;
  const auto ends = counts ? until : now + limit.within_ms;
  out.number(ends).number(counts ? done + 1 : 1);
  (void)co_await perform(
      MemoryPut{.key = std::move(limit.key), .value = out.take(), .expires_at = ends});
  co_return 0;
}

}  // namespace postern
