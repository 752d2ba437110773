// Ways around a rule. Each request here reaches what the rule names, or what it does not name, in
// another spelling.
#include "core/flow/proxy/policy.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/provider/catalogue.h"

using namespace postern;
using namespace std::string_view_literals;

namespace {

const ProxyRules& rules_of(std::string_view api) {
  for (const Provider* provider : providers()) {
    if (find_api(*provider, api) != nullptr) {
      return provider->proxy;
    }
  }
  return kCommonProxyRules;
}

// As the API `api` of the integration `azure`.
PolicyDecision decide(std::string_view permissions, std::string_view method,
                      std::string_view target, std::string_view api = "graph") {
  return decide_policy({.permissions = permissions,
                        .integration = "azure",
                        .api = api,
                        .rules = rules_of(api),
                        .method = method,
                        .target = target});
}

bool allowed(std::string_view permissions, std::string_view method, std::string_view target,
             std::string_view api = "graph") {
  const auto decision = decide(permissions, method, target, api);
  CHECK(decision.needs.empty() == decision.allowed);
  return decision.allowed;
}

constexpr std::string_view kMail = "connect proxy:graph:GET:/v1.0/me/messages";
constexpr std::string_view kNeedsMail =
    "This needs the permission proxy:graph, or a rule of it for this path: proxy:graph:GET:<path>";

}  // namespace

TEST_CASE("all APIs, one API, or a rule of it") {
  CHECK(allowed("proxy", "DELETE", "/v1.0/x"));
  CHECK(allowed("tokens:read proxy", "POST", "/v1.0/$batch"));
  CHECK(allowed("proxy:graph", "POST", "/v1.0/$batch?_method=PUT"));
  CHECK(allowed("proxy:arm proxy:graph", "POST", "/a//b;c"));
  CHECK(allowed(kMail, "GET", "/v1.0/me/messages"));
  CHECK(allowed(kMail, "GET", "/v1.0/me/messages?$top=1"));
  CHECK(allowed(kMail, "GET", "/v1.0/me/messages/AAMk%2Fx%3D/attachments"));
  CHECK(allowed(kMail, "GET", "/v1.0/me/messages/"));
  CHECK(allowed(kMail, "GET", "/v1.0/me/messages//x;y/%2525"));
  CHECK(decide(kMail, "GET", "/v1.0/me/events").needs == kNeedsMail);
  CHECK(decide("connect", "GET", "/v1.0/me").needs == kNeedsMail);
  CHECK(decide("proxy:arm", "brew", "/v1.0/me").needs ==
        "This needs the permission proxy:graph, or a rule of it for this path: "
        "proxy:graph:<METHODS>:<path>");
}

TEST_CASE("nothing that is older grants it, nor what is no rule") {
  for (const auto permissions :
       {""sv, "*"sv, "tokens:read tokens:read:graph"sv, "proxy:arm"sv, "proxy:graphs"sv, "proxy:"sv,
        "proxy:graph:"sv, "proxy:graph:GET"sv, "proxy:graph:GET:"sv, "proxy:graph:GET:v1.0"sv,
        "proxy:graph:get:/v1.0"sv, "proxy:graph:GET:/v1.0/"sv, "proxy:links:pass"sv,
        "proxy:arm:*:/v1.0"sv, "Proxy"sv, "xproxy proxyx"sv}) {
    CAPTURE(permissions);
    CHECK_FALSE(allowed(permissions, "GET", "/v1.0/me"));
  }
}

TEST_CASE("a rule is for its methods, and HEAD is read where GET is") {
  constexpr auto rule = "proxy:graph:GET,PATCH:/v1.0/me"sv;
  for (const auto method : {"GET"sv, "HEAD"sv, "PATCH"sv}) {
    CHECK(allowed(rule, method, "/v1.0/me"));
  }
  for (const auto method :
       {"POST"sv, "PUT"sv, "DELETE"sv, "OPTIONS"sv, "get"sv, "patch"sv, "GETS"sv, ""sv}) {
    CAPTURE(method);
    CHECK_FALSE(allowed(rule, method, "/v1.0/me"));
  }
  CHECK_FALSE(allowed("proxy:graph:HEAD:/v1.0/me", "GET", "/v1.0/me"));
  CHECK_FALSE(allowed("proxy:graph:PATCH:/v1.0/me", "HEAD", "/v1.0/me"));
  CHECK(allowed("proxy:graph:*:/v1.0/me", "DELETE", "/v1.0/me"));
  // A method and a path of two rules make no third.
  constexpr auto two = "proxy:graph:GET:/v1.0/users proxy:graph:DELETE:/v1.0/me/messages"sv;
  CHECK(allowed(two, "GET", "/v1.0/users/x"));
  CHECK_FALSE(allowed(two, "DELETE", "/v1.0/users/x"));
}

TEST_CASE("a rule is for its integration, where it names one, and for its API") {
  CHECK(allowed("proxy:azure.graph:GET:/v1.0", "GET", "/v1.0/me"));
  CHECK_FALSE(allowed("proxy:other.graph:GET:/v1.0", "GET", "/v1.0/me"));
  CHECK_FALSE(allowed("proxy:azure.arm:GET:/v1.0", "GET", "/v1.0/me"));
  CHECK_FALSE(allowed("proxy:x.azure.graph:GET:/v1.0", "GET", "/v1.0/me"));
}

TEST_CASE("a beginning of a path ends where a segment does") {
  for (const auto target :
       {"/v1.0/me/messagesx"sv, "/v1.0/me/messages-archive/1"sv, "/v1.0/me/message"sv, "/v1.0/me"sv,
        "/v1.0"sv, "/"sv, "/beta/me/messages"sv, "/v1.0/me/messages('x')"sv,
        "/x/v1.0/me/messages"sv}) {
    CAPTURE(target);
    CHECK(decide(kMail, "GET", target).needs == kNeedsMail);
  }
  CHECK(allowed("proxy:graph:GET:/", "GET", "/anything/at/all"));
  CHECK(allowed("proxy:graph:GET:/", "GET", "/"));
}

TEST_CASE("one's own name for a thing is not its other name") {
  CHECK_FALSE(allowed(kMail, "GET", "/v1.0/users/ada@acme.example/messages"));
  CHECK_FALSE(allowed("proxy:graph:GET:/v1.0/users/ada/messages", "GET", "/v1.0/me/messages"));
  CHECK_FALSE(
      allowed("proxy:graph:GET:/v1.0/users/ada/messages", "GET", "/v1.0/users('ada')/messages"));
  CHECK_FALSE(allowed("proxy:github:GET:/repos/acme/tool", "GET", "/repositories/17", "github"));
}

TEST_CASE("a path is compared as it is decoded, once") {
  CHECK(allowed(kMail, "GET", "/v1.0/%6de/%6D%65ssages/1"));
  CHECK(allowed("proxy:graph:GET:/v1.0/%6de", "GET", "/v1.0/me"));
  // Decoded twice it would be "me".
  CHECK_FALSE(allowed(kMail, "GET", "/v1.0/%256de/messages"));
  CHECK_FALSE(allowed("proxy:github:GET:/repos/acme/a%20b", "GET", "/repos/acme/a+b", "github"));
}

TEST_CASE("case counts where it counts to the API") {
  CHECK(allowed(kMail, "GET", "/V1.0/Me/MESSAGES"));
  CHECK(allowed("proxy:graph:GET:/V1.0/Me", "GET", "/v1.0/%4de"));
  constexpr auto files = "proxy:google:GET:/drive/v3/files"sv;
  CHECK(allowed(files, "GET", "/drive/v3/files/1", "google"));
  CHECK_FALSE(allowed(files, "GET", "/drive/v3/Files/1", "google"));
  CHECK_FALSE(allowed(files, "GET", "/drive/v3/filesx", "google"));
  // Ids, of which another case is another thing.
  constexpr auto folder = "proxy:graph:GET:/v1.0/me/mailFolders/AAMkAGI2"sv;
  CHECK(allowed(folder, "GET", "/v1.0/me/mailfolders/AAMkAGI2/messages"));
  CHECK_FALSE(allowed(folder, "GET", "/v1.0/me/mailFolders/AAMKAGI2/messages"));
  const std::string id(41, 'a');
  CHECK(allowed("proxy:graph:GET:/" + id, "GET", "/" + id));
  CHECK_FALSE(allowed("proxy:graph:GET:/" + id, "GET", "/A" + id.substr(1)));
  CHECK_FALSE(allowed("proxy:github:GET:/repos/acme", "GET", "/repos/ACME/x", "github"));
  // KELVIN SIGN, which some fold to k.
  CHECK_FALSE(allowed("proxy:graph:GET:/v1.0/tasks", "GET", "/v1.0/tas%E2%84%AAs"));
}

TEST_CASE("an asterisk is one segment, whole and there") {
  constexpr auto issues = "proxy:github:GET:/repos/acme/*/issues"sv;
  CHECK(allowed(issues, "GET", "/repos/acme/tool/issues/1", "github"));
  CHECK(allowed(issues, "GET", "/repos/acme/*/issues", "github"));
  CHECK_FALSE(allowed(issues, "GET", "/repos/acme/tool/pulls", "github"));
  CHECK_FALSE(allowed(issues, "GET", "/repos/acme/a/b/issues", "github"));
  CHECK_FALSE(allowed(issues, "GET", "/repos/acme/issues", "github"));
  CHECK_FALSE(allowed("proxy:github:GET:/repos/acme/*", "GET", "/repos/acme", "github"));
  CHECK_FALSE(allowed("proxy:github:GET:/repos/acme/%2A", "GET", "/repos/acme/tool", "github"));
}

TEST_CASE("a segment that servers read differently is judged by no rule") {
  constexpr auto words =
      "Rules of paths cannot judge an empty segment, nor one that holds `/`, `\\`, `%` or `;` once "
      "it is decoded: send the path without, or use a key with the permission proxy:github"sv;
  for (const auto segment : {""sv, "%2F"sv, "tool%2Fpulls%2F1"sv, "a%5cb"sv, "a%252Fb"sv, "%25"sv,
                             "a;b"sv, ";"sv, "a%3bb"sv, "a%00"sv, "a%0ab"sv}) {
    const auto target = "/repos/acme/" + std::string(segment) + "/issues";
    CAPTURE(target);
    CHECK(decide("proxy:github:GET:/repos/acme/*/issues", "GET", target, "github").needs == words);
  }
  for (const auto target : {"/repos//acme/tool/issues"sv, "/repos/acme//tool/issues"sv,
                            "/repos;x/acme/tool/issues"sv, "/repos%2Facme/x/tool/issues"sv}) {
    CAPTURE(target);
    CHECK(decide("proxy:github:GET:/repos/acme/*/issues", "GET", target, "github").needs == words);
  }
}

TEST_CASE("a dot segment is judged by no rule, wherever it is") {
  for (const auto rest :
       {"../events"sv, "%2e%2e/events"sv, "x/..%2F..%2Fevents"sv, "x%5c..%5c..%5cevents"sv,
        "%252e%252e/events"sv, "..;/events"sv, "x%252f..%252f..%252fevents"sv, "..%20/events"sv,
        "."sv, "x%2F%2e"sv, "..:/events"sv}) {
    const auto target = "/v1.0/me/messages/" + std::string(rest);
    CAPTURE(target);
    CHECK(
        decide(kMail, "GET", target).needs ==
        "Rules of paths cannot judge a path with a segment `.` or `..`, in some spelling: resolve "
        "it before it is sent, or use a key with the permission proxy:graph");
  }
}

TEST_CASE("a batch says in its body what it does, and is judged by no rule") {
  constexpr auto words =
      "What this request does is said by its body, which rules of paths cannot judge: send its "
      "parts one by one, or use a key with the permission proxy:graph"sv;
  for (const auto target :
       {"/v1.0/$batch"sv, "/v1.0/%24batch"sv, "/V1.0/$BATCH"sv, "/beta/$Batch/"sv,
        "/v1.0//$batch"sv, "/v1.0/$batch;x"sv, "/v1.0/%2524batch"sv, "/v1.0%2F$batch"sv,
        "/v1.0%5c$batch"sv, "/v1.0/$batch/x"sv, "/v1.0/me/$BATCH"sv, "/v1.0/$batch%20"sv,
        "/v1.0/$batch."sv, "/v1.0/$batch?x=1"sv, "/v1.0/$batch%3Fx"sv, "/batch"sv, "/BATCH/x"sv,
        "//batch"sv, "/b%61tch"sv}) {
    CAPTURE(target);
    CHECK(decide("proxy:graph:*:/ proxy:graph:POST:/v1.0", "POST", target).needs == words);
  }
  for (const auto target : {"/graphql"sv, "/GraphQL"sv, "/api/graphql"sv, "/api/graphql/x"sv}) {
    CAPTURE(target);
    CHECK_FALSE(allowed("proxy:github:POST:/", "POST", target, "github"));
  }
  CHECK_FALSE(allowed("proxy:github:POST:/", "POST", "/GraphQL/", "github"));
  CHECK_FALSE(allowed("proxy:google:POST:/", "POST", "/batch/drive/v3", "google"));
  CHECK_FALSE(allowed("proxy:gmail:POST:/", "POST", "/batch", "gmail"));
  CHECK_FALSE(allowed("proxy:api:POST:/", "POST", "/odata/$batch", "api"));
  CHECK(allowed("proxy:google:POST:/", "POST", "/drive/v3/batch", "google"));
  CHECK(allowed("proxy:graph:POST:/v1.0", "POST", "/v1.0/batch"));
}

TEST_CASE("a query that names another method is judged by no rule") {
  for (const auto query : {"_method=DELETE"sv,
                           "a=b&_method=DELETE"sv,
                           "_METHOD=DELETE"sv,
                           "%5Fmethod=DELETE"sv,
                           "%255fmethod=x"sv,
                           "_method"sv,
                           "_method[]=DELETE"sv,
                           "+_method=x"sv,
                           "%20_method%20=x"sv,
                           "a;_method=DELETE"sv,
                           "_method%00x=DELETE"sv,
                           "x-http-method-override=DELETE"sv,
                           "X-HTTP-Method-Override=PUT"sv,
                           "x_http_method_override=PUT"sv,
                           "x.http.method.override=PUT"sv,
                           "X-HTTP-Method=MERGE"sv,
                           "x-method-override=PUT"sv,
                           "$httpMethod=PUT"sv,
                           "%24httpMethod=PUT"sv,
                           "_HttpMethod=DELETE"sv,
                           "$httpHeaders=X-HTTP-Method-Override%3ADELETE"sv,
                           "http-method-override=PUT"sv}) {
    CAPTURE(query);
    CHECK(decide(kMail, "GET", "/v1.0/me/messages?" + std::string(query)).needs ==
          "Rules of methods cannot judge a query that names another method: send the request by "
          "the method that is meant, or use a key with the permission proxy:graph");
  }
  for (const auto query : {"method=DELETE"sv, "a=_method"sv, "a_method=x"sv, "_methods=x"sv, "="sv,
                           "&&"sv, "$filter=_method%20eq%20'x'"sv}) {
    CAPTURE(query);
    CHECK(allowed(kMail, "GET", "/v1.0/me/messages?" + std::string(query)));
  }
}

TEST_CASE("of an API whose operations have names a rule names one, whole") {
  constexpr auto post = "proxy:slack:*:/api/chat.postMessage"sv;
  CHECK(allowed(post, "POST", "/api/chat.postMessage", "slack"));
  CHECK(allowed(post, "GET", "/api/chat.postMessage?channel=C1", "slack"));
  for (const auto target : {"/api/chat.delete"sv, "/api/chat.postMessage/chat.delete"sv, "/api"sv,
                            "/api/chat.postMessage/"sv, "/api/chat.postMessageX"sv}) {
    CAPTURE(target);
    CHECK(decide(post, "POST", target, "slack").needs ==
          "This needs the permission proxy:slack, or a rule of it for this path: "
          "proxy:slack:*:<path>");
  }
}

TEST_CASE("a sealed URL of an answer is called by the methods that the key has at that API") {
  const auto sealed = [](std::string_view permissions, std::string_view method) {
    return decide_policy_of_sealed({.permissions = permissions,
                                    .integration = "azure",
                                    .api = "graph",
                                    .rules = rules_of("graph"),
                                    .method = method,
                                    .target = "/~postern/x"})
        .allowed;
  };
  CHECK(sealed("proxy", "PUT"));
  CHECK(sealed("proxy proxy:links:replace", "PUT"));
  CHECK_FALSE(sealed("proxy proxy:links:remove", "PUT"));
  CHECK(sealed("proxy:graph", "PUT"));
  CHECK(sealed(kMail, "GET"));
  CHECK_FALSE(sealed(kMail, "PUT"));
  CHECK_FALSE(sealed("proxy:arm proxy:arm:*:/ proxy:other.graph:*:/", "GET"));
  CHECK_FALSE(sealed("* proxy:links:pass", "GET"));
}

TEST_CASE("a refusal repeats nothing of the request") {
  const auto needs = decide(kMail, "X<script>", "/v1.0/<script>?<script>").needs;
  CHECK_FALSE(needs.contains("script"));
}
