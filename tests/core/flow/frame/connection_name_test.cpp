#include "core/flow/frame/connection_name.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace postern;

namespace {

ConnectionId named(const Pairs& values) {
  Parameters parameters;
  parameters.set("integration", "azure");
  for (const auto& [name, value] : values) {
    parameters.set(name, value);
  }
  return connection_in("acme", parameters);
}

}  // namespace

TEST_CASE("a connection is named by its integration, subject and account") {
  CHECK(named({{"user_id", "user-1"}}) ==
        ConnectionId{.org = "acme", .integration = "azure", .subject = "user-1"});
  CHECK(named({{"user_id", "user-1"}, {"account", "default"}}).subject == "user-1");
  CHECK(named({{"user_id", "user-1"}, {"account", "work"}}).subject == "user-1\x1fwork");
}

TEST_CASE("`-` is the organization itself, but where it is said to be a user") {
  CHECK(named({{"user_id", "-"}}).subject ==
        "\x1f"
        "default");
  CHECK(named({{"user_id", "-"}, {"account", "work"}}).subject == "\x1fwork");
  CHECK(named({{"user_id", "-"}, {"subject", "user"}}).subject == "-");
  CHECK(named({{"user_id", "--"}}).subject == "--");
}

TEST_CASE("`subject` has one value") {
  Parameters parameters;
  CHECK(is_subject_valid(parameters));
  parameters.set("subject", "usr");
  CHECK_FALSE(is_subject_valid(parameters));
  Parameters user;
  user.set("subject", "user");
  CHECK(is_subject_valid(user));
}

TEST_CASE("nobody is never the organization") {
  CHECK(named({}).subject.empty());
  CHECK(named({{"account", "work"}}).subject.empty());
  CHECK(named({{"user_id", ""}, {"account", "work"}}).subject.empty());
}

TEST_CASE("no two connections of an organization have one key") {
  std::vector<std::string> keys;
  for (const Pairs& values :
       {Pairs{{"user_id", "u"}}, Pairs{{"user_id", "u"}, {"account", "work"}},
        Pairs{{"user_id", "uwork"}}, Pairs{{"user_id", "-"}}, Pairs{{"user_id", "default"}},
        Pairs{{"user_id", "-"}, {"subject", "user"}}, Pairs{{"user_id", "-"}, {"account", "u"}}}) {
    const auto key = connection_key(named(values));
    CHECK(std::ranges::find(keys, key) == keys.end());
    keys.push_back(key);
  }
  // As 0.1.0 had it.
  CHECK(connection_key(named({{"user_id", "user-1"}})) ==
        "connection:acme:i_Dos4U5wyyBjSrgsL1CMk0dopbF1Pseb8Ifrav3WEU");
}
