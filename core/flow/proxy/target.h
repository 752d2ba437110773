// Where a proxied call goes: the API's own origin, and the path and query as the caller wrote them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

enum class TargetFault : std::uint8_t {
  none,
  not_absolute,   // does not begin with one '/', or is longer than 16 KiB
  bad_character,  // a blank, a control character, '#', what is not ASCII; in the path '\\'
  bad_escape,     // '%' without two hexadecimal digits in the path
  bad_text,       // the path, once decoded, has a control character or is no UTF-8
  dot_segment,    // "." or "..", in any spelling
};
// For people: what to do about it. Empty for `none`.
[[nodiscard]] std::string_view words_of(TargetFault fault);

// `target`: path and query, not decoded (RFC 3986 3.3, 3.4). What is `none` cannot leave the origin
// that it is put behind, nor climb, whatever normalises it: "//" within the path, "%2F" and "%20"
// stay as they are.
[[nodiscard]] TargetFault check_target(std::string_view target);

[[nodiscard]] std::string_view path_of_target(std::string_view target);
// Behind the first '?'.
[[nodiscard]] std::string_view query_of_target(std::string_view target);

// Decoded until there is nothing left to decode, as a chain of servers may do that decode once
// more each: "%252e" is ".". What is no escape stays as it is.
[[nodiscard]] std::string decoded_fully(std::string_view text);

// What the least strict reader takes for the names of a path's segments: decoded fully, apart at
// '/' and at '\\', without parameters (';', and ':' as paths of drives end with), without what a
// second reader would take for a query or a fragment, and without blanks at the end.
[[nodiscard]] std::vector<std::string> lax_segments(std::string_view path);

// "." or ".." among the lax segments?
[[nodiscard]] bool has_dot_segment(std::string_view path);

}  // namespace postern
