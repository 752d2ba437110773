#include "core/flow/store/events.h"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/json.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

void log_event(World& world, std::string id, std::string_view type) {
  const Event event{.id = std::move(id), .type = "refreshed", .at = world.now, .data = "{}"};
  auto insert = insert_event({.org = "acme", .integration = "azure", .subject = "u"}, event);
  insert.parameters[4] = SqlValue(std::string(type));
  REQUIRE(world.d1.batch({insert}).has_value());
}

Json read_on(World& world, std::string_view cursor) {
  Host host(world);
  const auto outcome =
      host.call(rpc("list_events", R"({"limit":2,"cursor":")" + std::string(cursor) + "\"}"));
  CHECK(outcome.status == 200);
  auto json = parse_json(outcome.body);
  CHECK(json.has_value());
  return json ? std::move(*json) : Json();
}

// What an operation makes of rows that the database should never have given.
Outcome answered_with(std::string operation, Pairs path, SqlRow row) {
  FlowInput input;
  input.operation = std::move(operation);
  input.entry = Entry::rpc;
  input.binding_org = "acme";
  input.binding_permissions = "*";
  input.path = std::move(path);
  input.body = input.path.empty() ? "{}" : R"({"eventId":"evt_1"})";
  Flow flow;
  REQUIRE(flow.start(input) == Step::effects);
  REQUIRE(flow.issued().size() == 1);
  REQUIRE(std::holds_alternative<Sql>(flow.issued()[0].effect));
  const auto& statements = std::get<Sql>(flow.issued()[0].effect).statements;
  std::vector<SqlOutcome> outcomes(statements.size());
  outcomes.back().rows = {std::move(row)};
  const Sql::Reply rows = std::move(outcomes);
  if (flow.resume(0, {{flow.issued()[0].id, rows}}) == Step::done) {
    return *flow.outcome();
  }
  // It went on to the authority.
  return {};
}

SqlRow event_row(std::string org, std::string data = "{}") {
  return {std::int64_t{7},  std::string("evt_1"),     std::move(org),  std::string("azure"),
          std::string("u"), std::string("refreshed"), std::int64_t{0}, std::move(data)};
}

SqlRow letter_row(std::string org) {
  return {
      std::string("evt_1"),     std::move(org),     std::string("azure"), std::string("u"),
      std::string("refreshed"), std::int64_t{0},    std::string("{}"),    std::string("https://a/"),
      std::int64_t{10},         std::string("503"), std::int64_t{0},      std::int64_t{4}};
}

}  // namespace

TEST_CASE("a reader gets past events that cannot be read") {
  World world;
  furnish(world);
  // A whole page of them.
  log_event(world, "evt_1", "unheard of");
  log_event(world, "evt_2", "unheard of");
  // As a newer release, which was taken back, wrote it.
  log_event(world, "evt_3", "unheard_of");
  const auto first = read_on(world, "0");
  CHECK(json_member(first, "events")->elements.empty());
  CHECK(json_string(first, "cursor") == "2");
  const auto second = read_on(world, "2");
  REQUIRE(json_member(second, "events")->elements.size() == 1);
  CHECK(json_string(json_member(second, "events")->elements[0], "id") == "evt_3");
  CHECK(json_string(json_member(second, "events")->elements[0], "type") == "connection.unheard_of");
  CHECK(json_string(second, "cursor") == "3");
  // Where nothing is left the cursor stays.
  const auto third = read_on(world, "3");
  CHECK(json_member(third, "events")->elements.empty());
  CHECK(json_string(third, "cursor") == "3");
}

TEST_CASE("another organization's event is shown to nobody, whatever the database says") {
  CHECK(answered_with("list_events", {}, event_row("acme")).body.contains("evt_1"));
  CHECK(answered_with("list_events", {}, event_row("other")).body ==
        R"({"events":[],"cursor":"7"})");
  CHECK(answered_with("list_dead_letters", {}, letter_row("acme")).body.contains("evt_1"));
  CHECK(answered_with("list_dead_letters", {}, letter_row("other")).body ==
        R"({"dead_letters":[],"cursor":"4"})");
  const Pairs path = {{"event_id", "evt_1"}};
  CHECK(answered_with("redeliver_event", path, event_row("acme")).body.empty());
  CHECK(answered_with("redeliver_event", path, event_row("other")).status == 404);
}

TEST_CASE("what is stored in the place of an event's data and is no JSON is shown to nobody") {
  CHECK(answered_with("list_events", {}, event_row("acme", R"({}],"a":[{})")).body ==
        R"({"events":[],"cursor":"7"})");
  const Pairs path = {{"event_id", "evt_1"}};
  CHECK(answered_with("redeliver_event", path, event_row("acme", "7")).status == 404);
}
