// application/x-www-form-urlencoded (WHATWG URL section 5) and percent-encoding (RFC 3986 2.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/pairs.h"

namespace postern {

using FormFields = Pairs;

[[nodiscard]] std::string form_encode(const FormFields& fields);

// Strict: `%` must be followed by two hex digits, no NUL, valid UTF-8 after decoding; at most
// `max_fields`. Duplicates are kept, in order: whoever reads decides what a duplicate means.
[[nodiscard]] std::optional<FormFields> form_decode(std::string_view text,
                                                    std::size_t max_fields = 64);

// The value of a field that occurs exactly once; nullopt when absent or repeated.
[[nodiscard]] std::optional<std::string_view> form_single(const FormFields& fields,
                                                          std::string_view name);
// How often it occurs.
[[nodiscard]] std::size_t form_count(const FormFields& fields, std::string_view name);

// Everything but RFC 3986 unreserved characters becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);
// Strict about %XX and about nothing else: the answer may be any bytes.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

// Valid UTF-8 without surrogates or overlong forms.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace postern
