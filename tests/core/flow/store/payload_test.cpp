#include "core/flow/store/payload.h"

#include <doctest/doctest.h>
#include <initializer_list>

#include "core/base/fields.h"

using namespace postern;

namespace {

const ConnectionId kId{.org = "acme", .integration = "azure", .subject = "u"};

template <class Decode>
void refuses_every_cut(const std::string& bytes, Decode decode) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, length)).has_value());
  }
  CHECK_FALSE(decode(bytes + std::string(4, '\0')).has_value());
}

std::string fields(std::initializer_list<std::string_view> all) {
  FieldWriter out;
  for (const auto field : all) {
    out.text(field);
  }
  return out.take();
}

}  // namespace

// An authority of 0.1.0 takes exactly these, and so does a front.
TEST_CASE("the fields of payloads and their order are those of 0.1.0") {
  CHECK(encode(TokenPayload{.id = kId,
                            .resource = "arm",
                            .min_ttl_ms = 5,
                            .forced = true,
                            .refused_version = 6,
                            .kv_version = 7}) ==
        fields({"acme", "azure", "u", "arm", "5", "1", "6", "7"}));
  CHECK(encode(LiveToken{.access_token = "a", .scope = "s", .expires_at = 5, .version = 6}) ==
        fields({"a", "s", "5", "6"}));
  CHECK(encode(ConfirmPayload{.id = kId, .attempt = "a", .code_hash = "h"}) ==
        fields({"acme", "azure", "u", "a", "h"}));
  CHECK(encode(RollbackPayload{.id = kId, .version = 7}) == fields({"acme", "azure", "u", "7"}));
  CHECK(encode(RedeliverPayload{
            .id = kId, .event = {.id = "evt_1", .type = "refreshed", .at = 5, .data = "{}"}}) ==
        fields({"acme", "azure", "u", fields({"evt_1", "refreshed", "5", "{}"})}));
  CHECK(encode(kId) == fields({"acme", "azure", "u"}));
  CHECK(encode(ConnectPayload{.state = {.state_hash = "1",
                                        .cookie_hash = "not sent",
                                        .mode = "2",
                                        .attempt = "3",
                                        .id = kId,
                                        .tenant = "4",
                                        .redirect_uri = "5",
                                        .code_challenge = "6",
                                        .sealed_verifier = "7",
                                        .return_to = "8",
                                        .confirm = "9",
                                        .allow_other_account = true,
                                        .created_at = 10,
                                        .expires_at = 11},
                              .query = "12",
                              .path_integration = "13",
                              .code = "14",
                              .code_verifier = "15",
                              .state_text = "16"}) ==
        fields({"acme", "azure", "u", "1", "2", "3", "4", "5", "6", "7", "8", "9", "1", "12", "13",
                "14", "15", "16"}));
}

TEST_CASE("a token's payload is read as it was written") {
  const auto bytes = encode(TokenPayload{.id = kId,
                                         .resource = "arm",
                                         .min_ttl_ms = 5,
                                         .forced = true,
                                         .refused_version = 6,
                                         .kv_version = 7});
  const auto read = decode_token_payload(bytes);
  REQUIRE(read.has_value());
  CHECK(read->id == kId);
  CHECK(read->resource == "arm");
  CHECK(read->min_ttl_ms == 5);
  CHECK(read->forced);
  CHECK(read->refused_version == 6);
  CHECK(read->kv_version == 7);
  refuses_every_cut(bytes, decode_token_payload);
}

TEST_CASE("claims follow where there are some") {
  const TokenPayload payload{
      .id = kId, .resource = "arm", .claims = R"({"a":1})", .interactive = true};
  const auto read = decode_token_payload(encode(payload));
  REQUIRE(read.has_value());
  CHECK(read->claims == payload.claims);
  CHECK(read->interactive);
}

TEST_CASE("scopes of a link follow where there are some") {
  const ConnectPayload payload{.state = {.id = kId, .scopes = "openid a"}};
  const auto read = decode_connect_payload(encode(payload));
  REQUIRE(read.has_value());
  CHECK(read->state.scopes == "openid a");
}

TEST_CASE("a live token is read as it was written") {
  const auto bytes =
      encode(LiveToken{.access_token = "a", .scope = "s", .expires_at = 5, .version = 6});
  const auto read = decode_live_token(bytes);
  REQUIRE(read.has_value());
  CHECK(read->access_token == "a");
  CHECK(read->scope == "s");
  CHECK(read->expires_at == 5);
  CHECK(read->version == 6);
  refuses_every_cut(bytes, decode_live_token);
}

TEST_CASE("a connect payload is read as it was written") {
  const ConnectPayload payload{.state = {.state_hash = "1",
                                         .cookie_hash = {},
                                         .mode = "browser",
                                         .attempt = "2",
                                         .id = kId,
                                         .tenant = "3",
                                         .redirect_uri = "4",
                                         .code_challenge = "5",
                                         .sealed_verifier = "6",
                                         .return_to = "7",
                                         .confirm = "backend",
                                         .allow_other_account = true},
                               .query = "8",
                               .path_integration = "9",
                               .code = "10",
                               .code_verifier = "11",
                               .state_text = "12"};
  const auto bytes = encode(payload);
  const auto read = decode_connect_payload(bytes);
  REQUIRE(read.has_value());
  CHECK(encode(*read) == bytes);
  CHECK(read->state.id == kId);
  CHECK(read->state.allow_other_account);
  CHECK(read->state.confirm == "backend");
  CHECK(read->code_verifier == "11");
  CHECK(read->state_text == "12");
  refuses_every_cut(bytes, decode_connect_payload);
}

TEST_CASE("a confirmation and a connection's name are read as they were written") {
  const auto bytes = encode(ConfirmPayload{.id = kId, .attempt = "a", .code_hash = "h"});
  const auto read = decode_confirm_payload(bytes);
  REQUIRE(read.has_value());
  CHECK(read->id == kId);
  CHECK(read->attempt == "a");
  CHECK(read->code_hash == "h");
  refuses_every_cut(bytes, decode_confirm_payload);
  CHECK(decode_connection_id(encode(kId)) == kId);
  refuses_every_cut(encode(kId), decode_connection_id);
}

TEST_CASE("a rollback's payload is read as it was written") {
  const auto bytes = encode(RollbackPayload{.id = kId, .version = 7});
  const auto read = decode_rollback_payload(bytes);
  REQUIRE(read.has_value());
  CHECK(read->id == kId);
  CHECK(read->version == 7);
  refuses_every_cut(bytes, decode_rollback_payload);
}

TEST_CASE("a redelivery's payload is read as it was written, and has one event") {
  const Event event{.id = "evt_1", .type = "needs_reauth", .at = 5, .data = R"({"a":1})"};
  const auto bytes = encode(RedeliverPayload{.id = kId, .event = event});
  const auto read = decode_redeliver_payload(bytes);
  REQUIRE(read.has_value());
  CHECK(read->id == kId);
  CHECK(read->event.id == "evt_1");
  CHECK(read->event.type == "needs_reauth");
  CHECK(read->event.at == 5);
  CHECK(read->event.data == R"({"a":1})");
  refuses_every_cut(bytes, decode_redeliver_payload);
  for (const auto& events : {std::string(), encode_event(event) + encode_event(event),
                             encode_event(event) + std::string("x")}) {
    FieldWriter out;
    out.text("acme").text("azure").text("u").text(events);
    CHECK_FALSE(decode_redeliver_payload(out.bytes()).has_value());
  }
}
