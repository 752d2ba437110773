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

TEST_CASE("a token that the server does not know is over, a server that fails says nothing") {
  for (const int status : {200, 204, 400, 404, 422}) {
    CHECK(result_of_revocation(status) == RevocationResult::done);
  }
  for (const int status : {301, 302, 401, 403, 408, 429}) {
    CHECK(result_of_revocation(status) == RevocationResult::try_again);
  }
  for (const int status : {500, 502, 503, 504}) {
    CHECK(result_of_revocation(status) == RevocationResult::unknown);
  }
}
