// Reading JSON that somebody else wrote (RFC 8259), strictly, and writing ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace postern {

using Json = nlohmann::json;

enum class JsonFault {
  too_large,
  too_deep,
  duplicate_key,
  not_json,  // syntax, invalid UTF-8, lone surrogate, trailing bytes
};

struct JsonLimits {
  std::size_t max_bytes = std::size_t{64} * 1024;
  std::size_t max_depth = 32;
};

// Whole document or nothing. Depth is counted while parsing, so ten thousand brackets cost nothing.
[[nodiscard]] Result<Json, JsonFault> parse_json(std::string_view text, JsonLimits limits = {});

// Serialized without whitespace; invalid UTF-8 inside strings is replaced, never thrown at.
[[nodiscard]] std::string dump_json(const Json& value);

// Members by name with the type that is wanted; a missing member and one of another type are the
// same to the caller. Views live as long as the document.
[[nodiscard]] std::optional<std::string_view> json_string(const Json& object,
                                                          std::string_view name);
[[nodiscard]] std::optional<std::int64_t> json_integer(const Json& object, std::string_view name);
[[nodiscard]] std::optional<bool> json_boolean(const Json& object, std::string_view name);
[[nodiscard]] const Json* json_member(const Json& object, std::string_view name);

}  // namespace postern
