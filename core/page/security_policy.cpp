#include "core/base/text.h"
#include "core/page/page.h"

namespace postern {
namespace {

// Scheme, host and port only. A quote, comma or semicolon would let a value speak as policy.
bool is_plain_origin(std::string_view origin) {
  std::string_view rest = origin;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return false;
  }
  if (rest.empty()) return false;
  for (const char c : rest) {
    const bool letter_or_digit =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter_or_digit && c != '.' && c != '-' && c != ':' && c != '[' && c != ']') return false;
  }
  return true;
}

}  // namespace

std::string content_security_policy(std::string_view form_action_origins) {
  std::string out =
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
      "frame-ancestors 'none'; form-action ";
  if (trim(form_action_origins).empty()) {
    out += "'none'";
    return out;
  }
  out += "'self'";
  for (const std::string_view origin : split(form_action_origins, ' ')) {
    if (!is_plain_origin(origin)) continue;
    out += ' ';
    out += origin;
  }
  return out;
}

}  // namespace postern
