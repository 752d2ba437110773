#include "core/base/url.h"

#include <array>
#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/base/url_fault.h"

using namespace postern;
using namespace std::string_view_literals;

namespace {

// "" when the text is accepted, else the fault's name: a failing check says what happened.
std::string fault_of(std::string_view text) {
  const auto url = parse_url(text);
  return url ? std::string() : std::string(name_of(url.error()));
}

std::string origin_fault_of(std::string_view text) {
  const auto url = parse_origin(text);
  return url ? std::string() : std::string(name_of(url.error()));
}

void check_all(const std::vector<std::string_view>& texts, std::string_view fault) {
  for (const std::string_view text : texts) {
    CAPTURE(text);
    CHECK(fault_of(text) == fault);
  }
}

}  // namespace

TEST_CASE("a URL is taken apart and put together again") {
  const auto url = parse_url("HTTPS://Login.Example.COM:443/A/b%20c?x=1&y=/../?");
  REQUIRE(url.has_value());
  CHECK(url->scheme == "https");
  CHECK(url->host == "login.example.com");
  CHECK(url->port == 443);
  CHECK(url->path == "/A/b%20c");
  CHECK(url->query == "x=1&y=/../?");
  CHECK(url->origin() == "https://login.example.com");
  CHECK(url->text() == "https://login.example.com/A/b%20c?x=1&y=/../?");
}

TEST_CASE("a missing path is the root") {
  CHECK(parse_url("https://a.example.com")->text() == "https://a.example.com/");
  CHECK(parse_url("https://a.example.com?x")->text() == "https://a.example.com/?x");
  CHECK(parse_url("https://a.example.com/?")->text() == "https://a.example.com/");
}

TEST_CASE("the URLs of real providers are accepted") {
  check_all(
      {"https://login.microsoftonline.com/common/oauth2/v2.0/token",
       "https://graph.microsoft.com/v1.0/me?$filter=from/x%20eq%20'a@b.c'&$top=5",
       "https://graph.microsoft.com/v1.0/users('a@b.c')/messages?%24skip=10&$select=id,subject",
       "https://management.azure.com/subscriptions?api-version=2020-01-01&$skiptoken=a%2Bb%3D",
       "https://api.github.com/repos/o/r.js/contents/.github/a..b/...",
       "https://slack.com/api/x?types[]=a", "https://xn--bcher-kva.example/",
       "https://1.2.3.4.com/", "https://a.co/%E2%82%AC?q=%0A", "https://localhost.example.com/",
       "https://internal.example.com/", "https://mylocal.dev/", "https://a.latest/",
       "https://a.mycorp/", "https://0x7f.com/", "https://a.co/100%25"},
      "");
}

TEST_CASE("a URL has at most 8,192 bytes") {
  const std::string base = "https://a.example.com/";
  CHECK(fault_of(base + std::string(8192 - base.size(), 'x')).empty());
  CHECK(fault_of(base + std::string(8193 - base.size(), 'x')) == "too_long");
}

TEST_CASE("what is relative for one reader and absolute for another is refused") {
  check_all({"", "/", "//evil.com", "//evil.com/x", "///evil.com", "https:evil.com",
             "https:/evil.com", "evil.com", "evil.com/x", "javascript:alert(1)", "data:text/html,x",
             "://evil.com", "?https://a.com", "/https://a.com", "1https://a.com", "https//a.com",
             "mailto:a@b.com", "#https://a.com"},
            "not_absolute");
}

TEST_CASE("control characters, spaces, backslashes and foreign bytes are refused anywhere") {
  check_all({"\\evil.com",
             "/\\evil.com",
             "https:\\\\evil.com",
             "https:/\\evil.com",
             "https://a.com\\@evil.com",
             "https://a.com\\.evil.com/",
             "https://a.com/\\..\\x",
             "https://a.com/?\\",
             " https://a.com",
             "https://a.com ",
             "https://a.com/ x",
             "\thttps://a.com",
             "ht\ntps://a.com",
             "https://a\t.com",
             "https://a.com/\r\nX-Header:1",
             "https://a.com/\x7f",
             "https://a.com/?\x7f",
             "\x01https://a.com",
             "https://a.com/\x1f",
             "https://m\xc3\xbcnchen.com/",
             "https://a\xe3\x80\x82x.com/",
             "https://evil\xef\xbc\x8f.com",
             "https://a.com/\xff",
             "https://a.com/?\xc3\xa4",
             "https://a.com/<x>",
             "https://a.com/\"",
             "https://a.com/{x}",
             "https://a.com/?a|b",
             "https://a.com/^",
             "https://a.com/`",
             "https://a.com/a[0]"},
            "forbidden_byte");
  CHECK(fault_of("https://a.com/\0"sv) == "forbidden_byte");
  CHECK(fault_of("https://a.com\0.evil.com/"sv) == "forbidden_byte");
}

TEST_CASE("a broken percent-escape is refused, and one that hides a control or invalid UTF-8") {
  check_all(
      {"https://a.com/%", "https://a.com/%2", "https://a.com/%zz", "https://a.com/?%",
       "https://a.com/?x=%4", "https://a.com/%u002f", "https://a.com/%00", "https://a.com/?%00",
       "https://a.com/%0d%0aX:1", "https://a.com/%7f", "https://a.com/%09", "https://a.com/%ff",
       "https://a.com/%c0%ae%c0%ae/x", "https://a.com/%c0%af", "https://a.com/%ed%a0%80"},
      "forbidden_byte");
}

TEST_CASE("only https is accepted") {
  check_all({"http://a.com/", "ftp://a.com/", "ws://a.com", "wss://a.com", "file:///etc/passwd",
             "javascript://a.com/%0a", "https+x://a.com", "httpss://a.com"},
            "not_https");
}

TEST_CASE("blob and view-source are no schemes that hide https") {
  for (const auto text :
       {"blob:https://a.com/x"sv, "view-source:https://a.com"sv, "jar:https://a.com!/"sv}) {
    CHECK_FALSE(parse_url(text).has_value());
  }
}

TEST_CASE("user information is refused in every shape") {
  check_all({"https://user@evil.com/", "https://a.com@evil.com/", "https://a.com:443@evil.com/",
             "https://@evil.com", "https://a.com:pw@evil.com", "https://user:pw@a.com/",
             "https://a.com@", "https://a@b@c.com/"},
            "userinfo");
  CHECK(fault_of("https://a.com/@evil.com").empty());
  CHECK(fault_of("https://a.com?@evil.com").empty());
}

TEST_CASE("a fragment is refused, also where it cuts the host short") {
  check_all({"https://a.com/#x", "https://a.com#@evil.com", "https://evil.com#.a.com",
             "https://a.com/?x#", "https://a.com/#"},
            "fragment");
}

TEST_CASE("dot segments are refused, plain, encoded, encoded twice and with parameters") {
  check_all(
      {"https://a.com/..", "https://a.com/../x", "https://a.com/x/..", "https://a.com/.",
       "https://a.com/./x", "https://a.com/x/./y", "https://a.com/%2e%2e/x", "https://a.com/%2E%2e",
       "https://a.com/.%2e/x", "https://a.com/%2e./x", "https://a.com/%2e", "https://a.com/x/%2e/y",
       "https://a.com/%252e%252e/x", "https://a.com/%25252e", "https://a.com/..;/x",
       "https://a.com/..;a=b/x", "https://a.com/%2e%2e%3b/x", "https://a.com/.;/x"},
      "dot_segment");
}

TEST_CASE("doubled and encoded slashes in the path are refused") {
  check_all(
      {"https://a.com//evil.com", "https://a.com//", "https://a.com/x//y", "https://a.com/x%2fy",
       "https://a.com/%2F%2Fevil.com", "https://a.com/%5c", "https://a.com/%5Cevil.com",
       "https://a.com/%252f", "https://a.com/%255C", "https://a.com/https://evil.com"},
      "dot_segment");
}

TEST_CASE("the query may hold what the path may not") {
  check_all({"https://a.com/?next=https://b.com//../x", "https://a.com/?x=%2f%2e%2e%5c",
             "https://a.com/?%252f", "https://a.com?a[0]=1", "https://a.com/?a@b:c"},
            "");
}

TEST_CASE("an origin is scheme, host and port and nothing else") {
  CHECK(parse_origin("HTTPS://A.Example.com:443")->origin() == "https://a.example.com");
  CHECK(parse_origin("https://a.example.com")->path == "/");
  const std::array<std::string, 1> allowed = {"http://localhost:8787"};
  CHECK(parse_origin("http://localhost:8787", {.allowed_origins = allowed})->port == 8787);
  for (const auto text :
       {"https://a.com/"sv, "https://a.com/x"sv, "https://a.com?"sv, "https://a.com?x"sv}) {
    CAPTURE(text);
    CHECK(origin_fault_of(text) == "not_origin");
  }
  CHECK(origin_fault_of("https://a.com#") == "fragment");
  CHECK(origin_fault_of("https://u@a.com") == "userinfo");
  CHECK(origin_fault_of("https://localhost") == "bad_host");
  CHECK(origin_fault_of("null") == "not_absolute");
  CHECK(origin_fault_of("https://a.com https://b.com") == "forbidden_byte");
}

TEST_CASE("an origin is scheme, host and the port where it is another one") {
  Url url = *parse_url("https://A.example.com:443/x?y");
  CHECK(url.origin() == "https://a.example.com");
  url.port = 8443;
  CHECK(url.origin() == "https://a.example.com:8443");
  url.scheme = "http";
  CHECK(url.origin() == "http://a.example.com:8443");
}
