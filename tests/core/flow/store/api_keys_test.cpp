#include "core/flow/store/api_keys.h"

#include <doctest/doctest.h>
#include <string>

#include "tests/core/flow/store/table.h"

using namespace postern;
using postern::testing::Database;
using postern::testing::kNow;
using postern::testing::run;

TEST_CASE("a key's record is read as it was written, and no cut of it is") {
  const ApiKeyRecord record{
      .id = "key_1", .org = "acme", .permissions = "connect *", .expires_at = 5, .revoked = true};
  const auto bytes = encode_api_key_record(record);
  const auto read = decode_api_key_record(bytes);
  REQUIRE(read.has_value());
  CHECK(read->id == "key_1");
  CHECK(read->org == "acme");
  CHECK(read->permissions == "connect *");
  CHECK(read->expires_at == 5);
  CHECK(read->revoked);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode_api_key_record(std::string_view(bytes).substr(0, length)).has_value());
  }
  // What the isolate remembers of a key that nobody has.
  CHECK_FALSE(decode_api_key_record("unknown").has_value());
}

TEST_CASE("a key is found by its hash, listed by its organization and revoked once") {
  Database d1;
  const ApiKeyRow row{.id = "key_1",
                      .hash = "hash",
                      .org = "acme",
                      .name = "n",
                      .permissions = "connect",
                      .created_at = kNow,
                      .expires_at = 0,
                      .revoked_at = 0};
  (void)run(d1, insert_api_key(row));
  const auto found = api_key_record_of({run(d1, select_api_key_by_hash("hash"))});
  REQUIRE(found.has_value());
  CHECK(found->org == "acme");
  CHECK_FALSE(found->revoked);
  CHECK_FALSE(api_key_record_of({run(d1, select_api_key_by_hash("other"))}).has_value());
  CHECK(api_key_rows_of(run(d1, select_api_keys("", 10))).size() == 1);
  CHECK(api_key_rows_of(run(d1, select_api_keys("other", 10))).empty());
  CHECK(api_key_rows_of(run(d1, revoke_api_key("none", kNow))).empty());
  CHECK(api_key_rows_of(run(d1, revoke_api_key("key_1", kNow)))[0].revoked_at == kNow);
  CHECK(api_key_rows_of(run(d1, revoke_api_key("key_1", kNow + 5)))[0].revoked_at == kNow);
  CHECK(api_key_record_of({run(d1, select_api_key_by_hash("hash"))})->revoked);
  CHECK_FALSE(api_key_record_of({}).has_value());
}
