#include "core/flow/grant/application.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/base64url.h"

using namespace postern;

namespace {

constexpr std::string_view kOne = "11111111-1111-4111-8111-111111111111";
constexpr std::string_view kTwo = "22222222-2222-4222-8222-222222222222";
constexpr Application kApp{.tenant = kOne, .client_id = "client"};

std::string jwt(std::string_view claims) {
  return base64url_encode(R"({"alg":"RS256"})") + '.' + base64url_encode(claims) + ".c2ln";
}

bool is_taken(std::string_view claims, const Application& application = kApp) {
  return is_token_of(read_application_token(*find_provider("microsoft"), jwt(claims)), application);
}

}  // namespace

TEST_CASE("a token is the application's own unless it says that it is not") {
  CHECK(is_taken(R"({"tid":"11111111-1111-4111-8111-111111111111","appid":"client"})"));
  CHECK(is_taken("{}"));
  CHECK_FALSE(is_taken(R"({"tid":"22222222-2222-4222-8222-222222222222"})"));
  CHECK_FALSE(is_taken(R"({"appid":"another"})"));
  CHECK_FALSE(is_taken(R"({"azp":"another","appid":"client"})"));
  CHECK_FALSE(is_taken(R"({"idtyp":"user"})"));
  CHECK_FALSE(is_taken(R"({"scp":"User.Read"})"));
  // Whose the domain is only the token knows.
  CHECK(is_taken(R"({"tid":"22222222-2222-4222-8222-222222222222"})",
                 {.tenant = "contoso.example", .client_id = "client"}));
}

TEST_CASE("a token that cannot be read is its API's business") {
  const auto& microsoft = *find_provider("microsoft");
  for (const auto* token : {"opaque", "a.b.c", "a.b.c.d.e"}) {
    CHECK(is_token_of(read_application_token(microsoft, token), kApp));
  }
  CHECK(
      read_application_token(*find_provider("github"), jwt(R"({"idtyp":"user"})")).tenant.empty());
}

TEST_CASE("no refresh token comes of an application's answer, and its scope is its roles") {
  ConnectionRecord record;
  record.provider = "microsoft";
  record.account.key = application_key(kApp);
  TokenResponse response;
  response.access_token = Secret(jwt(R"({"roles":["A.Read","B.Read"]})"));
  response.refresh_token = Secret("not to be had");
  response.scope = "https://graph.microsoft.com/.default";
  CHECK(take_as_application(record, &response));
  CHECK_FALSE(response.refresh_token.has_value());
  CHECK(response.scope == "A.Read B.Read");
  response.access_token = Secret(jwt(R"({"tid":")" + std::string(kTwo) + R"("})"));
  CHECK_FALSE(take_as_application(record, &response));
}
