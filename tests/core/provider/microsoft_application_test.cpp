#include "core/provider/microsoft_application.h"

#include <doctest/doctest.h>
#include <string>

#include "core/base/json.h"

using namespace postern;

namespace {

ApplicationToken read(std::string_view claims) {
  const auto json = parse_json(claims);
  REQUIRE(json.has_value());
  return microsoft_application_token(*json);
}

}  // namespace

TEST_CASE("an application's token says its directory, its app, itself and its roles") {
  const auto token =
      read(R"({"tid":"11111111-1111-4111-8111-1111111111AA","appid":"client","idtyp":"app",)"
           R"("oid":"22222222-2222-4222-8222-222222222222","app_displayname":"Postern",)"
           R"("roles":["Mail.Read","User.Read.All",7,"a b"]})");
  CHECK(token.tenant == "11111111-1111-4111-8111-1111111111aa");
  CHECK(token.client_id == "client");
  CHECK(token.object == "22222222-2222-4222-8222-222222222222");
  CHECK(token.name == "Postern");
  CHECK(token.roles == "Mail.Read User.Read.All");
  CHECK_FALSE(token.is_persons);
  CHECK(read(R"({"azp":"of v2.0","appid":"of v1.0"})").client_id == "of v2.0");
}

TEST_CASE("what it says of a person makes it a person's") {
  CHECK(read(R"({"scp":"User.Read"})").is_persons);
  CHECK(read(R"({"idtyp":"user"})").is_persons);
  CHECK_FALSE(read("{}").is_persons);
}

TEST_CASE("what is no id, no name and no list is not taken") {
  const auto token = read(R"({"tid":"common","oid":7,"app_displayname":"a\u0007","roles":"x"})");
  CHECK(token.tenant.empty());
  CHECK(token.object.empty());
  CHECK(token.name.empty());
  CHECK(token.roles.empty());
}

TEST_CASE("an application asks for all that it was given at one API, in its cloud") {
  const auto& microsoft = *find_provider("microsoft");
  CHECK(application_scope(microsoft, microsoft.apis[0]) == "https://graph.microsoft.com/.default");
  const auto china = find_cloud(microsoft, "china");
  REQUIRE(china.has_value());
  CHECK(application_scope(microsoft, china->apis[1]) ==
        "https://management.chinacloudapi.cn/.default");
  CHECK(application_scope(*find_provider("github"), find_provider("github")->apis[0]).empty());
}

TEST_CASE("a person's own paths are those below one segment") {
  const auto& graph = default_api(*find_provider("microsoft"));
  for (const auto* path :
       {"/v1.0/me", "/v1.0/me/messages", "/v1.0/me{?$select}", "/v1.0/me[/x|]"}) {
    CHECK(is_of_person(graph, path));
  }
  for (const auto* path : {"/v1.0/users", "/v1.0/meetings", "/v1.0/users/me", ""}) {
    CHECK_FALSE(is_of_person(graph, path));
  }
  CHECK_FALSE(is_of_person(find_provider("microsoft")->apis[1], "/v1.0/me"));
}
