#include "core/flow/proxy/target.h"

#include <algorithm>

#include "core/base/form.h"
#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::size_t kMaxTargetBytes = std::size_t{16} * 1024;
constexpr std::size_t kEscapeBytes = 3;

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// The byte that the last three characters are an escape of.
std::optional<char> escape_at_end(std::string_view text) {
  if (text.size() < kEscapeBytes || text[text.size() - kEscapeBytes] != '%') {
    return std::nullopt;
  }
  const auto byte = percent_decode(text.substr(text.size() - kEscapeBytes));
  return byte ? std::optional((*byte)[0]) : std::nullopt;
}

}  // namespace

std::string_view words_of(TargetFault fault) {
  switch (fault) {
    case TargetFault::none:
      return {};
    case TargetFault::not_absolute:
      return "The path behind the user must begin with one `/`, and have at most 16 KiB";
    case TargetFault::bad_character:
      return "The path has a character that must be percent-encoded";
    case TargetFault::bad_escape:
      return "The path has a `%` without two hexadecimal digits: send `%25` for `%` itself";
    case TargetFault::bad_text:
      return "The path has an encoded control character, or is no UTF-8 once it is decoded";
    case TargetFault::dot_segment:
      return "The path has a segment `.` or `..`, in some spelling: resolve it before it is sent";
  }
  return {};
}

std::string_view path_of_target(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::string_view query_of_target(std::string_view target) {
  const auto at = target.find('?');
  return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

std::string decoded_fully(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    out.push_back(c);
    // What comes out of an escape may end another one, or begin one.
    while (const auto byte = escape_at_end(out)) {
      out.resize(out.size() - kEscapeBytes);
      out.push_back(*byte);
    }
  }
  return out;
}

std::vector<std::string> lax_segments(std::string_view path) {
  const std::string decoded = decoded_fully(path);
  std::vector<std::string> segments;
  for (std::size_t at = 0; at <= decoded.size();) {
    const auto end = std::min(decoded.find_first_of("/\\", at), decoded.size());
    auto name = std::string_view(decoded).substr(at, end - at);
    name = name.substr(0, name.find_first_of(";:?#"));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    segments.emplace_back(name);
    at = end + 1;
  }
  return segments;
}

bool has_dot_segment(std::string_view path) {
  return std::ranges::any_of(lax_segments(path), [](const std::string& segment) {
    return segment == "." || segment == "..";
  });
}

TargetFault check_target(std::string_view target) {
  if (!target.starts_with('/') || target.starts_with("//") || target.size() > kMaxTargetBytes) {
    return TargetFault::not_absolute;
  }
  const auto path = path_of_target(target);
  // In a query '\\' is like any other (WHATWG URL, query state), and clients send it as it is.
  if (!std::ranges::all_of(target, is_visible) || target.contains('#') || path.contains('\\')) {
    return TargetFault::bad_character;
  }
  const auto decoded = percent_decode(path);
  if (!decoded) {
    return TargetFault::bad_escape;
  }
  if (std::ranges::any_of(*decoded, is_control) || !is_utf8(*decoded)) {
    return TargetFault::bad_text;
  }
  return has_dot_segment(path) ? TargetFault::dot_segment : TargetFault::none;
}

}  // namespace postern
