#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/base/text.h"
#include "core/base/time.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto time = parse_iso8601(text)) {
    const std::string written = format_iso8601(*time);
    check(written.size() == 24);
    check(parse_iso8601(written) == time);
    // Text sorts as time does.
    check(format_iso8601(*time - 1) <= written);
  }
  if (const auto number = parse_decimal(text)) check(parse_decimal(to_decimal(*number)) == number);

  EpochMs now = 0;
  if (size >= sizeof now) std::memcpy(&now, data, sizeof now);
  const std::string written = format_iso8601(now);
  const auto again = parse_iso8601(written);
  check(written.size() == 24 && again.has_value() && format_iso8601(*again) == written);
  const std::string_view rest = size >= sizeof now ? text.substr(sizeof now) : text;
  for (const std::string_view header : {text, rest}) {
    const auto wait = parse_retry_after(header, now);
    if (wait) check(*wait >= 0);
  }
  return 0;
}
