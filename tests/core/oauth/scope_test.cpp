#include "core/oauth/scope.h"

#include <doctest/doctest.h>

using namespace postern;
using Scopes = std::vector<std::string>;

TEST_CASE("scopes are split at spaces, and at commas only where the provider uses them") {
  CHECK(split_scopes("a b  c ") == Scopes{"a", "b", "c"});
  CHECK(split_scopes("a,b c") == Scopes{"a,b", "c"});
  CHECK(split_scopes("a,b c", true) == Scopes{"a", "b", "c"});
  CHECK(split_scopes("").empty());
  CHECK(split_scopes("a b a") == Scopes{"a", "b"});
}

TEST_CASE("scopes are joined with the provider's separator") {
  CHECK(join_scopes(Scopes{"a", "b"}) == "a b");
  CHECK(join_scopes(Scopes{"a", "b"}, ",") == "a,b");
  CHECK(join_scopes({}).empty());
}

TEST_CASE("a scope that was not granted is named, case included") {
  CHECK(missing_scopes(Scopes{"a", "b", "C"}, Scopes{"c", "a"}) == Scopes{"b", "C"});
}

TEST_CASE("a scope token has no space, quote or backslash in it") {
  CHECK(is_scope_token("https://management.azure.com/user_impersonation"));
  for (const char* bad : {"", "a b", "a\"", "a\\", "a\n", "\xc3\xa4"})
    CHECK_FALSE(is_scope_token(bad));
  CHECK_FALSE(is_scope_token(std::string(257, 'a')));
}
