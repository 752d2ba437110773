#include "core/connection/token_name.h"

#include <doctest/doctest.h>

using namespace postern;

TEST_CASE("a token of another directory has that in its name") {
  const auto name = token_name_in("arm", "contoso.example");
  CHECK(name == "arm@contoso.example");
  CHECK(is_of_guest(name));
  CHECK(api_of_token(name) == "arm");
  CHECK(tenant_of_token(name) == "contoso.example");
  CHECK_FALSE(is_of_guest("arm"));
  CHECK(api_of_token("arm") == "arm");
  CHECK(tenant_of_token("arm").empty());
}
