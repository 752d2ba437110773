#include "core/base/url.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/base/form.h"
#include "core/base/text.h"

namespace postern {
namespace {

constexpr std::size_t kMaxBytes = 8192;
constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

// Names that are answered by the local network or by nobody: RFC 6761, 6762, 7686, 8375, 9476,
// ICANN's list of names that will not be delegated, and what containers and routers use.
constexpr auto kPrivateSuffixes = std::to_array<std::string_view>(
    {"localhost", "local", "internal", "intranet", "private", "corp", "home", "home.arpa", "lan",
     "mail", "localdomain", "svc", "cluster", "test", "invalid", "onion", "alt"});

struct Parts {
  std::string_view scheme;
  std::string_view host;
  std::string_view port;  // without ':'
  bool has_port = false;
  std::string_view path;  // as written: may be empty
  std::string_view query;
  bool has_query = false;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What neither RFC 3986 nor a browser lets stand as it is.
bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte >= 0x7f || std::string_view("\\\"<>^`{|}").contains(c);
}

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

std::optional<std::string_view> scan_scheme(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_letter(text[0])) return std::nullopt;
  for (const char c : text.substr(0, end)) {
    if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return std::nullopt;
  }
  return text.substr(0, end);
}

Result<Parts, UrlFault> split_url(std::string_view text) {
  if (text.size() > kMaxBytes) return fail(UrlFault::too_long);
  for (const char c : text) {
    if (is_forbidden(c)) return fail(UrlFault::forbidden_byte);
  }
  Parts parts;
  const auto scheme = scan_scheme(text);
  if (!scheme) return fail(UrlFault::not_absolute);
  parts.scheme = *scheme;
  if (text.contains('#')) return fail(UrlFault::fragment);

  std::string_view rest = text.substr(scheme->size() + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(authority.size());
  if (authority.contains('@')) return fail(UrlFault::userinfo);
  // An IPv6 literal has colons of its own; only a policy can name one.
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return fail(UrlFault::bad_host);
  const std::size_t colon = authority.find(':', bracket);
  parts.host = authority.substr(0, colon);
  parts.has_port = colon != std::string_view::npos;
  if (parts.has_port) parts.port = authority.substr(colon + 1);

  const std::size_t question = rest.find('?');
  parts.path = rest.substr(0, question);
  parts.has_query = question != std::string_view::npos;
  if (parts.has_query) parts.query = rest.substr(question + 1);
  return parts;
}

// Canonical digits only: `:0443` and `:` are read differently by different parsers.
std::optional<std::uint16_t> read_port(const Parts& parts, std::string_view scheme) {
  if (!parts.has_port) return default_port(scheme);
  if (parts.port.empty() || parts.port.size() > 5 || !is_digit(parts.port[0]) ||
      parts.port[0] == '0') {
    return std::nullopt;
  }
  const auto port = parse_decimal(parts.port);
  if (!port || *port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelBytes) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-') return false;
  }
  return true;
}

bool is_private(std::string_view host) {
  for (const std::string_view suffix : kPrivateSuffixes) {
    if (!host.ends_with(suffix)) continue;
    const std::size_t before = host.size() - suffix.size();
    if (before == 0 || host[before - 1] == '.') return true;
  }
  return false;
}

bool is_public_name(std::string_view host) {
  if (host.size() > kMaxHostBytes) return false;
  const auto labels = split(host, '.');
  if (labels.size() < 2) return false;
  for (const std::string_view label : labels) {
    if (!is_label(label)) return false;
  }
  // Every IPv4 notation, 0x7f.1 among them, ends in a label that begins with a digit (WHATWG URL
  // section 3.5); no top-level domain does.
  return is_letter(labels.back().front()) && !is_private(host);
}

bool is_named_by(const UrlPolicy& policy, const std::string& origin) {
  for (const std::string& allowed : policy.allowed_origins) {
    std::string normal = to_lower_ascii(allowed);
    if (normal.starts_with("https://") && normal.ends_with(":443"))
      normal.resize(normal.size() - 4);
    if (normal.starts_with("http://") && normal.ends_with(":80")) normal.resize(normal.size() - 3);
    if (normal == origin) return true;
  }
  return false;
}

// Only these hosts can be named by a policy, so that a strange entry there cannot let in what the
// rest of this file does not understand.
bool is_nameable_host(std::string_view host) {
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  for (const char c : host) {
    const bool plain = is_digit(c) || is_letter(c) || c == '.';
    if (!plain && !(bracketed ? c == ':' : c == '-' || c == '_')) return false;
  }
  return !host.empty();
}

Result<Url, UrlFault> read_authority(const Parts& parts, const UrlPolicy& policy) {
  Url url;
  url.scheme = to_lower_ascii(parts.scheme);
  if (url.scheme != "https" && url.scheme != "http") return fail(UrlFault::not_https);
  url.host = to_lower_ascii(parts.host);
  const auto port = read_port(parts, url.scheme);
  if (!port) return fail(UrlFault::bad_port);
  url.port = *port;
  if (is_nameable_host(url.host) && is_named_by(policy, url.origin())) return url;
  if (url.scheme != "https") return fail(UrlFault::not_https);
  if (!is_public_name(url.host)) return fail(UrlFault::bad_host);
  if (url.port != 443) return fail(UrlFault::bad_port);
  return url;
}

bool has_dot_segment(std::string_view path) {
  for (const std::string_view segment : split(path.substr(1), '/')) {
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
  }
  return false;
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return true;
  }
  return false;
}

std::optional<UrlFault> fault_of_path(std::string_view path) {
  if (path.contains('[') || path.contains(']')) return UrlFault::forbidden_byte;
  const auto decoded = percent_decode(path);
  // Overlong UTF-8 (%c0%ae) is a dot to some who read it.
  if (!decoded || has_control(*decoded) || !is_utf8(*decoded)) return UrlFault::forbidden_byte;

  const std::string lower = to_lower_ascii(path);
  for (const std::string_view encoded : {"//", "%2f", "%5c", "%252e", "%252f", "%255c", "%2525"}) {
    if (lower.contains(encoded)) return UrlFault::dot_segment;
  }
  if (has_dot_segment(*decoded)) return UrlFault::dot_segment;
  return std::nullopt;
}

}  // namespace

std::string Url::origin() const {
  std::string text = scheme + "://" + host;
  if (port != default_port(scheme)) {
    text.push_back(':');
    text += to_decimal(port);
  }
  return text;
}

std::string Url::text() const {
  std::string text = origin() + path;
  if (!query.empty()) {
    text.push_back('?');
    text += query;
  }
  return text;
}

Result<Url, UrlFault> parse_url(std::string_view text, UrlPolicy policy) {
  const auto parts = split_url(text);
  if (!parts) return fail(parts.error());
  auto url = read_authority(*parts, policy);
  if (!url) return url;
  url->path = parts->path.empty() ? "/" : parts->path;
  url->query = parts->query;
  if (const auto fault = fault_of_path(url->path)) return fail(*fault);
  const auto query = percent_decode(url->query);
  if (!query || query->contains('\0')) return fail(UrlFault::forbidden_byte);
  return url;
}

Result<Url, UrlFault> parse_origin(std::string_view text, UrlPolicy policy) {
  const auto parts = split_url(text);
  if (!parts) return fail(parts.error());
  auto url = read_authority(*parts, policy);
  if (url && (!parts->path.empty() || parts->has_query)) return fail(UrlFault::not_origin);
  if (url) url->path = "/";
  return url;
}

}  // namespace postern
