// A decimal number's text as the nearest double (ties to even), like strtod in the C locale but
// without a C library behind it: in WebAssembly that one computes with 128-bit floating point.
#pragma once

#include <string_view>

namespace postern {

// `text` is a number as JSON writes it (RFC 8259 6): the caller has checked its form. Too large a
// number becomes infinity.
[[nodiscard]] double double_of_decimal(std::string_view text);

}  // namespace postern
