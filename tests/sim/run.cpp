// Drives flows as worker-shim/src/flow-runner.ts does: what can be answered at once is answered
// together, the rest one by one as it comes.
#include "core/operation/table.h"
#include "tests/flows/host/trace.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

// What a trace says of one crossing, as lines without their fences.
std::string lines_of(const testing::Trace& trace) {
  std::string text;
  std::size_t at = 0;
  const auto& markdown = trace.markdown();
  while (at < markdown.size()) {
    const auto end = std::min(markdown.find('\n', at), markdown.size());
    const auto line = markdown.substr(at, end - at);
    if (!line.empty() && line != "```") {
      text += (text.empty() ? "" : "\n                ") + line;
    }
    at = end + 1;
  }
  return text;
}

// Not worth a line where it works.
bool is_small(const Effect& effect) {
  return std::holds_alternative<Seal>(effect) || std::holds_alternative<Open>(effect) ||
         std::holds_alternative<MemoryGet>(effect) || std::holds_alternative<MemoryPut>(effect) ||
         std::holds_alternative<VerifySignature>(effect) || std::holds_alternative<Sign>(effect);
}

}  // namespace

FlowInput Simulation::input_of(std::string_view operation, Entry entry, std::uint64_t task,
                               int number) const {
  const auto* declared = find_operation(operation);
  FlowInput input;
  input.operation = operation;
  input.entry = entry;
  input.now = now();
  input.arrived_at = now();
  Dice dice(mix(plan_.seed, task, static_cast<std::uint64_t>(number), 0x656e74ULL));
  for (std::size_t i = 0; declared != nullptr && i < declared->entropy_bytes; ++i) {
    input.entropy.push_back(static_cast<char>(dice.next() & 0xff));
  }
  const bool inside = entry == Entry::authority || entry == Entry::alarm;
  input.environment = Environment(inside ? environment_with_secrets_ : environment_);
  return input;
}

void Simulation::start(const std::shared_ptr<Run>& run, FlowInput input) {
  coverage_.count("flow", input.operation);
  if (trace_ != nullptr) {
    tell(run->name, "begins " + input.operation);
  }
  advance(run, run->flow.start(input));
}

bool Simulation::dies(const std::shared_ptr<Run>& run, Fault fault) {
  if (run->node == nullptr || !strikes(fault, run->spot())) {
    return false;
  }
  crash(*run->node);
  return true;
}

bool Simulation::traps(const std::shared_ptr<Run>& run) {
  if (!strikes(Fault::trap, run->spot(11))) {
    return false;
  }
  tell(run->name, "TRAPS");
  finish(run, {.outcome = testing::host_problem(ProblemCode::out_of_memory), .authority = {}});
  return true;
}

void Simulation::advance(std::shared_ptr<Run> run, Step step) {
  while (step == Step::effects) {
    std::vector<testing::Answer> answers;
    const auto effects = run->flow.issued();
    for (const auto& issued : effects) {
      ++run->ordinal;
      if (trace_ != nullptr && !is_small(issued.effect)) {
        testing::Trace line;
        line.asked(issued);
        tell(run->name, lines_of(line));
      }
      if (const auto* authority = std::get_if<Authority>(&issued.effect)) {
        finish(run, {.outcome = {}, .authority = *authority});
        return;
      }
      if (run->node == nullptr && strikes(Fault::caller_hangs_up, run->spot(1))) {
        tell(run->name, "the caller is gone");
        run->alive = false;
        return;
      }
      if (dies(run, Fault::crash_before)) {
        return;
      }
      auto reply = carry_out(run, issued);
      if (!run->alive || (reply && dies(run, Fault::crash_after))) {
        return;
      }
      if (reply) {
        answers.emplace_back(issued.id, std::move(*reply));
      }
    }
    if (answers.empty()) {
      return;
    }
    if (traps(run)) {
      return;
    }
    step = run->flow.resume(now(), answers);
  }
  if (step != Step::done) {
    ledger_.violated(5, run->operation + " ends in a trap");
    finish(run, {.outcome = testing::host_problem(ProblemCode::core_trap), .authority = {}});
    return;
  }
  // What runs beside the queue ends in the middle of others.
  if (run->node != nullptr && !run->a_commit_failed && run->node->running.contains(run)) {
    ledger_.lived(*run->node->object, run->taken_up);
  }
  finish(run, {.outcome = run->flow.outcome(), .authority = {}});
}

void Simulation::deliver(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Reply reply) {
  if (!run->alive) {
    return;
  }
  ++run->ordinal;
  if (trace_ != nullptr) {
    testing::Trace line;
    line.answered(issued, reply);
    tell(run->name, lines_of(line));
  }
  if (dies(run, Fault::crash_after) || traps(run)) {
    return;
  }
  advance(run, run->flow.resume(now(), {{issued.id, std::move(reply)}}));
}

void Simulation::finish(const std::shared_ptr<Run>& run, Ended end) {
  run->alive = false;
  if (trace_ != nullptr && end.outcome) {
    testing::Trace line;
    line.ended(*end.outcome);
    tell(run->name, lines_of(line));
  }
  run->ended(std::move(end));
}

}  // namespace postern::sim
