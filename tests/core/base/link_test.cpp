// Links to the next page, as providers really write them.
#include "core/base/link.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

using namespace postern;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kOrigin = "https://api.example.com";

std::string followed(std::string_view link, std::string_view origin = kOrigin) {
  const auto path = path_of_link(link, origin);
  if (path) return *path;
  switch (path.error()) {
    case LinkFault::too_long:
      return "too_long";
    case LinkFault::malformed:
      return "malformed";
    case LinkFault::other_origin:
      return "other_origin";
  }
  return "?";
}

// Behind the origin.
std::string rest(std::string_view text) {
  return followed(std::string(kOrigin) + std::string(text));
}

}  // namespace

TEST_CASE("what may stand in a URL stays as it is, escapes too") {
  for (const std::string_view text :
       {"/v1.0/me/messages?%24top=10&%24skip=10"sv, "/a/b(1)/c'd'?$skiptoken=X%27~*!&b=?/:@"sv,
        "/users('a@b.c')/x;y=1?q=a+b%2bc"sv, "/subscriptions//x///y?a=//b"sv,
        "/a/%2e%2e/b?c=%zz"sv}) {
    CAPTURE(text);
    CHECK(rest(text) == (text.ends_with("%zz") ? "/a/%2e%2e/b?c=%25zz" : std::string(text)));
  }
  CHECK(rest("") == "/");
  CHECK(rest("?a=1") == "/?a=1");
}

TEST_CASE("what may not is percent-encoded") {
  CHECK(rest("/a b?$filter=x ge '2021' and y lt \"z\"") ==
        "/a%20b?$filter=x%20ge%20'2021'%20and%20y%20lt%20%22z%22");
  CHECK(rest("/x?t={\"a\":[1|2]}`^<>") == "/x?t=%7B%22a%22:%5B1%7C2%5D%7D%60%5E%3C%3E");
  CHECK(rest("/x\\y?z=\\") == "/x%5Cy?z=%5C");
  CHECK(rest("/100%?a=5%&b=%4&c=%") == "/100%25?a=5%25&b=%254&c=%25");
  CHECK(rest("/ä?q=€") == "/%C3%A4?q=%E2%82%AC");
  CHECK(rest("/a\nb\0c"sv) == "/a%0Ab%00c");
}

TEST_CASE("a fragment goes, and a hash that belongs to a token stays") {
  CHECK(rest("/a?page=2#top") == "/a?page=2");
  CHECK(rest("/a#") == "/a");
  // Azure/azure-rest-api-specs, issue 31000.
  CHECK(rest("/q?$skipToken=+RID:~wkAw==#RT:1#TRC:100#ISV:2") ==
        "/q?$skipToken=+RID:~wkAw==%23RT:1%23TRC:100%23ISV:2");
}

TEST_CASE("a link of more than 8 KiB is followed, one without an end is not") {
  const std::string token(20'000, 'x');
  CHECK(rest("/a?t=" + token) == "/a?t=" + token);
  CHECK(rest("/a?t=" + std::string(kMaxLinkBytes, 'x')) == "too_long");
}

TEST_CASE("the same origin may be written in other ways") {
  CHECK(followed("https://API.Example.COM/a") == "/a");
  CHECK(followed("HTTPS://api.example.com:443/a") == "/a");
  CHECK(followed("  https://api.example.com/a \r\n") == "/a");
  CHECK(followed("//api.example.com/a?b") == "/a?b");
  CHECK(followed("/a?b=https://evil.example/") == "/a?b=https://evil.example/");
  CHECK(followed("/\\evil.example/a") == "/%5Cevil.example/a");
  CHECK(followed("http://localhost:80/a", "http://localhost") == "/a");
  CHECK(followed("http://localhost:8787/a", "http://localhost:8787") == "/a");
  CHECK(followed("http://[::1]:1/a", "http://[::1]:1") == "/a");
}

TEST_CASE("another origin is not followed, however it is written") {
  for (const std::string_view link : {"https://evil.example/a"sv,
                                      "http://api.example.com/a"sv,
                                      "https://api.example.com:8443/a"sv,
                                      "https://api.example.com:0443/a"sv,
                                      "https://api.example.com:/a"sv,
                                      "https://api.example.com./a"sv,
                                      "https://user@api.example.com/a"sv,
                                      "https://api.example.com@evil.example/a"sv,
                                      "https://api.example.com:443@evil.example"sv,
                                      "https://api.example.com\\@evil.example/a"sv,
                                      "https://api.example.com\\.evil.example/a"sv,
                                      "https://api.example.com\\evil"sv,
                                      "https://evil.example\\@api.example.com/a"sv,
                                      "https://evil.example#@api.example.com/a"sv,
                                      "https://evil.example?@api.example.com/a"sv,
                                      "//evil.example/a"sv,
                                      "///api.example.com/a"sv,
                                      "https:///api.example.com/a"sv,
                                      "https:////api.example.com/a"sv,
                                      "ftp://api.example.com/a"sv,
                                      "https://api.example.com.evil.example/a"sv,
                                      "https://evil-api.example.com/a"sv,
                                      "https://api.example.com%2eevil.example/a"sv,
                                      "https://api.ex\tample.com/a"sv,
                                      "https://api.example.com\0.evil.example/a"sv,
                                      "https://\xEF\xBD\x81pi.example.com/a"sv,
                                      "javascript://api.example.com/%0Aalert(1)"sv,
                                      "https://"sv}) {
    CAPTURE(link);
    CHECK(followed(link) == "other_origin");
  }
  CHECK(followed("http://localhost:87870/a", "http://localhost:8787") == "other_origin");
}

TEST_CASE("what leads nowhere is malformed") {
  for (const std::string_view link :
       {""sv, "?page=2"sv, "page2"sv, "https:/api.example.com/a"sv, "https:api.example.com"sv,
        "\\\\api.example.com\\a"sv, "#x"sv}) {
    CAPTURE(link);
    CHECK(followed(link) == "malformed");
  }
}
