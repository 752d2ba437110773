// The connection object as worker-shim/src/connection-object.ts is it: one job at a time in the
// order of arrival, equal wishes share one, an alarm that ends in a problem rings again.
#include <algorithm>

#include "core/base/text.h"
#include "core/flow/payload.h"
#include "core/operation/operation.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

constexpr DurationMs kRepeatAlarmMs = 60 * kSecondMs;
constexpr DurationMs kPlatformRetryMs = 2 * kSecondMs;

std::string name_of_node(const Node& node) {
  return "authority " + std::string(org_of(node.connection)) + "/" +
         std::string(user_of(node.connection));
}

}  // namespace

void Simulation::enqueue(Node& node, const std::string& operation, Entry entry, std::string payload,
                         std::uint64_t task, bool calm, std::function<void(Outcome)> answer) {
  const auto* declared = find_operation(operation);
  if (declared != nullptr && declared->coalesced) {
    const auto shared = std::ranges::find_if(node.queue, [&](const std::shared_ptr<Job>& job) {
      return job->operation == operation && job->payload == payload;
    });
    if (shared != node.queue.end()) {
      coverage_.count("queue", "coalesced");
      (*shared)->arrived_at = now();
      (*shared)->answers.push_back(std::move(answer));
      return;
    }
  }
  auto job = std::make_shared<Job>(Job{.operation = operation,
                                       .entry = entry,
                                       .payload = std::move(payload),
                                       .arrived_at = now(),
                                       .task = mix(task, ++node.jobs, 0x6a6f62ULL),
                                       .calm = calm,
                                       .answers = {}});
  job->answers.push_back(std::move(answer));
  coverage_.count("queue", node.running.empty() ? "at_once" : "waited");
  node.queue.push_back(std::move(job));
  work(node);
}

void Simulation::work(Node& node) {
  while (!node.queue.empty() && (node.running.empty() || mutation_ == Mutation::no_queue)) {
    auto job = node.queue.front();
    node.queue.pop_front();
    begin_job(node, job);
  }
}

void Simulation::begin_job(Node& node, const std::shared_ptr<Job>& job) {
  auto run = std::make_shared<Run>(job->task, name_of_node(node));
  run->node = &node;
  run->connection = node.connection;
  run->operation = job->operation;
  run->calm = job->calm;
  if (const auto demand = decode_token_payload(job->payload);
      demand && demand->refused_version == 0 && job->entry == Entry::authority) {
    run->arrived_at = job->arrived_at;
  }
  auto input = input_of(job->operation, job->entry, job->task, 0);
  input.arrived_at = mutation_ == Mutation::no_recheck ? now() + kDayMs : job->arrived_at;
  input.payload = job->payload;
  input.incarnation = "incarnation " + to_decimal(static_cast<std::int64_t>(node.incarnation));
  run->ended = [this, &node, job, weak = std::weak_ptr<Run>(run)](Ended end) {
    if (const auto ended = weak.lock()) {
      node.running.erase(ended);
    }
    job_ended(
        node, job,
        end.outcome ? std::move(*end.outcome) : testing::host_problem(ProblemCode::core_trap));
  };
  node.running.emplace(run, job);
  start(run, std::move(input));
}

void Simulation::job_ended(Node& node, const std::shared_ptr<Job>& job, const Outcome& outcome) {
  if (job->entry == Entry::alarm) {
    node.ringing = false;
    node.alarm_retries = 0;
    if (outcome.kind == OutcomeKind::problem) {
      node.object->alarm_at = now() + kRepeatAlarmMs;
    }
  }
  watch_alarm(node);
  for (const auto& answer : job->answers) {
    answer(outcome);
  }
  if (node.running.empty() && node.queue.empty()) {
    ledger_.at_rest(*node.object, node.ringing);
  }
  // On the next turn: a flow that ends at once must not start the next one inside itself.
  in(0, [this, &node] { work(node); });
}

void Simulation::crash(Node& node) {
  tell(name_of_node(node), "DIES");
  coverage_.count("crash", node.running.empty() ? "idle" : "busy");
  ++node.incarnation;
  node.memory.clear();
  std::vector<std::shared_ptr<Job>> jobs(node.queue.begin(), node.queue.end());
  node.queue.clear();
  for (const auto& [run, job] : node.running) {
    run->alive = false;
    if (run->token_request_out) {
      ledger_.came_back(node.connection);
    }
    jobs.push_back(job);
  }
  node.running.clear();
  // Its callers learn of it; the platform rings again an alarm that did not end.
  for (const auto& job : jobs) {
    for (const auto& answer : job->answers) {
      in(2, [answer] { answer(testing::host_problem(ProblemCode::store_unavailable)); });
    }
  }
  if (node.ringing) {
    node.ringing = false;
    if (node.object->alarm_at == 0 && !node.alarm_deleted) {
      node.object->alarm_at = now() + (kPlatformRetryMs << std::min(node.alarm_retries++, 5));
    }
  }
  watch_alarm(node);
  ledger_.at_rest(*node.object, node.ringing);
}

void Simulation::watch_alarm(Node& node) {
  const auto at = node.object->alarm_at;
  if (at == node.alarm_known) {
    return;
  }
  node.alarm_known = at;
  const auto serial = ++node.alarm_serial;
  if (at == 0) {
    return;
  }
  const Spot spot{.task = mix(0x616c61726dULL, static_cast<std::uint64_t>(node.connection)),
                  .ordinal = node.rings};
  auto delay = std::max<DurationMs>(at - now(), 0) + chance_.between(0, 500, spot, 1);
  if (strikes(Fault::alarm_late, spot)) {
    delay += chance_.between(kSecondMs, 10 * kMinuteMs, spot, 2);
  }
  in(delay, [this, &node, serial, spot] {
    if (node.alarm_serial != serial) {
      return;
    }
    if (strikes(Fault::alarm_twice, spot)) {
      in(chance_.between(0, 5 * kSecondMs, spot, 3), [this, &node] { ring(node); });
    }
    node.object->alarm_at = 0;
    node.alarm_known = 0;
    node.alarm_deleted = false;
    ring(node);
  });
}

void Simulation::ring(Node& node) {
  ++node.rings;
  tell(name_of_node(node), "the alarm rings");
  node.ringing = true;
  enqueue(node, "authority.alarm", Entry::alarm, {},
          mix(0x72696e67ULL, node.rings, static_cast<std::uint64_t>(node.connection)), false,
          [](const Outcome&) {});
}

}  // namespace postern::sim
