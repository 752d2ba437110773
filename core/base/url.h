// Absolute URLs that Postern sends something to or redirects to. Stricter than browsers on purpose:
// what two parsers could read differently is refused.
//
//   https://login.example.com:8443/a/b?c=d
//   |---|  |----------------||---||---| |-|
//   scheme  host             port  path  query        (fragment and userinfo: refused)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace postern {

struct Url {
  std::string scheme;  // "https", or "http" where the policy names the origin
  std::string host;    // lower case, a DNS name of at least two labels, or what the policy names
  std::uint16_t port = 443;
  std::string path;   // begins with '/'
  std::string query;  // without '?'

  // scheme://host[:port], the port left out where it is the scheme's own.
  [[nodiscard]] std::string origin() const;
  [[nodiscard]] std::string text() const;
};

enum class UrlFault {
  too_long,        // over 8,192 bytes
  forbidden_byte,  // control, space, backslash, non-ASCII, other bytes that RFC 3986 has no place
                   // for, an invalid %XX, and %XX in the path that is a control or no UTF-8
  not_absolute,    // no scheme://authority
  not_https,       // another scheme, or http to an origin that the policy does not name
  userinfo,        // user@host
  fragment,
  bad_host,     // IP literal in any notation, single label, localhost, .internal, .local, …
  bad_port,     // anything but 443 where the policy does not name the origin
  dot_segment,  // /../ or /./, also percent-encoded or before a ';'; and //, %2f, %5c in the
                // path; all of them encoded twice as well
  not_origin,   // a path or query where only an origin belongs
};

struct UrlPolicy {
  // Exact origins that are allowed though they are http, a private name or an odd port
  // (ALLOW_INSECURE_ORIGINS). Nothing by default.
  std::span<const std::string> allowed_origins;
};

[[nodiscard]] Result<Url, UrlFault> parse_url(std::string_view text, UrlPolicy policy = {});

// scheme://host[:port] and nothing else.
[[nodiscard]] Result<Url, UrlFault> parse_origin(std::string_view text, UrlPolicy policy = {});

}  // namespace postern
