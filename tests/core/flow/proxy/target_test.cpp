// Paths that would leave their place, in the spellings that servers and clients of the wild read
// as one.
#include "core/flow/proxy/target.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

using namespace postern;
using namespace std::string_view_literals;

namespace {

TargetFault check(const std::string& target) {
  CAPTURE(target);
  const auto fault = check_target(target);
  CHECK(words_of(fault).empty() == (fault == TargetFault::none));
  return fault;
}

}  // namespace

TEST_CASE("what clients of APIs send passes as it is") {
  for (const auto target : {"/"sv,
                            "/v1.0/me"sv,
                            "/v1.0/me/messages?$filter=a+b%20&%20c"sv,
                            "/x?name=x&"sv,
                            "/x?"sv,
                            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web//sites/w1"sv,
                            "/repos/o/r/contents/a%20b%2Fc%23d.txt"sv,
                            "/repos/o/r/compare/main...feature"sv,
                            "/repos/o/r/contents/.github/..hidden/...x"sv,
                            "/v1.0/me/drive/root:/a%20b/%C3%BC'%23.txt:/content"sv,
                            "/v1.0/users('ada')/messages"sv,
                            "/a!b$c&d'e(f)g*h+i,j;k=l:m@n~o{p}q|r^s`t[u]\"<>"sv,
                            "/100%25"sv,
                            "/a/"sv,
                            "/a///"sv,
                            "/%2Fevil.example"sv,
                            "/%5Cevil.example"sv,
                            "/@evil.example"sv,
                            "/:443"sv,
                            "/x?a=..&b=/../&c=%2e%2e/&d=\\&e=%00&f=100%&g=?/\"<>{}|^`'"sv,
                            "/x?u=https://evil.example/"sv}) {
    CHECK(check(std::string(target)) == TargetFault::none);
  }
  CHECK(check("/" + std::string(16 * 1024 - 1, 'a')) == TargetFault::none);
}

TEST_CASE("a target begins with one slash, and ends somewhere") {
  for (const auto target :
       {""sv, "v1.0/me"sv, "//evil.example/"sv, "//"sv, "?a=b"sv, "@evil.example"sv,
        ".evil.example"sv, ":443/"sv, "https://evil.example/"sv}) {
    CHECK(check(std::string(target)) == TargetFault::not_absolute);
  }
  CHECK(check("/" + std::string(16 * 1024, 'a')) == TargetFault::not_absolute);
}

TEST_CASE("a character that parsers drop, or take for another, is refused") {
  for (const auto target :
       {"/a b"sv, "/a\tb"sv, "/a\nb"sv, "/a\rb"sv, "/a\0b"sv, "/a\x7f"sv, "/\\evil.example"sv,
        "/a\\b"sv, "/a#b"sv, "/a?b#c"sv, "/a?b c"sv, "/a?b\nc"sv, "/\xc3\xa4"sv, "/a?\xc3\xa4"sv}) {
    CHECK(check(std::string(target)) == TargetFault::bad_character);
  }
}

TEST_CASE("an escape in the path is whole") {
  for (const auto target :
       {"/%"sv, "/a%2"sv, "/a%2?b"sv, "/a%zz"sv, "/%u002e%u002e/"sv, "/%%32"sv}) {
    CHECK(check(std::string(target)) == TargetFault::bad_escape);
  }
}

TEST_CASE("an encoded control character in the path is refused, and what is no UTF-8") {
  for (const auto target :
       {"/a%00"sv, "/a%0a"sv, "/a%0D%0AHost:x"sv, "/a%09b"sv, "/%1f"sv, "/%7F"sv,
        // Overlong forms, as old servers read dots and slashes.
        "/%c0%ae%c0%ae/"sv, "/..%c0%af"sv, "/%e0%80%ae/"sv, "/%ff"sv, "/%ed%a0%80"sv}) {
    CHECK(check(std::string(target)) == TargetFault::bad_text);
  }
}

TEST_CASE("a dot segment is refused in any spelling") {
  for (const auto dots : {"."sv,
                          ".."sv,
                          "%2e"sv,
                          "%2E%2e"sv,
                          ".%2e"sv,
                          "%2e."sv,
                          "%252e"sv,
                          "%252E%252e"sv,
                          "%25252e."sv,
                          "%25%32%65"sv,
                          "%2525252525252e"sv,
                          "..;"sv,
                          ".;v=1"sv,
                          "..%3b"sv,
                          "..%253Bx"sv,
                          "..:"sv,
                          "..%3fx"sv,
                          "..%23"sv,
                          "..%20"sv,
                          "..%2520"sv}) {
    for (const auto& target :
         {"/" + std::string(dots), "/a/" + std::string(dots), "/a/" + std::string(dots) + "/b",
          "/a/" + std::string(dots) + "?q", "/a%2F" + std::string(dots),
          "/a%5c" + std::string(dots) + "%5Cb", "/a%252f" + std::string(dots) + "%252fb",
          "/a%255C" + std::string(dots)}) {
      CHECK(check(target) == TargetFault::dot_segment);
    }
  }
  for (const auto target :
       {"/..a"sv, "/a.."sv, "/..."sv, "/.a/b."sv, "/a;.."sv, "/a;/b"sv, "/%2ea"sv}) {
    CHECK(check(std::string(target)) == TargetFault::none);
  }
}

TEST_CASE("decoding goes on until nothing is left of it") {
  CHECK(decoded_fully("%2e") == ".");
  CHECK(decoded_fully("%252525252e%2f") == "./");
  CHECK(decoded_fully("%25%32%65") == ".");
  CHECK(decoded_fully("%%32e") == ".");
  CHECK(decoded_fully("100%, %zz, %2") == "100%, %zz, %2");
  CHECK(decoded_fully("%2G%") == "%2G%");
  // In one pass, however often it was encoded.
  std::string deep = "%";
  for (int i = 0; i < 8000; ++i) {
    deep += "25";
  }
  CHECK(decoded_fully(deep + "2e") == ".");
}

TEST_CASE("path and query are apart at the first question mark") {
  CHECK(path_of_target("/a?b?c") == "/a");
  CHECK(query_of_target("/a?b?c") == "b?c");
  CHECK(path_of_target("/a") == "/a");
  CHECK(query_of_target("/a").empty());
}
