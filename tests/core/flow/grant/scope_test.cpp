// Settings that change under a connection: what it asks for, and the cloud that it is of.
#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/grant/two_resources.h"

using namespace postern;
using namespace postern::testing;

namespace {

constexpr const char* kGraphAlone = "openid offline_access User.Read";

}  // namespace

TEST_CASE("an open request of an API that is asked for no more does not keep the grant from use") {
  TwoResources two("keep_alive");
  two.refused["arm"] = "temporarily_unavailable";
  two.world.now += 61 * kMinuteMs;
  CHECK(two.ask("arm").status != 200);
  REQUIRE(two.object().storage.contains(std::string(kJournalKey)));
  two.world.environment["AZURE_SCOPES"] = kGraphAlone;
  two.got.clear();
  (void)two.ring_for(10 * kMinuteMs);
  CHECK(two.got["graph"] == 1);
  CHECK_FALSE(two.object().storage.contains(std::string(kJournalKey)));
  // Later on it is kept alive as ever.
  (void)two.ring_for(80 * kDayMs);
  CHECK(two.got["graph"] > 1);
  CHECK(two.record().status == Status::connected);
}

TEST_CASE("a connection's tokens are shown to no other cloud") {
  TwoResources two("keep_alive");
  two.got.clear();
  two.world.environment["AZURE_CLOUD"] = "china";
  const auto refused = two.ask("graph");
  CHECK(refused.status == 503);
  CHECK(refused.body.contains("of the cloud `public`"));
  two.world.now += 61 * kMinuteMs;
  CHECK(two.ask("graph").status == 503);
  (void)two.ring_for(100 * kDayMs);
  CHECK(two.got.empty());
  CHECK(two.record().status == Status::connected);
  // Set back, it is as it was.
  two.world.environment.erase("AZURE_CLOUD");
  CHECK(two.ask("graph").status == 200);
}

TEST_CASE("a connection of another cloud says so, and is read by later releases alone") {
  ConnectionRecord record;
  record.id = {.org = "acme", .integration = "azure", .subject = "user-1"};
  record.status = Status::connected;
  record.cloud = "china";
  auto again = decode_record(encode_record(record));
  REQUIRE(again.has_value());
  CHECK(again->cloud == "china");
  CHECK(again->asked_scopes.empty());
  record.asked_scopes = "openid";
  again = decode_record(encode_record(record));
  CHECK(again->asked_scopes == "openid");
  CHECK(again->cloud == "china");
}
