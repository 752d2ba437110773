// Adversarial hosts, stores and providers against every flow. The bytes choose the world, the
// request and each answer; the properties hold whatever they choose.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "core/base/fields.h"
#include "core/operation/table.h"
#include "tests/flows/host/story.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/flow_rules.h"
#include "tests/fuzz/flow_world.h"

using namespace postern;
using fuzz::check;
using fuzz::Choices;
using fuzz::Rules;
using testing::Flow;
using testing::World;

namespace {

constexpr int kMostEffects = 400;
// Each event that is not wanted, or cannot be read, is an effect or two; a hundred at a time.
constexpr int kMostOfDelivery = 700;
constexpr int kMostRuns = 6;
// More than connection-object.ts lets follow one another before it rings again.
constexpr int kMostAlarmRuns = 60;
constexpr int kMostRunsWhereAllIsWell = 40;

struct Ended {
  std::optional<Outcome> outcome;
  std::optional<Authority> authority;
};

Reply answer(World& world, const Effect& effect, testing::Object* object, Choices& choices,
             Rules& rules) {
  // 0 is the world's own answer: at the end of the bytes everything goes well.
  switch (choices.one_of(10)) {
    case 8:
      return testing::fault_reply(effect, static_cast<HostFault>(choices.one_of(4)));
    case 9:
      rules.lie();
      return wrong_reply(world, effect, choices);
    default:
      return world.carry_out(effect, object);
  }
}

// One run to its end; nothing when the host broke it off.
Ended drive(World& world, const FlowInput& input, bool in_authority, bool* honest,
            Choices& choices) {
  auto* object = in_authority ? &world.objects[fuzz::object_name()] : nullptr;
  Rules rules(object, input.operation, honest);
  Flow flow;
  Step step = flow.start(input);
  std::deque<IssuedEffect> waiting;
  int effects = 0;
  while (step == Step::effects) {
    for (const auto& issued : flow.issued()) {
      rules.check_effect(issued.effect);
      if (const auto* authority = std::get_if<Authority>(&issued.effect)) {
        return {.outcome = {}, .authority = *authority};
      }
      waiting.push_back(issued);
      check(++effects <= (rules.delivers() ? kMostOfDelivery : kMostEffects));
    }
    check(!waiting.empty());
    world.now += choices.rarely(16) ? choices.byte() * kSecondMs : 0;
    // One answer, any of those that are owed.
    const auto index = choices.one_of(waiting.size());
    const auto issued = waiting[index];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(index));
    if (choices.rarely(64)) {
      (void)flow.resume_bytes(choices.text(255));
      return {};
    }
    if (choices.rarely(64)) {
      return {};
    }
    const auto reply = answer(world, issued.effect, object, choices, rules);
    rules.saw_reply(issued.effect, reply);
    step = flow.resume(world.now, {{issued.id, reply}});
  }
  check(step == Step::done);
  rules.check_outcome(*flow.outcome());
  return {.outcome = flow.outcome(), .authority = {}};
}

Environment environment_of(const World& world, bool inside) {
  FieldWriter out;
  for (const auto& [name, value] : world.environment) {
    out.text(name).text(value);
  }
  for (const auto& [name, value] : world.secrets) {
    out.text(inside ? name : "").text(inside ? value : "");
  }
  return Environment(out.take());
}

// What a flow goes on in, in the connection's own object.
FlowInput input_of(World& world, const Authority& call, Entry entry) {
  const auto* inner = find_operation(call.operation);
  check(inner != nullptr && inner->access == Access::authority);
  FlowInput inside;
  inside.operation = call.operation;
  inside.entry = entry;
  inside.now = inside.arrived_at = world.now;
  inside.entropy = world.entropy(inner->entropy_bytes);
  inside.environment = environment_of(world, true);
  inside.payload = call.payload;
  inside.incarnation = fuzz::kIncarnation;
  return inside;
}

// An operation of the authority as its object runs it: an alarm's flow goes on until nothing is
// due.
Ended run_inside(World& world, FlowInput input, bool* honest, Choices& choices) {
  int well = 0;
  for (int run = 0; run < kMostAlarmRuns; ++run) {
    auto ended = drive(world, input, true, honest, choices);
    if (!ended.authority) {
      return ended;
    }
    // From here on nothing fails, and nothing new happens: what is due comes to its end.
    well += choices.empty() && *honest ? 1 : 0;
    check(well < kMostRunsWhereAllIsWell);
    input = input_of(world, *ended.authority, Entry::alarm);
  }
  return {};
}

void run_request(World& world, const Operation& operation, bool* honest, Choices& choices) {
  auto input = make_input(world, operation, choices);
  const bool in_authority = operation.access == Access::authority;
  input.environment = environment_of(world, in_authority);
  if (in_authority) {
    // Payloads that are made here are mutated; an alarm has none.
    *honest = *honest && input.entry == Entry::alarm;
    (void)run_inside(world, std::move(input), honest, choices);
    return;
  }
  for (int run = 0; run < kMostRuns; ++run) {
    const auto ended = drive(world, input, false, honest, choices);
    if (!ended.authority) {
      return;
    }
    const auto& call = *ended.authority;
    const auto answered =
        run_inside(world, input_of(world, call, Entry::authority), honest, choices);
    if (!answered.outcome || answered.outcome->kind != OutcomeKind::data) {
      return;
    }
    check(call.restart);
    input.authority_reply = choices.rarely(8) ? choices.text() : answered.outcome->body;
    input.note = call.note;
    input.now = world.now;
  }
  // A token refused twice needs two restarts; more is a loop.
  check(false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  Choices choices(data, size);
  begin_world(world, choices);
  world.internet = [&choices](const Fetch& fetch) { return fuzz::internet(world, fetch, choices); };
  bool honest = true;
  const auto operations = all_operations();
  // Up to three requests, one after another, in the same world; then the alarm.
  for (int request = 0; request < 3 && !choices.empty(); ++request) {
    run_request(world, operations[choices.one_of(operations.size())], &honest, choices);
  }
  run_request(world, *find_operation("authority.alarm"), &honest, choices);
  fuzz::check_no_secret(world.stored_bytes());
  return 0;
}
