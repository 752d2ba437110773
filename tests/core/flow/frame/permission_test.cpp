#include "core/flow/frame/permission.h"

#include <doctest/doctest.h>

#include "core/flow/access/access.h"

using namespace postern;

TEST_CASE("a permission may name one API") {
  const Operation get_token{.permission = "tokens:read", .permission_by_api = true};
  const Caller arm{.org = "acme", .permissions = "tokens:read:arm"};
  CHECK_FALSE(refuse_caller(arm, get_token).has_value());
  CHECK_FALSE(refuse_api(arm, "tokens:read", "arm").has_value());
  CHECK(refuse_api(arm, "tokens:read", "graph").value_or(Problem()).detail ==
        "This needs the permission tokens:read:graph");
  // What it names is no way to what it is a part of.
  CHECK(refuse_caller(arm, {.permission = "tokens:read"}).has_value());
  for (const char* permissions : {"tokens:read", "*", "connect tokens:read"}) {
    const Caller any{.org = "acme", .permissions = permissions};
    CHECK_FALSE(refuse_caller(any, get_token).has_value());
    CHECK_FALSE(refuse_api(any, "tokens:read", "graph").has_value());
  }
  for (const char* permissions :
       {"tokens:readarm", "tokens:rea", "connect", "tokens:writ:arm", ""}) {
    CHECK(refuse_caller({.org = "acme", .permissions = permissions}, get_token).has_value());
  }
}

TEST_CASE("a rule for some calls of an API opens the operation, and is no permission for the API") {
  const Operation proxy{.permission = "proxy", .permission_by_api = true};
  for (const char* permissions :
       {"proxy:graph:GET:/x", "proxy:azure.graph:*:/", "proxy:links:pass"}) {
    CAPTURE(permissions);
    const Caller caller{.org = "acme", .permissions = permissions};
    CHECK_FALSE(refuse_caller(caller, proxy).has_value());
    CHECK(refuse_api(caller, "proxy", "graph").has_value());
    CHECK_FALSE(caller.may("proxy"));
  }
  CHECK(refuse_caller({.org = "acme", .permissions = "*"}, proxy).has_value());
  CHECK(refuse_api({.org = "acme", .permissions = "*"}, "proxy", "graph").has_value());
}

TEST_CASE("the organization itself is named by those who may") {
  Parameters own;
  own.set("user_id", "-");
  Parameters user = own;
  user.set("subject", "user");
  const Caller star{.org = "acme", .permissions = "*"};
  const Caller named{.org = "acme", .permissions = "tokens:read connections:organization"};
  CHECK(refuse_organization(star, own).has_value());
  CHECK_FALSE(refuse_organization(named, own).has_value());
  CHECK_FALSE(refuse_organization(star, user).has_value());
  CHECK_FALSE(refuse_organization(star, {}).has_value());
}

TEST_CASE("where an API has to be named the permission for all is not enough") {
  for (const char* permissions : {"*", "tokens:read", "tokens:read:arm", "vault:read"}) {
    const Caller caller{.org = "acme", .permissions = permissions};
    CHECK(refuse_api(caller, "tokens:read", "vault", true).value_or(Problem()).detail ==
          "This needs the permission tokens:read:vault");
  }
  const Caller named{.org = "acme", .permissions = "graph:read tokens:read:vault"};
  CHECK_FALSE(refuse_api(named, "tokens:read", "vault", true).has_value());
}
