#include "core/flow/proxy/policy_rule.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/provider/catalogue.h"

using namespace postern;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kUnknownApi =
    "names an API that no provider has: write proxy:<api> or "
    "proxy:[<integration>.]<api>:<METHODS>:<path>";
constexpr std::string_view kNotWhole =
    "is not whole: write proxy:[<integration>.]<api>:<METHODS>:<path>";

struct Word {
  std::string_view word;
  std::string_view fault;
};

}  // namespace

TEST_CASE("a rule says integration, API, methods and a path") {
  auto rule = parse_policy_rule("proxy:graph:GET,HEAD:/v1.0/me/messages");
  REQUIRE(rule.has_value());
  CHECK(rule->integration.empty());
  CHECK(rule->api == "graph");
  CHECK(rule->methods == std::vector<std::string>{"GET", "HEAD"});
  CHECK(rule->path == PathSegments{"v1.0", "me", "messages"});

  rule = parse_policy_rule("proxy:my.azure.arm:*:/subscriptions/*/a%20%C3%BC/%2A/root:/x");
  REQUIRE(rule.has_value());
  CHECK(rule->integration == "my.azure");
  CHECK(rule->api == "arm");
  CHECK(rule->methods.empty());
  // An encoded asterisk is one.
  CHECK(rule->path == PathSegments{"subscriptions", std::nullopt, "a \xc3\xbc", "*", "root:", "x"});

  rule = parse_policy_rule("proxy:graph:GET:/");
  REQUIRE(rule.has_value());
  CHECK(rule->path.empty());
}

TEST_CASE("words that are permissions") {
  for (const auto word :
       {"proxy:graph"sv, "proxy:slack"sv, "proxy:api"sv, "proxy:github_uploads"sv,
        "proxy:graph:*:/v1.0"sv, "proxy:azure.graph:PATCH:/beta/users/*"sv,
        "proxy:slack:*:/api/chat.postMessage"sv, "proxy:github:GET:/repos/acme/*/issues"sv,
        "proxy:google:GET,POST,DELETE,OPTIONS,PUT:/drive/v3"sv, "proxy:links:pass"sv,
        "proxy:links:replace"sv, "proxy:links:remove"sv}) {
    CAPTURE(word);
    CHECK(fault_in_policy_word(word).empty());
  }
  CHECK(fault_in_policy_word("proxy:graph:GET:/" + std::string(1024 - 17, 'a')).empty());
}

TEST_CASE("words that are none are refused by what to do about them") {
  for (const auto& [word, fault] : std::initializer_list<Word>{
           {"proxy:", kUnknownApi},
           {"proxy:grap", kUnknownApi},
           {"proxy:Graph", kUnknownApi},
           {"proxy:*", kUnknownApi},
           {"proxy:links", kUnknownApi},
           {"proxy:nothing:GET:/x", kUnknownApi},
           {"proxy:graph.azure:GET:/x", kUnknownApi},
           {"proxy::GET:/x", kUnknownApi},
           {"proxy:azure.graph",
            "names an integration without methods and a path: write "
            "proxy:<integration>.<api>:*:/ for all of its API"},
           {"proxy:.graph:GET:/x",
            "has no integration before the `.`: write its name, or the API alone"},
           {"proxy:a/b.graph:GET:/x",
            "has no integration before the `.`: write its name, or the API alone"},
           {"proxy:graph:", kNotWhole},
           {"proxy:graph:GET", kNotWhole},
           {"proxy:graph:GET:", kNotWhole},
           {"proxy:graph:/v1.0/me", kNotWhole},
           {"proxy:graph:GET:v1.0", "has a path that does not begin with one `/`"},
           {"proxy:graph:GET://v1.0", "has a path that does not begin with one `/`"},
           {"proxy:graph:GET:/v1.0?x=1", "has a query in its path: a rule judges the path alone"},
           {"proxy:graph:GET:/v1.0/",
            "has an empty segment in its path: write one `/` between two "
            "segments, and none at the end"},
           {"proxy:graph:GET:/a//b",
            "has an empty segment in its path: write one `/` between two "
            "segments, and none at the end"},
           {"proxy:graph:GET:/a/%2e%2e/b",
            "has a segment `.` or `..` in its path, in some spelling: resolve it"},
           {"proxy:graph:GET:/a\\b", "has a character in its path that must be percent-encoded"},
           {"proxy:graph:GET:/a#b", "has a character in its path that must be percent-encoded"},
           {"proxy:graph:GET:/\xc3\xa4",
            "has a character in its path that must be percent-encoded"},
           {"proxy:graph:GET:/100%", "has a `%` in its path without two hexadecimal digits"},
           {"proxy:graph:GET:/a%0a",
            "has an encoded control character in its path, or what is no UTF-8"},
           {"proxy:links:", "must end with `pass`, `replace` or `remove`"},
           {"proxy:links:Pass", "must end with `pass`, `replace` or `remove`"},
           {"proxy:links:pass:x", "must end with `pass`, `replace` or `remove`"},
           {"proxy:slack:GET:/api/chat.postMessage",
            "names methods, which say nothing at this API: write `*` for them"},
           {"proxy:slack:*:/",
            "names no operation of this API: write the whole path, which ends with it"},
           {"proxy:slack:*:/api/*",
            "names no operation of this API: write the whole path, which ends with it"}}) {
    CAPTURE(word);
    CHECK(fault_in_policy_word(word) == fault);
  }
  for (const auto method : {""sv, "get"sv, "GET,"sv, ",GET"sv, "GET,get"sv, "TRACE"sv, "CONNECT"sv,
                            "ANY"sv, "*,GET"sv, "GET;POST"sv}) {
    CAPTURE(method);
    CHECK(fault_in_policy_word("proxy:graph:" + std::string(method) + ":/x")
              .starts_with("names a method that there is not"));
  }
  for (const auto segment : {"a%2Fb"sv, "a%5cb"sv, "a%252fb"sv, "a%25"sv, "a;b"sv, "a%3Bb"sv}) {
    CAPTURE(segment);
    CHECK(fault_in_policy_word("proxy:graph:GET:/" + std::string(segment))
              .starts_with("has a segment in its path that holds `/`"));
  }
  CHECK(fault_in_policy_word("proxy:graph:GET:/" + std::string(1024 - 16, 'a')) ==
        "is longer than 1024 bytes");
}

TEST_CASE("a rule for what says in its body what it does would allow nothing, and is refused") {
  for (const auto word : {"proxy:graph:POST:/v1.0/$batch"sv, "proxy:graph:POST:/v1.0/%24Batch"sv,
                          "proxy:arm:POST:/batch"sv, "proxy:google:POST:/batch/drive/v3"sv,
                          "proxy:github:POST:/graphql"sv, "proxy:api:POST:/x/$batch"sv}) {
    CAPTURE(word);
    CHECK(fault_in_policy_word(word).starts_with("has a path whose requests say in their body"));
  }
}

TEST_CASE("of words about links the strictest counts, and one that is none is the strictest") {
  CHECK(links_policy("") == LinksPolicy::usual);
  CHECK(links_policy("proxy * proxy:graph") == LinksPolicy::usual);
  CHECK(links_policy("proxy proxy:links:pass") == LinksPolicy::pass);
  CHECK(links_policy("proxy:links:replace proxy:links:pass") == LinksPolicy::replace);
  CHECK(links_policy("proxy:links:pass proxy:links:remove proxy:links:replace") ==
        LinksPolicy::remove);
  CHECK(links_policy("proxy:links:passs") == LinksPolicy::remove);
  CHECK(links_policy("proxy:links:") == LinksPolicy::remove);
}

TEST_CASE("no API has a name that a rule would read as something else") {
  for (const Provider* provider : providers()) {
    for (const Api& api : provider->apis) {
      CAPTURE(api.name);
      CHECK(api.name != "links");
      CHECK(api.name.find_first_of(".:*,/ ") == std::string_view::npos);
    }
  }
}
