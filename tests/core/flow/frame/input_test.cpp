#include "core/flow/frame/input.h"

#include <doctest/doctest.h>

#include "core/base/fields.h"

using namespace postern;

namespace {

FlowInput full_input() {
  FieldWriter environment;
  environment.text("NAME").text("value").text("OTHER").text("");
  FlowInput input;
  input.operation = "get_token";
  input.entry = Entry::rpc;
  input.now = 10;
  input.arrived_at = 9;
  input.entropy = std::string("\0\1\2", 3);
  input.environment = Environment(environment.take());
  input.binding_org = "acme";
  input.binding_permissions = "a b";
  input.path = {{"integration", "azure"}};
  input.query = "a=b";
  input.body = "{}";
  input.headers = {{"cookie", "x=y"}, {"origin", ""}};
  input.payload = "payload";
  input.incarnation = "incarnation";
  input.authority_reply = "";
  input.note = "note";
  return input;
}

}  // namespace

TEST_CASE("an input is read as it was written") {
  const auto bytes = encode_flow_input(full_input());
  const auto read = decode_flow_input(bytes);
  REQUIRE(read.has_value());
  CHECK(encode_flow_input(*read) == bytes);
  CHECK(read->entry == Entry::rpc);
  CHECK(read->environment.get("NAME") == "value");
  CHECK(read->environment.get("OTHER") == "");
  CHECK(read->environment.get("ABSENT") == "");
  CHECK(read->incarnation == "incarnation");
  CHECK(read->header("cookie") == "x=y");
  CHECK(read->header("Cookie") == "");
  // An empty answer of the authority is an answer.
  CHECK(read->authority_reply == "");
  auto fresh = full_input();
  fresh.authority_reply.reset();
  CHECK(decode_flow_input(encode_flow_input(fresh))->authority_reply == std::nullopt);
}

TEST_CASE("every cut of an input is refused, and so is anything after it") {
  const auto bytes = encode_flow_input(full_input());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode_flow_input(std::string_view(bytes).substr(0, length)).has_value());
  }
  CHECK_FALSE(decode_flow_input(bytes + std::string(4, '\0')).has_value());
}

TEST_CASE("an unknown entry, a time that is no number and a cut list are refused") {
  auto bytes = encode_flow_input(full_input());
  bytes.replace(bytes.find("rpc"), 3, "rpq");
  CHECK_FALSE(decode_flow_input(bytes).has_value());
  auto time = encode_flow_input(full_input());
  time.replace(time.find("10"), 2, "1x");
  CHECK_FALSE(decode_flow_input(time).has_value());
  auto list = encode_flow_input(full_input());
  // The path's list says that its first name is longer than the list.
  list[list.find("integration") - 4] = '\x7f';
  CHECK_FALSE(decode_flow_input(list).has_value());
}

TEST_CASE("an environment that is cut gives what is whole, and nothing else") {
  FieldWriter fields;
  fields.text("A").text("1").text("B").text("2");
  const auto whole = fields.bytes();
  const Environment cut(whole.substr(0, whole.size() - 1));
  CHECK(cut.get("A") == "1");
  CHECK(cut.get("B") == "");
}
