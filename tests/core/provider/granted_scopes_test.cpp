#include "core/provider/granted_scopes.h"

#include <doctest/doctest.h>

#include "core/provider/all.h"

using namespace postern;

namespace {

using Scopes = std::vector<std::string>;
const Api& api_of(const Provider& provider, std::string_view name) {
  return *find_api(provider, name);
}
Scopes missing(const Provider& provider, std::string_view api, const Scopes& asked,
               std::string_view granted) {
  return missing_scopes(provider, api_of(provider, api), asked, granted);
}

}  // namespace

TEST_CASE("what was asked for and is not listed is missing") {
  const Scopes asked = {"openid", "offline_access", "User.Read", "Mail.Read",
                        "https://management.azure.com/user_impersonation"};
  CHECK(missing(kMicrosoft, "graph", asked, "User.Read Mail.Read openid").empty());
  CHECK(missing(kMicrosoft, "graph", asked, "User.Read") == Scopes{"Mail.Read"});
  // Another API's are none of its business.
  CHECK(missing(kMicrosoft, "arm", asked,
                "https://management.azure.com/user_impersonation "
                "https://management.azure.com/.default")
            .empty());
  CHECK(missing(kMicrosoft, "arm", asked, "other") ==
        Scopes{"https://management.azure.com/user_impersonation"});
}

TEST_CASE("a provider that lists nothing gave all") {
  CHECK(missing(kMicrosoft, "graph", {"User.Read"}, "").empty());
}

TEST_CASE("a scope is the same in another case, and with its API's identifier") {
  CHECK(
      missing(kMicrosoft, "graph", {"User.Read"}, "https://graph.microsoft.com/user.read").empty());
  CHECK(
      missing(kMicrosoft, "graph", {"https://graph.microsoft.com/User.Read"}, "User.Read").empty());
  CHECK(
      missing(kMicrosoft, "graph", {"https://graph.microsoft.com/.default"}, "Mail.Read").empty());
}

TEST_CASE("an API may be called by its other identifiers, with one slash or two") {
  // AzureAD/microsoft-authentication-library-for-js#488.
  CHECK(missing(kMicrosoft, "graph", {"00000003-0000-0000-c000-000000000000/Mail.Read"},
                "Mail.Read openid")
            .empty());
  CHECK(missing(kMicrosoft, "arm", {"https://management.core.windows.net//user_impersonation"},
                "https://management.azure.com/user_impersonation")
            .empty());
}

TEST_CASE("what a granted scope covers is not missing") {
  CHECK(missing(kGithub, "github", {"user", "user:email", "repo", "public_repo"}, "repo user")
            .empty());
  CHECK(missing(kGithub, "github", {"repo"}, "public_repo") == Scopes{"repo"});
  CHECK(missing(kGoogle, "google", {"openid", "email", "profile"},
                "openid https://www.googleapis.com/auth/userinfo.email")
            .empty());
}

TEST_CASE("an API that nothing was asked for at is not asked") {
  const auto& graph = api_of(kMicrosoft, "graph");
  const auto& arm = api_of(kMicrosoft, "arm");
  const Scopes asked = {"openid", "User.Read"};
  CHECK(asks_for_api(kMicrosoft, graph, asked));
  CHECK_FALSE(asks_for_api(kMicrosoft, arm, asked));
  CHECK(asks_for_api(kGithub, api_of(kGithub, "github"), Scopes{}));
}
