// Adversarial hosts, stores and providers against every flow. The bytes choose the world, the
// request and each answer; the properties hold whatever they choose.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/base64url.h"
#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/connection/journal.h"
#include "core/effect/codec.h"
#include "tests/flows/story.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/flow_world.h"

using namespace postern;
using fuzz::check;
using fuzz::Choices;
using fuzz::kCanary;
using testing::Flow;
using testing::World;

namespace {

constexpr int kMostEffects = 400;
constexpr int kMostRuns = 6;
// As connection-object.ts has it.
constexpr int kMostAlarmRuns = 50;
constexpr int kMostRunsWhereAllIsWell = 20;
constexpr std::string_view kOrigins[] = {"https://login.microsoftonline.com/",
                                         "https://graph.microsoft.com/",
                                         "https://management.azure.com/"};

bool has_canary(std::string_view text) {
  return text.find(kCanary) != std::string_view::npos;
}

// Neither as it is nor inside what base64url hides.
void check_no_secret(std::string_view text) {
  check(!has_canary(text));
  if (const auto inner = base64url_decode(text)) {
    check(!has_canary(*inner));
  }
}

// What one run may and may not ask for.
class Rules {
 public:
  // `object`: whose storage the run has; null in front flows, which have none. `honest`: nobody has
  // lied about what is stored since the world began.
  Rules(const testing::Object* object, std::string operation, bool* honest)
      : object_(object),
        in_authority_(object != nullptr),
        delivers_(operation == "authority.deliver"),
        operation_(std::move(operation)),
        honest_(honest) {}

  void check_effect(const Effect& effect) {
    if (const auto* log = std::get_if<Log>(&effect)) {
      check_no_secret(log->event);
      for (const auto& [name, value] : log->fields) {
        check_no_secret(value);
      }
    } else if (const auto* put = std::get_if<KvPut>(&effect)) {
      check_no_secret(put->key);
      check_no_secret(put->value);
      check(put->ttl_seconds >= 60);
    } else if (const auto* sql = std::get_if<Sql>(&effect)) {
      for (const auto& statement : sql->statements) {
        for (const auto& value : statement.parameters) {
          if (const auto* text = value.text()) {
            check_no_secret(*text);
          }
        }
      }
    } else if (const auto* commit = std::get_if<StorageCommit>(&effect)) {
      check_commit(*commit);
    } else if (const auto* fetch = std::get_if<Fetch>(&effect)) {
      check_fetch(*fetch);
    } else if (std::holds_alternative<StorageRead>(effect)) {
      check(in_authority_);
    } else if (const auto* authority = std::get_if<Authority>(&effect)) {
      check_call(*authority);
    }
  }

  // The object's own, in which other flows go on meanwhile.
  [[nodiscard]] bool delivers() const { return delivers_; }

  void lie() { *honest_ = false; }

  void saw_reply(const Effect& effect, const Reply& reply) {
    const auto* commit = std::get_if<StorageCommit>(&effect);
    const auto* done = std::get_if<StorageCommit::Reply>(&reply);
    if (commit == nullptr || done == nullptr || !*done) {
      return;
    }
    for (const auto& [key, value] : commit->puts) {
      journal_is_open_ = journal_is_open_ || key == kJournalKey || key == kSignInKey;
    }
    for (const auto& key : commit->deletes) {
      journal_is_open_ = journal_is_open_ && key != kJournalKey && key != kSignInKey;
    }
  }

  void check_outcome(const Outcome& outcome) const {
    check(outcome.status >= 200 && outcome.status <= 599);
    // The token for who asked for it; the link's own path in the form of its page.
    const bool gives_tokens = operation_ == "get_token" || operation_ == "show_consent";
    check(gives_tokens || outcome.kind == OutcomeKind::data || !has_canary(outcome.body));
    for (const auto& [name, value] : outcome.headers) {
      check(!has_canary(value));
      check(value.find_first_of("\r\n") == std::string::npos);
    }
    switch (outcome.kind) {
      case OutcomeKind::json:
        check(nlohmann::json::accept(outcome.body));
        check(outcome.body.find(fuzz::canary("refresh-")) == std::string::npos);
        break;
      case OutcomeKind::problem:
        check_problem(outcome);
        break;
      case OutcomeKind::page:
        check(!testing::header_of(outcome, "content-security-policy").empty());
        check(outcome.body.starts_with("<!doctype html>"));
        check(outcome.body.find("<script") == std::string::npos);
        break;
      case OutcomeKind::redirect: {
        const auto location = testing::header_of(outcome, "location");
        // Where somebody else wrote the row or the payload, the place to return to is his.
        check(location.starts_with(kOrigins[0]) || location.starts_with(testing::kReturnTo) ||
              !*honest_);
        break;
      }
      case OutcomeKind::data:
        check(in_authority_ &&
              (operation_ == "authority.token" || operation_ == "authority.health"));
        break;
    }
  }

 private:
  void check_commit(const StorageCommit& commit) const {
    check(in_authority_);
    for (const auto& [key, value] : commit.puts) {
      check_no_secret(value);
      // Beside the other flows only one writes, and neither writes what is the other's.
      check((key == kDeliveryKey) == delivers_);
      if (key == kRecordKey && *honest_) {
        check_version(value);
      }
    }
    for (const auto& key : commit.deletes) {
      check(key.starts_with(kEventKeyPrefix) == delivers_);
    }
    check(!delivers_ || !commit.alarm_at);
  }

  // What follows a version is a higher one, in a status that may follow.
  void check_version(const std::string& bytes) const {
    const auto next = decode_record(bytes);
    check(next.has_value());
    const auto stored = object_->storage.find(std::string(kRecordKey));
    const auto before =
        stored == object_->storage.end() ? std::nullopt : decode_record(stored->second);
    check(!before || (before->id == next->id && before->version < next->version &&
                      may_become(before->status, next->status)));
  }

  // A front calls a connection of its own organization; an alarm goes on in its own object.
  void check_call(const Authority& authority) const {
    if (!in_authority_) {
      check(authority.name.starts_with("connection:acme:") ||
            authority.operation == "authority.health");
      return;
    }
    check(authority.operation == (delivers_ ? "authority.alarm" : "authority.deliver"));
    check(delivers_ || operation_ == "authority.alarm");
    check(authority.name == fuzz::object_name() || !*honest_);
    check(!authority.restart);
  }

  // A webhook's: what is sent is an event, to where the operator said, signed and without a secret.
  void check_delivery(const Fetch& fetch) const {
    check(fetch.url == fuzz::kHook || fetch.url == fuzz::kOtherHook);
    check(fetch.method == "POST" && fetch.keep_key.empty());
    check_no_secret(fetch.body);
    check(nlohmann::json::accept(fetch.body) || !*honest_);
    std::size_t signatures = 0;
    for (const auto& [name, value] : fetch.headers) {
      check_no_secret(value);
      check(value.find_first_of("\r\n") == std::string::npos || !*honest_);
      check(name != "authorization" && name != "cookie");
      signatures += name == "webhook-signature" && value.starts_with("v1,") ? 1 : 0;
    }
    check(signatures == 1);
  }

  void check_fetch(const Fetch& fetch) const {
    if (delivers_) {
      check_delivery(fetch);
      return;
    }
    bool known = false;
    for (const auto origin : kOrigins) {
      known = known || fetch.url.starts_with(origin);
    }
    check(known);
    check(!has_canary(fetch.url));
    const bool exchanges = fetch.method == "POST";
    for (const auto& [name, value] : fetch.headers) {
      // What the host says that it opened is what was sealed, or the host lied.
      check(value.find_first_of("\r\n") == std::string::npos || !*honest_);
      check(name != "authorization" || !fetch.url.starts_with(kOrigins[0]));
    }
    // A code or a refresh token leaves from the authority alone, once its journal is written, and
    // the answer is kept.
    check(exchanges == !fetch.keep_key.empty());
    check(exchanges || fetch.body.empty());
    check(!exchanges || (in_authority_ && journal_is_open_ && fetch.url.starts_with(kOrigins[0])));
  }

  static void check_problem(const Outcome& outcome) {
    const auto json = parse_json(outcome.body);
    check(json.has_value() && json->is_object());
    const auto code = json_string(*json, "code");
    check(code.has_value() && json_boolean(*json, "success") == false);
    bool known = false;
    for (const auto& info : all_problems()) {
      known = known || (info.code == *code && info.status == outcome.status);
    }
    check(known);
  }

  const testing::Object* object_;
  bool in_authority_;
  bool delivers_;
  std::string operation_;
  bool journal_is_open_ = false;
  bool* honest_;
};

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
      // A number of events that is a lie is believed, and each of them looked for.
      if (++effects > kMostEffects && rules.delivers() && !*honest) {
        return {};
      }
      check(effects <= kMostEffects);
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
  check_no_secret(world.stored_bytes());
  return 0;
}
