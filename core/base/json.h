// Reading JSON that somebody else wrote (RFC 8259), strictly. nlohmann_json reads; the document is
// our own: it keeps numbers as they were written and members in their order
// (docs/decisions/0002-wasm-size.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace postern {

enum class JsonKind : std::uint8_t { null, yes, no, number, string, array, object };

// One value of a document.
struct Json {
  JsonKind kind = JsonKind::null;
  std::string name;  // of a member of an object
  // A string's value; a number as it was written, so that it can be passed on without a loss.
  std::string text;
  std::vector<Json> elements;  // of an array; of an object its members, in their order

  [[nodiscard]] bool is_null() const { return kind == JsonKind::null; }
  [[nodiscard]] bool is_string() const { return kind == JsonKind::string; }
  [[nodiscard]] bool is_array() const { return kind == JsonKind::array; }
  [[nodiscard]] bool is_object() const { return kind == JsonKind::object; }
  // The value of a string; empty for anything else.
  [[nodiscard]] std::string_view string() const { return is_string() ? text : std::string_view(); }
};

enum class JsonFault : std::uint8_t {
  too_large,
  too_deep,
  duplicate_key,
  too_many_members,
  not_json,  // syntax, invalid UTF-8, lone surrogate, trailing bytes, a number with more
             // than 200 digits before the point, or with an exponent above 99 or below -330
};

struct JsonLimits {
  std::size_t max_bytes = std::size_t{64} * 1024;
  std::size_t max_depth = 32;
};

// Members of one object. Each is compared with all before it, so there is a limit.
inline constexpr std::size_t kMaxJsonMembers = 512;

// Whole document or nothing. Depth is counted while parsing, so ten thousand brackets cost nothing.
[[nodiscard]] Result<Json, JsonFault> parse_json(std::string_view text, JsonLimits limits = {});

// What a provider passes on of third parties (mail, names, tags): its content, not our input, and
// whoever can write it must not be able to make it unreadable. Strict about the structure alone.
// Text is made fit: bytes that are no UTF-8 and lone surrogates become U+FFFD, raw control
// characters what their escapes would be; NUL stays. Members may repeat and are as many as they
// are; json_member finds the first.
[[nodiscard]] Result<Json, JsonFault> parse_content(std::string_view text, JsonLimits limits = {});

// What a provider says for itself (tokens, keys, who somebody is): strict, but for text that is
// made fit as above. Seen: a byte order mark before tokens and keys (DollhouseMCP/mcp-server#2520,
// instructure/canvas-lms#2639).
[[nodiscard]] Result<Json, JsonFault> parse_reply(std::string_view text, JsonLimits limits = {});

// Serialized without white space and with no `<`: it may land in HTML.
[[nodiscard]] std::string dump_json(const Json& value);

// Members by name with the type that is wanted; a missing member and one of another type are the
// same to the caller. Views live as long as the document.
[[nodiscard]] std::optional<std::string_view> json_string(const Json& object,
                                                          std::string_view name);
// The same, and empty where there is none.
[[nodiscard]] std::string_view json_text(const Json& object, std::string_view name);
[[nodiscard]] std::optional<std::int64_t> json_integer(const Json& object, std::string_view name);
[[nodiscard]] std::optional<bool> json_boolean(const Json& object, std::string_view name);
[[nodiscard]] const Json* json_member(const Json& object, std::string_view name);
// A member that is an array, and has this string in it?
[[nodiscard]] bool json_lists(const Json& object, std::string_view name, std::string_view wanted);

}  // namespace postern
