#include "core/base/json_repair.h"

#include <cstddef>
#include <cstdint>

#include "core/base/text.h"

namespace postern {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEscapedReplacement = "\\ufffd";

// The code unit of the escape (`\uXXXX`) that `text` begins with; nullopt where it is none.
std::optional<std::uint32_t> escaped_unit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    unit = unit * 16 + digit;
  }
  return unit;
}

// Most of every text: printable ASCII that neither ends a string nor escapes.
bool is_plain(char c) {
  return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

bool is_high(std::uint32_t unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}
bool is_low(std::uint32_t unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

void append_control(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 15]);
}

// What stands at `text`'s beginning, in a string: how many bytes it takes, and what is to stand
// there instead (empty: as it is).
struct Piece {
  std::size_t bytes = 1;
  std::string_view instead;
  bool is_control = false;
};

Piece escape_at(std::string_view text) {
  const auto unit = escaped_unit(text);
  // Whatever is escaped, a quote too, does not end the string; what may not be is left as it is.
  if (!unit) return {.bytes = text.size() < 2 ? std::size_t{1} : std::size_t{2}};
  if (is_high(*unit)) {
    const auto next = escaped_unit(text.substr(6));
    if (next && is_low(*next)) return {.bytes = 12};
  } else if (!is_low(*unit)) {
    return {.bytes = 6};
  }
  return {.bytes = 6, .instead = kEscapedReplacement};
}

Piece piece_of_string(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte == '\\') return escape_at(text);
  if (byte < 0x20) return {.bytes = 1, .is_control = true};
  const std::size_t length = utf8_sequence(text);
  return length == 0 ? Piece{.bytes = 1, .instead = kReplacement} : Piece{.bytes = length};
}

}  // namespace

std::optional<std::string> repaired_json(std::string_view text) {
  std::string out;
  bool changed = false;
  std::size_t kept = 0;  // up to here `text` is in `out`, where anything was changed
  const auto change = [&](std::size_t at) {
    if (!changed) out.reserve(text.size() + text.size() / 16 + 64);
    changed = true;
    out += text.substr(kept, at - kept);
  };
  std::size_t at = 0;
  while (text.substr(at).starts_with(kByteOrderMark)) at += kByteOrderMark.size();
  if (at > 0) {
    change(0);
    kept = at;
  }
  bool in_string = false;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      in_string = !in_string;
      ++at;
      continue;
    }
    if (!in_string) {
      if (c == '\0') {
        change(at);
        out.push_back(' ');
        kept = at + 1;
      }
      ++at;
      continue;
    }
    if (is_plain(c)) {
      ++at;
      continue;
    }
    const Piece piece = piece_of_string(text.substr(at));
    if (piece.is_control || !piece.instead.empty()) {
      change(at);
      if (piece.is_control) {
        append_control(out, static_cast<unsigned char>(c));
      } else {
        out += piece.instead;
      }
      kept = at + piece.bytes;
    }
    at += piece.bytes;
  }
  if (!changed) return std::nullopt;
  out += text.substr(kept);
  return out;
}

}  // namespace postern
