#include "core/operation/run.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/operation/table.h"
#include "tests/flows/host/story.h"

using namespace postern;
using namespace postern::testing;

namespace {

FlowInput health() {
  FlowInput input;
  input.operation = "health";
  input.now = 1'767'323'045'000;
  return input;
}

// Everything that a connected user's day consists of; answers the bodies.
std::vector<std::string> a_day(Order order) {
  Story story("day", "", "");
  Host host(story.world);
  host.order = order;
  std::vector<std::string> bodies;
  const auto keep = [&](const Outcome& outcome) {
    bodies.push_back(std::to_string(outcome.status) + " " + outcome.body);
  };
  const auto begun = story.begin(host, story.make_link(host));
  story.expect_sign_in(begun);
  keep(host.call(story.callback_of(begun)));
  story.world.forget_memory();
  story.world.objects.clear();
  keep(host.call(story.get_token(R"(,"minTtl":3600)")));
  keep(host.call(rpc("disconnect", R"({"userId":"user-1"})")));
  keep(host.call(story.get_token()));
  CHECK(story.complaints() == "");
  return bodies;
}

// Stops at the n-th effect, wherever that is, and drops everything.
bool stop_at(int effect_number) {
  Story story("stop", "", "");
  Host host(story.world);
  const auto begun = story.begin(host, story.make_link(host));
  story.expect_sign_in(begun);
  int seen = 0;
  host.crash = [&](const Effect&, bool) { return ++seen == effect_number; };
  (void)host.call(story.callback_of(begun));
  return seen >= effect_number;
}

}  // namespace

TEST_CASE("a run begins once, and what is no input is malformed") {
  Run run;
  CHECK(run.start("garbage") == Step::malformed);
  CHECK(run.start("") == Step::malformed);
  CHECK(run.start(encode_flow_input(health())) == Step::done);
  CHECK(run.start(encode_flow_input(health())) == Step::malformed);
  CHECK(run.resume(encode_replies(0, {})) == Step::malformed);
  const auto outcome = decode_outcome(run.output());
  REQUIRE(outcome.has_value());
  CHECK(outcome->status == 200);
}

TEST_CASE("a run that was not begun cannot be resumed") {
  Run run;
  CHECK(run.resume(encode_replies(0, {})) == Step::malformed);
}

TEST_CASE("an unknown operation is malformed") {
  auto input = health();
  input.operation = "no_such_operation";
  Run run;
  CHECK(run.start(encode_flow_input(input)) == Step::malformed);
}

TEST_CASE("the authority's operations are reached from inside only, the others from outside only") {
  for (const auto& operation : all_operations()) {
    const std::string name(operation.name);
    CAPTURE(name);
    for (const auto entry : {Entry::http, Entry::rpc, Entry::authority, Entry::alarm}) {
      FlowInput input;
      input.operation = operation.name;
      input.entry = entry;
      input.entropy = std::string(operation.entropy_bytes, 'x');
      const bool inside = entry == Entry::authority || entry == Entry::alarm;
      const bool fits = (operation.access == Access::authority) == inside;
      Run run;
      CHECK((run.start(encode_flow_input(input)) == Step::malformed) == !fits);
    }
  }
}

TEST_CASE("replies may come in any order, together or one by one, and nothing changes") {
  const auto want = a_day(Order::as_asked);
  REQUIRE(want.size() == 4);
  CHECK(want[0].starts_with("200 "));
  CHECK(want[1].starts_with("200 "));
  CHECK(want[3].starts_with("404 "));
  CHECK(a_day(Order::reversed) == want);
  CHECK(a_day(Order::one_by_one) == want);
  CHECK(a_day(Order::last_first_one_by_one) == want);
}

TEST_CASE("a flow that is dropped at any of its effects leaks nothing") {
  // The leak sanitizer looks on. Counted twice: before and after each effect.
  int number = 1;
  while (stop_at(number)) {
    ++number;
  }
  CHECK(number > 30);
}
