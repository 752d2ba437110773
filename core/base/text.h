// Small things about text that the standard library does only with locales or exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

[[nodiscard]] std::string to_decimal(std::int64_t value);
// Digits with an optional leading '-', nothing else, within range.
[[nodiscard]] std::optional<std::int64_t> parse_decimal(std::string_view text);

// ASCII only: header names, schemes, hosts.
[[nodiscard]] std::string to_lower_ascii(std::string_view text);
[[nodiscard]] std::string to_upper_ascii(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

// Pieces between separators; empty pieces are kept.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);

// Text for an HTML element or a double-quoted attribute.
[[nodiscard]] std::string html_escape(std::string_view text);

// Bytes of the well-formed UTF-8 sequence that the text begins with; 0 when it begins with none.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);

// Valid UTF-8 without control characters (C0, DEL, C1)?
[[nodiscard]] bool is_clean_text(std::string_view text);

// What RFC 6749 A.1 and A.2 let a client's id or secret be, without a space at either end: one that
// was pasted with a line break is none.
[[nodiscard]] bool is_credential(std::string_view text);

}  // namespace postern
