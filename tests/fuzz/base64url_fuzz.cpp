#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/base64url.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string encoded = base64url_encode(text);
  check(encoded.size() == (size * 4 + 2) / 3);
  check(base64url_decode(encoded) == text);
  // A value has one spelling.
  if (const auto decoded = base64url_decode(text)) check(base64url_encode(*decoded) == text);
  return 0;
}
