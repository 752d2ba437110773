#include "core/base/link.h"

#include <algorithm>

#include "core/base/text.h"

namespace postern {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// RFC 3986 3.3 and 3.4: what stands for itself in a path or a query.
bool is_plain(char c, bool in_query) {
  return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:@/").contains(c) ||
         (in_query && c == '?');
}

void append_encoded(std::string& out, std::string_view text, bool in_query) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_escape =
        c == '%' && at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]);
    if (is_escape || is_plain(c, in_query)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
}

bool is_word(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

// Host and port in lower case; empty where there is what no parser agrees about.
std::string plain_authority(std::string_view authority, std::string_view scheme) {
  const bool plain = std::ranges::all_of(authority, [](char c) {
    return is_alphanumeric(c) || std::string_view("-._:[]").contains(c);
  });
  if (!plain) return {};
  std::string lower = to_lower_ascii(authority);
  const std::string_view own_port = scheme == "https" ? ":443" : ":80";
  if (lower.ends_with(own_port)) lower.resize(lower.size() - own_port.size());
  return lower;
}

// What follows the origin; nullopt where the link does not lead there.
Result<std::string_view, LinkFault> rest_of(std::string_view link, std::string_view origin) {
  const std::size_t separator = origin.find("://");
  const std::string_view scheme = origin.substr(0, separator);
  if (!link.starts_with("//")) {
    if (link.starts_with('/')) return link;
    const std::size_t end = link.find("://");
    if (end == std::string_view::npos) return fail(LinkFault::malformed);
    if (!equal_ignoring_case(link.substr(0, end), scheme)) return fail(LinkFault::other_origin);
    link.remove_prefix(end + 1);
  }
  link.remove_prefix(2);
  // A browser takes a backslash for a slash, RFC 3986 for a part of the authority: refused there.
  const std::string_view authority = link.substr(0, link.find_first_of("/?#"));
  const std::string plain = plain_authority(authority, scheme);
  if (plain.empty() || plain != origin.substr(separator + 3)) return fail(LinkFault::other_origin);
  return link.substr(authority.size());
}

}  // namespace

Result<std::string, LinkFault> path_of_link(std::string_view link, std::string_view origin) {
  link = trim(link);
  if (link.size() > kMaxLinkBytes) return fail(LinkFault::too_long);
  const auto rest = rest_of(link, origin);
  if (!rest) return fail(rest.error());
  std::string_view text = *rest;
  if (const std::size_t hash = text.find('#');
      hash != std::string_view::npos && is_word(text.substr(hash + 1))) {
    text = text.substr(0, hash);
  }
  const std::size_t question = text.find('?');
  std::string out;
  if (!text.starts_with('/')) out.push_back('/');
  append_encoded(out, text.substr(0, question), false);
  if (question != std::string_view::npos) {
    out.push_back('?');
    append_encoded(out, text.substr(question + 1), true);
  }
  return out;
}

}  // namespace postern
