#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

// Asks for what stands behind the cursor of these bytes; says where the statement begins, or the
// problem's status.
std::string read_on(std::string_view cursor) {
  FlowInput input;
  input.operation = "list_connections";
  input.entry = Entry::rpc;
  input.binding_org = "acme";
  input.binding_permissions = "*";
  input.body = R"({"cursor":")" + base64url_encode(cursor) + "\"}";
  Flow flow;
  if (flow.start(input) == Step::done) {
    return std::to_string(flow.outcome()->status);
  }
  REQUIRE(flow.issued().size() == 1);
  REQUIRE(std::holds_alternative<Sql>(flow.issued()[0].effect));
  const auto& parameters = std::get<Sql>(flow.issued()[0].effect).statements.at(0).parameters;
  REQUIRE(parameters.size() > 4);
  REQUIRE(parameters[3].text() != nullptr);
  REQUIRE(parameters[4].text() != nullptr);
  return *parameters[3].text() + " " + *parameters[4].text();
}

}  // namespace

TEST_CASE("a cursor of a later release is read as far as it is known") {
  FieldWriter cursor;
  cursor.text("ada").text("azure");
  CHECK(read_on(cursor.bytes()) == "ada azure");
  FieldWriter later;
  later.text("2").text("more").text("");
  CHECK(read_on(cursor.bytes() + later.bytes()) == "ada azure");
}

TEST_CASE("a cursor of another kind, or half of one, is refused") {
  FieldWriter cursor;
  cursor.text("ada").text("azure");
  FieldWriter other;
  other.text("2!");
  CHECK(read_on(cursor.bytes() + other.bytes()) == "400");
  CHECK(read_on(std::string_view(cursor.bytes()).substr(0, 9)) == "400");
  CHECK(read_on(cursor.bytes() + "x") == "400");
}
