// Words for what a URL is refused for: a failing check says what happened.
#pragma once

#include <string_view>

#include "core/base/url.h"

namespace postern {

inline std::string_view name_of(UrlFault fault) {
  switch (fault) {
    case UrlFault::too_long:
      return "too_long";
    case UrlFault::forbidden_byte:
      return "forbidden_byte";
    case UrlFault::not_absolute:
      return "not_absolute";
    case UrlFault::not_https:
      return "not_https";
    case UrlFault::userinfo:
      return "userinfo";
    case UrlFault::fragment:
      return "fragment";
    case UrlFault::bad_host:
      return "bad_host";
    case UrlFault::bad_port:
      return "bad_port";
    case UrlFault::dot_segment:
      return "dot_segment";
    case UrlFault::not_origin:
      return "not_origin";
  }
  return "unknown";
}

}  // namespace postern
