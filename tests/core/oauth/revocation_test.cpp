#include "core/oauth/revocation.h"

#include <doctest/doctest.h>
#include <string>

using namespace postern;

namespace {

TokenEndpoint endpoint(ClientAuthMethod auth) {
  return {.url = "https://login.example.com/revoke",
          .auth = auth,
          .client_id = "id",
          .client_secret = Secret(std::string("s&cret"))};
}

}  // namespace

TEST_CASE("a revocation request proves the client and names the token") {
  const auto post =
      make_revocation_request(endpoint(ClientAuthMethod::post), "tok en", "refresh_token");
  CHECK(post.method == "POST");
  CHECK(post.url == "https://login.example.com/revoke");
  CHECK(post.body.reveal() ==
        "token=tok+en&token_type_hint=refresh_token&client_id=id&client_secret=s%26cret");
  CHECK(post.headers == Pairs{{"content-type", "application/x-www-form-urlencoded"}});
  const auto basic =
      make_revocation_request(endpoint(ClientAuthMethod::basic), "t", "access_token");
  CHECK(basic.body.reveal() == "token=t&token_type_hint=access_token");
  CHECK(basic.headers == Pairs{{"content-type", "application/x-www-form-urlencoded"},
                               {"authorization", "Basic aWQ6cyUyNmNyZXQ="}});
}

TEST_CASE("a token is over where the server says so, and not where it says something else") {
  for (const int status : {200, 204}) {
    CHECK(result_of_revocation(status, "") == RevocationResult::done);
  }
  CHECK(result_of_revocation(400, R"({"error":"invalid_token"})") ==
        RevocationResult::unknown_token);
  // Of the request, or of the client.
  for (const char* body :
       {"", "{}", R"({"error":"invalid_request"})", R"({"error":"unsupported_token_type"})",
        R"({"error":"invalid_client"})", R"(["invalid_token"])"}) {
    CHECK(result_of_revocation(400, body) == RevocationResult::try_again);
  }
  for (const int status : {404, 422}) {
    CHECK(result_of_revocation(status, "") == RevocationResult::unclear);
  }
  for (const int status : {301, 302, 401, 403, 408, 429}) {
    CHECK(result_of_revocation(status, R"({"error":"invalid_token"})") ==
          RevocationResult::try_again);
  }
  for (const int status : {500, 502, 503, 504}) {
    CHECK(result_of_revocation(status, "") == RevocationResult::unknown);
  }
}
