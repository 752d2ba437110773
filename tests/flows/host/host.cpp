#include "tests/flows/host/host.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "core/base/fields.h"
#include "core/base/text.h"
#include "core/effect/codec.h"
#include "core/operation/table.h"

namespace postern::testing {

namespace {

// A token refused twice needs two restarts; more is a loop (front.ts).
constexpr int kMostRestarts = 3;
constexpr int kMostAlarmRuns = 20;

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

[[noreturn]] void give_up(std::string_view why) {
  std::cerr << "host: " << why << "\n";
  std::abort();
}

}  // namespace

World::World() {
  internet = [](const Fetch& fetch) -> Fetch::Reply {
    std::cerr << "host: nobody answers " << fetch.method << " " << fetch.url << "\n";
    return std::unexpected(HostFault::unavailable);
  };
  signature = [](const VerifySignature&) { return true; };
}

void World::clear() {
  kv.clear();
  kv_ttl.clear();
  d1.clear();
  objects.clear();
  logs.clear();
  memory.clear();
  vault_.clear();
  entropy_used_ = 0;
  now = kBeginning;
}

std::string World::entropy(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    // Counting up, in wider steps each time round: no sequence comes twice.
    const std::size_t round = entropy_used_ >> 8;
    bytes.push_back(static_cast<char>(((entropy_used_ & 0xff) * (2 * round + 1) + round) & 0xff));
    ++entropy_used_;
  }
  return bytes;
}

std::string World::stored_bytes() {
  std::string bytes = d1.dump();
  for (const auto& [key, value] : kv) {
    bytes += key + "\n" + value + "\n";
  }
  for (const auto& [name, object] : objects) {
    for (const auto& [key, value] : object.storage) {
      bytes += key + "\n" + value + "\n";
    }
  }
  for (const auto& log : logs) {
    bytes += log.event + "\n";
    for (const auto& [name, value] : log.fields) {
      bytes += name + "=" + value + "\n";
    }
  }
  return bytes;
}

Reply World::fetch(const Fetch& effect, Object* object) {
  Fetch::Reply reply = internet(effect);
  if (reply && effect.max_bytes == kBodyUnread) {
    reply->body.clear();
  } else if (reply && static_cast<std::int64_t>(reply->body.size()) > effect.max_bytes) {
    reply = std::unexpected(HostFault::too_large);
  }
  if (!effect.keep_key.empty() && object != nullptr) {
    object->storage[effect.keep_key] =
        seal(effect.keep_org, effect.keep_context, encode_reply(Reply(reply)));
  }
  return reply;
}

Reply World::carry_out(const Effect& effect, Object* object) {
  if (weather) {
    if (const auto fault = weather(effect)) {
      return fault_reply(effect, *fault);
    }
  }
  const Result<std::monostate, HostFault> done = std::monostate{};
  return std::visit(
      Overloaded{
          [&](const Fetch& e) { return fetch(e, object); },
          [&](const KvGet& e) -> Reply {
            const auto found = kv.find(e.key);
            return KvGet::Reply(found == kv.end() ? std::optional<std::string>() : found->second);
          },
          [&](const KvPut& e) -> Reply {
            kv[e.key] = e.value;
            kv_ttl[e.key] = e.ttl_seconds;
            return done;
          },
          [&](const KvDelete& e) -> Reply {
            kv.erase(e.key);
            return done;
          },
          [&](const Sql& e) -> Reply {
            auto outcomes = d1.batch(e);
            if (!outcomes) {
              std::cerr << "host: sql: " << d1.fault() << "\n";
              return Sql::Reply(std::unexpected(HostFault::unavailable));
            }
            return Sql::Reply(std::move(*outcomes));
          },
          [&](const Authority&) -> Reply { give_up("an authority effect is not answered"); },
          [&](const StorageRead& e) -> Reply {
            if (object == nullptr) {
              return StorageRead::Reply(std::unexpected(HostFault::refused));
            }
            std::vector<std::optional<std::string>> values;
            for (const auto& key : e.keys) {
              const auto found = object->storage.find(key);
              values.push_back(found == object->storage.end() ? std::optional<std::string>()
                                                              : found->second);
            }
            return StorageRead::Reply(std::move(values));
          },
          [&](const StorageCommit& e) -> Reply {
            if (object == nullptr) {
              return StorageCommit::Reply(std::unexpected(HostFault::refused));
            }
            for (const auto& key : e.deletes) {
              object->storage.erase(key);
            }
            for (const auto& [key, value] : e.puts) {
              object->storage[key] = value;
            }
            object->alarm_at = e.alarm_at.value_or(object->alarm_at);
            return done;
          },
          [&](const Seal& e) -> Reply { return Seal::Reply(seal(e.org, e.context, e.plaintext)); },
          [&](const Open& e) -> Reply {
            auto opened =
                is_key_context(e.context) ? std::nullopt : open(e.org, e.context, e.sealed);
            return opened ? Open::Reply(std::move(*opened))
                          : Open::Reply(std::unexpected(HostFault::refused));
          },
          [&](const VerifySignature& e) -> Reply { return VerifySignature::Reply(signature(e)); },
          [&](const Sign& e) -> Reply { return fake_signature(e); },
          [&](const MemoryGet& e) -> Reply {
            const auto found = memory.find(e.key);  // as memory.ts
            const auto until = found == memory.end() ? 0 : found->second.second;
            const bool lives = until > now && until <= now + 30 * kSecondMs;
            return MemoryGet::Reply(lives ? std::optional(found->second.first) : std::nullopt);
          },
          [&](const MemoryPut& e) -> Reply {
            if (e.value.empty()) {
              memory.erase(e.key);
            } else {
              memory[e.key] = {e.value, std::min(e.expires_at, now + 30 * kSecondMs)};
            }
            return std::monostate{};
          },
          [&](const Delay& e) -> Reply {
            if (refuses_pauses) {
              return Delay::Reply(std::unexpected(HostFault::refused));
            }
            now += e.delay_ms;
            return Delay::Reply();
          },
          [&](const Log& e) -> Reply {
            logs.push_back(e);
            return std::monostate{};
          }},
      effect);
}

std::string World::environment_fields(bool with_secrets) const {
  FieldWriter out;
  for (const auto& [name, value] : environment) {
    out.text(name).text(value);
  }
  if (with_secrets) {
    for (const auto& [name, value] : secrets) {
      out.text(name).text(value);
    }
  }
  return out.take();
}

Step Flow::take(bool is_start, std::string_view in, Step step) {
  step_ = step;
  issued_.clear();
  const bool has_output = step == Step::effects || step == Step::done;
  if (listener_) {
    listener_(is_start, in, step, has_output ? std::string_view(run_.output()) : "");
  }
  if (step == Step::effects) {
    auto effects = decode_effects(run_.output());
    if (!effects) {
      give_up("the core's effects cannot be read");
    }
    issued_ = std::move(*effects);
  } else if (step == Step::done) {
    outcome_ = decode_outcome(run_.output());
    if (!outcome_) {
      give_up("the core's outcome cannot be read");
    }
  }
  return step_;
}

Step Flow::start(const FlowInput& input) {
  const auto bytes = encode_flow_input(input);
  return take(true, bytes, run_.start(bytes));
}

Step Flow::resume(EpochMs now, const std::vector<Answer>& answers) {
  return resume_bytes(encode_replies(now, answers));
}

Step Flow::resume_bytes(std::string_view replies) {
  return take(false, replies, run_.resume(replies));
}

FlowInput Host::input_of(const std::string& operation, Entry entry) const {
  const auto* declared = find_operation(operation);
  if (declared == nullptr) {
    give_up("no such operation: " + operation);
  }
  const bool inside = entry == Entry::authority || entry == Entry::alarm;
  FlowInput input;
  input.operation = operation;
  input.entry = entry;
  input.now = world.now;
  input.arrived_at = world.now;
  input.entropy = world.entropy(declared->entropy_bytes);
  input.environment = Environment(world.environment_fields(inside));
  return input;
}

void Host::die(Object& object) {
  object.incarnation += object_survives ? 0 : 1;
  if (observer_ != nullptr) {
    observer_->crashed(object_survives);
  }
}

Host::Ended Host::drive(const FlowInput& input, Object* object) {
  Flow flow([this](bool is_start, std::string_view in, Step step, std::string_view out) {
    if (observer_ != nullptr) {
      observer_->crossed(is_start, in, step, out);
    }
  });
  if (observer_ != nullptr) {
    observer_->began(input);
  }
  Step step = flow.start(input);
  std::deque<IssuedEffect> waiting;
  while (step == Step::effects) {
    waiting.insert(waiting.end(), flow.issued().begin(), flow.issued().end());
    if (order == Order::reversed || order == Order::last_first_one_by_one) {
      std::ranges::reverse(waiting);
    }
    if (waiting.empty()) {
      give_up("the flow waits for nothing");
    }
    const bool single = order == Order::one_by_one || order == Order::last_first_one_by_one;
    std::vector<Answer> answers;
    do {
      const auto issued = waiting.front();
      waiting.pop_front();
      if (observer_ != nullptr) {
        observer_->asked(issued);
      }
      if (const auto* authority = std::get_if<Authority>(&issued.effect)) {
        return {.outcome = {}, .authority = *authority};
      }
      if (object != nullptr && crash && crash(issued.effect, false)) {
        die(*object);
        return {};
      }
      answers.emplace_back(issued.id, world.carry_out(issued.effect, object));
      if (observer_ != nullptr) {
        observer_->answered(issued, answers.back().second);
      }
      if (object != nullptr && crash && crash(issued.effect, true)) {
        die(*object);
        return {};
      }
    } while (!single && !waiting.empty());
    step = flow.resume(world.now, answers);
  }
  if (step != Step::done) {
    return {.outcome = host_problem(ProblemCode::core_trap), .authority = {}};
  }
  if (observer_ != nullptr) {
    observer_->ended(*flow.outcome());
  }
  return {.outcome = flow.outcome(), .authority = {}};
}

Outcome Host::run_authority(const std::string& object_name, const std::string& operation,
                            const std::string& payload, Entry entry) {
  auto input = input_of(operation, entry);
  auto& object = world.objects[object_name];
  input.payload = payload;
  input.incarnation = "incarnation " + to_decimal(object.incarnation);
  auto ended = drive(input, &object);
  // An alarm's flow may go on in another one of its own object (connection-object.ts).
  for (int run = 0; ended.authority && entry == Entry::alarm && run < kMostAlarmRuns; ++run) {
    auto next = input_of(ended.authority->operation, entry);
    next.payload = ended.authority->payload;
    next.incarnation = input.incarnation;
    ended = drive(next, &object);
  }
  // A dead object shows as a failed call.
  return ended.authority ? host_problem(ProblemCode::core_trap)
         : ended.outcome ? std::move(*ended.outcome)
                         : host_problem(ProblemCode::store_unavailable);
}

Outcome Host::ring(const std::string& object_name) {
  // A ringing alarm is over; the flow sets another where one is needed.
  world.objects[object_name].alarm_at = 0;
  return run_authority(object_name, "authority.alarm", {}, Entry::alarm);
}

Outcome Host::call(const Request& request) {
  auto input = input_of(request.operation, request.entry);
  input.path = request.path;
  input.query = request.query;
  input.body = request.body;
  input.headers = request.headers;
  input.binding_org = request.org;
  input.binding_permissions = request.permissions;
  for (int run = 0; run <= kMostRestarts; ++run) {
    if (run > 0) {
      input.entropy = world.entropy(input.entropy.size());
      input.now = world.now;
    }
    auto ended = drive(input, nullptr);
    if (!ended.authority) {
      return ended.outcome.value_or(host_problem(ProblemCode::core_trap));
    }
    const auto& call = *ended.authority;
    auto outcome = is_bound(call) ? run_authority(call.name, call.operation, call.payload)
                                  : host_problem(ProblemCode::store_unavailable);
    if (outcome.kind != OutcomeKind::data) {
      return outcome;
    }
    if (!call.restart) {
      return host_problem(ProblemCode::core_trap);
    }
    input.authority_reply = outcome.body;
    input.note = call.note;
  }
  return host_problem(ProblemCode::core_trap);
}

}  // namespace postern::testing
