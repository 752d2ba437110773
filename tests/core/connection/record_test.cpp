#include "core/connection/record.h"

#include <doctest/doctest.h>
#include <set>

#include "core/base/fields.h"

using namespace postern;

namespace {

ConnectionRecord full_record() {
  return {.id = {.org = "acme", .integration = "azure", .subject = "user:1/ü"},
          .provider = "microsoft",
          .version = 7,
          .status = Status::needs_reauth,
          .account = {.key = "t|o",
                      .tenant_id = "t",
                      .provider_user_id = "o",
                      .name = "Ada",
                      .username = "ada@example.com"},
          .tenant = "common",
          .sealed_refresh_token = "sealed-refresh",
          .refresh_sealed_version = 6,
          .refresh_minted_at = 1001,
          .tokens = {{.resource = "graph",
                      .sealed = "sealed-graph",
                      .sealed_version = 7,
                      .minted_at = 1002,
                      .expires_at = 1003,
                      .scope = "User.Read"},
                     {.resource = "arm",
                      .sealed = "sealed-arm",
                      .sealed_version = 5,
                      .minted_at = 1004,
                      .expires_at = 0,
                      .scope = ""}},
          .created_at = 1005,
          .updated_at = 1006,
          .granted_at = 1007,
          .cause = "invalid_grant",
          .evidence = "invalid_grant, reference AADSTS70008",
          .claims = "{}"};
}

// The same as the first format had it, by hand: it had neither of the two fields that came later.
std::string first_format() {
  FieldWriter tokens;
  tokens.text("graph").text("sealed-graph").text("7").text("1002").text("1003").text("User.Read");
  tokens.text("arm").text("sealed-arm").text("5").text("1004").text("0").text("");
  FieldWriter out;
  for (const char* field :
       {"postern-record-1", "acme", "azure", "user:1/ü", "microsoft", "7", "needs_reauth", "t|o",
        "t", "o", "Ada", "ada@example.com", "common", "sealed-refresh", "6", "1001"}) {
    out.text(field);
  }
  out.text(tokens.bytes()).text("1005").text("1006").text("invalid_grant").text("{}");
  return out.take();
}

}  // namespace

TEST_CASE("a record is read as it was written") {
  const auto bytes = encode_record(full_record());
  const auto record = decode_record(bytes);
  REQUIRE(record.has_value());
  CHECK(record->id == full_record().id);
  CHECK(record->status == Status::needs_reauth);
  CHECK(record->version == 7);
  CHECK(record->account.username == "ada@example.com");
  CHECK(record->refresh_sealed_version == 6);
  REQUIRE(record->tokens.size() == 2);
  CHECK(record->tokens[1].resource == "arm");
  CHECK(record->tokens[0].expires_at == 1003);
  CHECK(record->claims == "{}");
  CHECK(record->granted_at == 1007);
  CHECK(record->evidence == "invalid_grant, reference AADSTS70008");
  // Whatever else there is: the same bytes again.
  CHECK(encode_record(*record) == bytes);
  CHECK(decode_record(encode_record({})).has_value());
}

TEST_CASE("what a sign-in asked for and could not have is read as it was written") {
  ConnectionRecord record{.id = {.org = "acme", .integration = "azure", .subject = "u"}};
  for (const char* asked : {"", "a b"}) {
    for (const char* dropped : {"", "c d"}) {
      record.asked_scopes = asked;
      record.dropped_scopes = dropped;
      const auto read = decode_record(encode_record(record));
      REQUIRE(read.has_value());
      CHECK(read->asked_scopes == asked);
      CHECK(read->dropped_scopes == dropped);
    }
  }
}

TEST_CASE("every cut of a record is refused, and so is anything after it") {
  const auto bytes = encode_record(full_record());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode_record(std::string_view(bytes).substr(0, length)).has_value());
  }
  FieldWriter more;
  more.text("more");
  CHECK_FALSE(decode_record(bytes + more.bytes()).has_value());
}

TEST_CASE("a record of the first format is read: the grant is as old as the connection") {
  const auto record = decode_record(first_format());
  REQUIRE(record.has_value());
  CHECK(record->granted_at == 1005);
  CHECK(record->evidence.empty());
  // All else as today, and written so.
  auto expected = full_record();
  expected.granted_at = 1005;
  expected.evidence.clear();
  CHECK(encode_record(*record) == encode_record(expected));
}

TEST_CASE("every cut of the first format is refused, and so is anything after it") {
  const auto bytes = first_format();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode_record(std::string_view(bytes).substr(0, length)).has_value());
  }
  // What the second format has more, under the first one's name.
  FieldWriter more;
  more.text("1007").text("evidence");
  CHECK_FALSE(decode_record(bytes + more.bytes()).has_value());
  // And without it under the second one's.
  auto second = bytes;
  second[second.find("record-1") + 7] = '2';
  CHECK_FALSE(decode_record(second).has_value());
  CHECK(decode_record(second + more.bytes()).has_value());
}

TEST_CASE("another format and an unknown status are refused") {
  const auto bytes = encode_record(full_record());
  const auto at = bytes.find("record-2");
  REQUIRE(at != std::string::npos);
  for (const char format : {'0', '3', ' '}) {
    auto later = bytes;
    later[at + 7] = format;
    CHECK_FALSE(decode_record(later).has_value());
  }
  auto status = bytes;
  status.replace(status.find("needs_reauth"), 12, "needs-reauth");
  CHECK_FALSE(decode_record(status).has_value());
}

TEST_CASE("a token is found by its resource") {
  const auto record = full_record();
  REQUIRE(record.token_for("arm") != nullptr);
  CHECK(record.token_for("arm")->sealed == "sealed-arm");
  CHECK(record.token_for("Arm") == nullptr);
  CHECK(record.token_for("") == nullptr);
}

TEST_CASE("no two connections share a key, however their names are cut") {
  std::set<std::string> keys;
  for (const auto& id : {ConnectionId{"acme", "azure", "u"},
                         {"acme", "azureu", ""},
                         {"acme", "", "azureu"},
                         {"acme", "azure:u", ""},
                         {"acmeazure", "", "u"},
                         {"acme:azure", "", "u"},
                         {"acme", "azure", "U"}}) {
    CHECK(keys.insert(connection_key(id)).second);
  }
}

TEST_CASE("a key names the organization and fits into KV's 512 bytes") {
  const auto key = connection_key(
      {.org = std::string(63, 'o'), .integration = "azure", .subject = std::string(255, '/')});
  CHECK(key.starts_with("connection:" + std::string(63, 'o') + ":"));
  CHECK(key.size() <= 512);
}

TEST_CASE("associated data differs with each of its parts") {
  const ConnectionId id{"acme", "azure", "u"};
  std::set<std::string> contexts;
  CHECK(contexts.insert(seal_context(id, "refresh_token", 1)).second);
  CHECK(contexts.insert(seal_context(id, "refresh_token", 2)).second);
  CHECK(contexts.insert(seal_context(id, "access_token:graph", 1)).second);
  CHECK(contexts.insert(seal_context({"other", "azure", "u"}, "refresh_token", 1)).second);
  CHECK(contexts.insert(seal_context({"acme", "other", "u"}, "refresh_token", 1)).second);
  CHECK(contexts.insert(seal_context({"acme", "azure", "v"}, "refresh_token", 1)).second);
  CHECK(contexts.insert(seal_context({"acme", "azureu", ""}, "refresh_token", 1)).second);
}
