#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/form.h"
#include "core/base/link.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "tests/core/base/url_fault.h"
#include "tests/fuzz/check.h"

using namespace postern;
using fuzz::check;

namespace {

const std::array<std::string, 3> kAllowed = {"http://localhost:8787", "http://[::1]:1",
                                             "https://10.0.0.1:8443"};

bool is_named(const std::string& origin) {
  for (const std::string& allowed : kAllowed) {
    if (origin == allowed) return true;
  }
  return false;
}

// Said in another way than in the parser: no host that a resolver could take for something near.
void check_public(const Url& url) {
  check(url.scheme == "https" && url.port == 443);
  check(url.host.contains('.') && url.host.size() <= 253);
  check(url.host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos);
  check(!url.host.contains("..") && url.host.front() != '.' && url.host.back() != '.');
  const std::string last = url.host.substr(url.host.rfind('.') + 1);
  check(last[0] >= 'a' && last[0] <= 'z');
  for (const std::string_view name : {"localhost", "local", "internal", "lan", "home", "corp"}) {
    check(last != name);
  }
  check(!("." + url.host).ends_with(".home.arpa"));
}

void check_path(const std::string& path) {
  check(path.front() == '/');
  const auto decoded = percent_decode(path);
  check(decoded.has_value() && is_utf8(*decoded) && !decoded->contains('\n') &&
        !decoded->contains('\0'));
  check(!decoded->contains('\\') && !decoded->contains("//"));
  check(!decoded->contains("/../") && !decoded->contains("/./"));
  check(!decoded->ends_with("/..") && !decoded->ends_with("/."));
}

void check_url(std::string_view text, const UrlPolicy& policy) {
  const auto url = parse_url(text, policy);
  if (!url) {
    check(!name_of(url.error()).empty());
    return;
  }
  check(text.size() <= 8192);
  if (policy.allowed_origins.empty() || !is_named(url->origin())) check_public(*url);
  check_path(url->path);

  const std::string written = url->text();
  check(written.find_first_of("\\#\t\r\n ") == std::string::npos);
  check(written.starts_with(url->origin() + "/"));
  // The path `/` that was not written may be one byte too many.
  if (written.size() > 8192) return;
  const auto again = parse_url(written, policy);
  check(again.has_value() && again->origin() == url->origin());
  check(again->path == url->path && again->query == url->query && again->text() == written);

  const auto origin = parse_origin(url->origin(), policy);
  check(origin.has_value() && origin->origin() == url->origin());
}

// Wherever a link leads, it is at the origin, may be sent, and is the same when it is read again.
void check_link(std::string_view text, const std::string& origin) {
  const auto path = path_of_link(text, origin);
  if (!path) return;
  check(path->starts_with('/'));
  check(path->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~!$&'()*+,;=:@/?%") == std::string::npos);
  check(path_of_link(origin + *path, origin) == *path);
  // As a reader of another kind sees it: nothing but a slash follows the origin.
  check((origin + *path).starts_with(origin + "/"));
  const bool absolute = text.contains("://") && !trim(text).starts_with('/');
  check(!absolute || to_lower_ascii(text).contains(origin.substr(origin.find("://") + 3)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const UrlPolicy policy{.allowed_origins = kAllowed};
  for (const std::string& origin : {std::string("https://a.example.com"), kAllowed[0]}) {
    check_link(text, origin);
    check_link("https://" + std::string(text), origin);
    check_link(origin + std::string(text), origin);
  }
  check_url(text, {});
  check_url(text, policy);
  // Most inputs are no URL as they are: let them be a host, a path and a query too.
  check_url("https://" + std::string(text), {});
  check_url("https://" + std::string(text), policy);
  check_url("https://a.example.com/" + std::string(text), {});
  check_url("https://a.example.com/?" + std::string(text), {});

  const auto beside = parse_url("https://a.example.com/" + std::string(text));
  if (beside) check(beside->origin() == "https://a.example.com");
  // An entry of the policy is no pattern and lets nothing in but itself.
  const std::array<std::string, 1> entry = {std::string(text)};
  for (const std::string_view target :
       {"http://localhost/", "https://10.0.0.1/", "http://a.com/"}) {
    const auto url = parse_url(target, {.allowed_origins = entry});
    if (url)
      check(url->origin() + "/" == target && to_lower_ascii(text).starts_with(url->origin()));
  }
  return 0;
}
