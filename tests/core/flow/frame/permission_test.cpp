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
