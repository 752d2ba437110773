// The connection object as worker-shim/src/connection-object.ts is it: one job at a time in the
// order of arrival, equal wishes share one; an alarm goes on until nothing is due, what it delivers
// beside the queue, and rings again where it ends in a problem.
#include <algorithm>

#include "core/base/text.h"
#include "core/flow/store/payload.h"
#include "core/operation/table.h"
#include "tests/sim/simulation.h"

namespace postern::sim {

namespace {

constexpr DurationMs kRepeatAlarmMs = 60 * kSecondMs;
constexpr DurationMs kPlatformRetryMs = 2 * kSecondMs;
constexpr int kMostDoublings = 4;
constexpr DurationMs kGoOnMs = 5 * kSecondMs;
constexpr int kMostAlarmRuns = 20;

Ended problem_of(ProblemCode code) {
  return {.outcome = testing::host_problem(code), .authority = {}};
}

}  // namespace

std::string Simulation::title_of(const Node& node) const {
  return "authority " + describe(plan_.owner(node.connection));
}

void Simulation::enqueue(Node& node, const std::string& operation, Entry entry, std::string payload,
                         std::uint64_t task, bool calm, std::function<void(const Ended&)> answer) {
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
  if (declared != nullptr && declared->aside) {
    coverage_.count("queue", "aside");
    begin_job(node, job, true);
    return;
  }
  coverage_.count("queue", node.running.empty() ? "at_once" : "waited");
  node.queue.push_back(std::move(job));
  work(node);
}

bool Simulation::may_begin(Node& node, const Job& job) {
  if (mutation_ != Mutation::lock_by_kv) {
    return node.running.empty() || mutation_ == Mutation::no_queue ||
           mutation_ == Mutation::believed_at_once;
  }
  constexpr DurationMs kLeaseMs = 30 * kSecondMs;
  constexpr DurationMs kAgainMs = 200;
  const auto key = "lock:" + to_decimal(node.connection);
  const auto location = static_cast<int>(job.task % kFronts);
  const auto lease = parse_decimal(kv_.get(location, key, mono_).value_or(""));
  if (lease && *lease > mono_) {
    in(kAgainMs, [this, &node] { work(node); });
    return false;
  }
  kv_.put(key, to_decimal(mono_ + kLeaseMs));
  kv_.forget(location, key);  // who writes sees what was written
  return true;
}

void Simulation::work(Node& node) {
  while (!node.queue.empty() && may_begin(node, *node.queue.front())) {
    auto job = node.queue.front();
    node.queue.pop_front();
    begin_job(node, job, false);
  }
}

void Simulation::begin_job(Node& node, const std::shared_ptr<Job>& job, bool aside) {
  auto run = std::make_shared<Run>(job->task, title_of(node));
  run->node = &node;
  run->connection = node.connection;
  run->operation = job->operation;
  run->calm = job->calm;
  if (const auto journal = node.object->storage.find(std::string(kSignInKey));
      journal != node.object->storage.end()) {
    run->began_with_sign_in = decode_journal(journal->second).value_or(Journal()).sent_at;
  }
  run->taken_up = Ledger::times_taken_up(*node.object);
  if (const auto demand = decode_token_payload(job->payload);
      demand && demand->refused_version == 0 && job->entry == Entry::authority) {
    run->arrived_at = job->arrived_at;
  }
  count_decision(node, *job);
  auto input = input_of(job->operation, job->entry, job->task, 0);
  input.arrived_at = mutation_ == Mutation::no_recheck ? now() + kDayMs : job->arrived_at;
  input.payload = job->payload;
  input.incarnation =
      "incarnation " + (mutation_ == Mutation::incarnation_forgotten
                            ? std::string()
                            : to_decimal(static_cast<std::int64_t>(node.incarnation)));
  run->ended = [this, &node, job, weak = std::weak_ptr<Run>(run)](const Ended& end) {
    if (const auto ended = weak.lock()) {
      node.running.erase(ended);
      node.aside.erase(ended);
    }
    job_ended(node, job, end);
  };
  (aside ? node.aside : node.running).emplace(run, job);
  start(run, std::move(input));
}

void Simulation::job_ended(Node& node, const std::shared_ptr<Job>& job, const Ended& ended) {
  if (mutation_ == Mutation::lock_by_kv) {
    kv_.erase("lock:" + to_decimal(node.connection));
  }
  if (job->operation == "authority.disconnect" && ended.outcome && ended.outcome->status == 200) {
    ledger_.disconnected(node.connection, mono_);
    revocations_.told(node.connection, member_of(ended.outcome->body, "provider_revocation"),
                      now());
  }
  watch_alarm(node);
  for (const auto& answer : job->answers) {
    answer(ended);
  }
  if (node.running.empty() && node.queue.empty()) {
    ledger_.at_rest(node.connection, *node.object, node.ringing, now());
  }
  // On the next turn: a flow that ends at once must not start the next one inside itself.
  in(0, [this, &node] { work(node); });
}

void Simulation::crash(Node& node) {
  tell(title_of(node), "DIES");
  coverage_.count("crash", node.running.empty() ? "idle" : "busy");
  ++node.incarnation;
  node.memory.clear();
  node.repeats = 0;
  std::vector<std::shared_ptr<Job>> jobs(node.queue.begin(), node.queue.end());
  node.queue.clear();
  for (const auto* runs : {&node.running, &node.aside}) {
    for (const auto& [run, job] : *runs) {
      run->alive = false;
      if (run->token_request_out && run->token_request_there) {
        ledger_.came_back(node.connection);
      } else if (run->token_request_out) {
        coverage_.count("crash", "with_a_request_on_its_way");
        run->straggles = true;
        ledger_.straggles(node.connection, run->asked_grant);
      }
      jobs.push_back(job);
    }
  }
  node.running.clear();
  node.aside.clear();
  // Its callers learn of it; the platform rings again an alarm that did not end.
  for (const auto& job : jobs) {
    for (const auto& answer : job->answers) {
      in(2, [answer] { answer(problem_of(ProblemCode::store_unavailable)); });
    }
  }
  if (node.ringing) {
    node.ringing = false;
    if (node.object->alarm_at == 0 && !node.alarm_deleted) {
      node.object->alarm_at = now() + (kPlatformRetryMs << std::min(node.alarm_retries++, 5));
    }
    node.alarm_known = -1;
  }
  watch_alarm(node);
  ledger_.at_rest(node.connection, *node.object, node.ringing, now());
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
    if (node.alarm_serial == serial) {
      alarm_is_due(node, spot);
    }
  });
}

void Simulation::alarm_is_due(Node& node, const Spot& spot) {
  if (node.ringing) {
    // One rings at a time: rang() looks at what is set then.
    return;
  }
  node.rings_twice = strikes(Fault::alarm_twice, spot);
  node.object->alarm_at = 0;
  node.alarm_known = 0;
  node.alarm_deleted = false;
  ring(node);
}

void Simulation::ring(Node& node) {
  ++node.rings;
  tell(title_of(node), "the alarm rings");
  node.ringing = true;
  ring_on(node, "authority.alarm", {}, 0);
}

void Simulation::ring_on(Node& node, const std::string& operation, std::string payload,
                         int number) {
  const auto task = mix(0x72696e67ULL, node.rings, static_cast<std::uint64_t>(node.connection),
                        static_cast<std::uint64_t>(number));
  enqueue(node, operation, Entry::alarm, std::move(payload), task, false,
          [this, &node, number, operation, incarnation = node.incarnation](const Ended& end) {
            if (incarnation != node.incarnation) {
              return;
            }
            if (end.authority && number < kMostAlarmRuns) {
              // On a later turn, as everything that follows a promise.
              in(0, [this, &node, number, incarnation, next = *end.authority] {
                if (incarnation == node.incarnation) {
                  ring_on(node, next.operation, next.payload, number + 1);
                }
              });
            } else {
              rang(node, end, operation);
            }
          });
}

void Simulation::rang(Node& node, const Ended& ended, const std::string& operation) {
  node.ringing = false;
  node.alarm_retries = 0;
  // The platform gives up after a few repetitions; what is owed is owed until it is done.
  const bool done = ended.outcome && ended.outcome->kind == OutcomeKind::json;
  const bool failed = !done && !ended.authority;
  const bool passes =
      failed && ended.outcome && ended.outcome->status == 503 && operation != "authority.alarm";
  node.repeats = !failed ? 0 : node.repeats + (passes ? 0 : 1);
  if (!done) {
    const auto at =
        now() + (!failed  ? kGoOnMs
                 : passes ? kRepeatAlarmMs
                          : kRepeatAlarmMs << std::min(node.repeats - 1, kMostDoublings));
    auto& armed = node.object->alarm_at;
    armed = armed > now() ? std::min(armed, at) : at;
  }
  node.alarm_known = -1;
  watch_alarm(node);
  if (std::exchange(node.rings_twice, false)) {
    const Spot spot{.task = mix(0x7477696365ULL, static_cast<std::uint64_t>(node.connection)),
                    .ordinal = node.rings};
    in(chance_.between(0, 5 * kSecondMs, spot, 3), [this, &node] {
      if (!node.ringing) {
        ring(node);
      }
    });
  }
}

}  // namespace postern::sim
