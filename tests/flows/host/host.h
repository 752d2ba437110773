// A host of the core in memory: what the Worker, its isolate, KV, D1, the connection objects and
// the internet are in production. Deterministic: the clock stands unless it is moved, random bytes
// count up, and whatever fails, fails because somebody asked for it.
//
//   World   everything that outlives a request; carries out one effect
//   Flow    one run of one operation, step by step: a simulator interleaves several of them
//   Host    one request from its entry to its outcome, through the authority and back (front.ts,
//           connection-object.ts)
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/effect/effects.h"
#include "core/flow/frame/input.h"
#include "core/flow/frame/outcome.h"
#include "core/operation/run.h"
#include "tests/flows/host/database.h"
#include "tests/flows/host/wire.h"

namespace postern::testing {

// A connection object (Durable Object).
struct Object {
  std::map<std::string, std::string> storage;
  EpochMs alarm_at = 0;  // 0: none
  int incarnation = 1;
};

// How every sealed value begins.
inline constexpr std::string_view kSealedPrefix = "sealed#";

struct World {
  static constexpr EpochMs kBeginning = 1'767'323'045'000;  // 2026-01-02T03:04:05Z
  World();

  EpochMs now = kBeginning;
  std::map<std::string, std::string> environment;  // every flow's
  std::map<std::string, std::string> secrets;      // the authority's besides
  std::map<std::string, std::string> kv;
  std::map<std::string, std::int64_t> kv_ttl;  // of the last put
  Database d1;
  std::map<std::string, Object> objects;
  std::vector<Log> logs;
  bool refuses_pauses = false;
  // The isolate's memory, with the time of each entry's end.
  std::map<std::string, std::pair<std::string, EpochMs>> memory;

  // What the provider and its APIs answer.
  std::function<Fetch::Reply(const Fetch&)> internet;
  // Does this signature hold?
  std::function<bool(const VerifySignature&)> signature;
  // A fault instead of the effect; nullopt: it is carried out.
  std::function<std::optional<HostFault>(const Effect&)> weather;

  // Carries it out; `object` is null in front flows, which have no storage.
  [[nodiscard]] Reply carry_out(const Effect& effect, Object* object);

  // The next random bytes: 00, 01, 02, …
  [[nodiscard]] std::string entropy(std::size_t count);
  // Sealed values are names of entries in a vault: nothing of the plaintext is in them.
  [[nodiscard]] std::string seal(std::string_view org, std::string_view context,
                                 std::string_view plaintext);
  [[nodiscard]] std::optional<std::string> open(std::string_view org, std::string_view context,
                                                std::string_view sealed) const;
  // No signature: a name for one, the same whenever the same key signs the same data by the same
  // algorithm. Any key is taken for a good one.
  [[nodiscard]] Sign::Reply fake_signature(const Sign& effect) const;
  // As another isolate sees the world.
  void forget_memory() { memory.clear(); }
  // Every byte that is stored or logged anywhere but in the isolate's memory.
  [[nodiscard]] std::string stored_bytes();
  // What was sealed so far: none of it may be among the stored bytes.
  [[nodiscard]] std::vector<std::string> sealed_plaintexts() const;
  // Back to the beginning, D1 included; functions stay.
  void clear();

 private:
  struct Sealed {
    std::string org;
    std::string context;
    std::string plaintext;
  };
  std::vector<Sealed> vault_;
  std::size_t entropy_used_ = 0;

  Reply fetch(const Fetch& effect, Object* object);
  [[nodiscard]] std::string environment_fields(bool with_secrets) const;
  friend class Host;
};

// One run, and the bytes that cross.
class Flow {
 public:
  // Called with each crossing: the bytes that went in, the step and the bytes that came out.
  using Listener =
      std::function<void(bool is_start, std::string_view in, Step step, std::string_view out)>;
  explicit Flow(Listener listener = {}) : listener_(std::move(listener)) {}

  Step start(const FlowInput& input);
  Step resume(EpochMs now, const std::vector<Answer>& answers);
  Step resume_bytes(std::string_view replies);

  [[nodiscard]] Step step() const { return step_; }
  // The effects that the last step asked for.
  [[nodiscard]] const std::vector<IssuedEffect>& issued() const { return issued_; }
  [[nodiscard]] const std::optional<Outcome>& outcome() const { return outcome_; }

 private:
  Step take(bool is_start, std::string_view in, Step step);

  Listener listener_;
  Run run_;
  Step step_ = Step::stuck;
  std::vector<IssuedEffect> issued_;
  std::optional<Outcome> outcome_;
};

// Sees everything that happens, for traces.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void began(const FlowInput&) {}
  virtual void asked(const IssuedEffect&) {}
  virtual void answered(const IssuedEffect&, const Reply&) {}
  virtual void crashed(bool /*object_survives*/) {}
  virtual void ended(const Outcome&) {}
  virtual void crossed(bool /*is_start*/, std::string_view /*in*/, Step, std::string_view /*out*/) {
  }
};

struct Request {
  std::string operation;
  Entry entry = Entry::http;
  std::vector<std::pair<std::string, std::string>> path;
  std::string query;
  std::string body;
  std::vector<Header> headers;
  std::string org;          // Entry::rpc: the binding's props
  std::string permissions;  // Entry::rpc
};

// The order in which the effects of one step are answered.
enum class Order { as_asked, reversed, one_by_one, last_first_one_by_one };

class Host {
 public:
  explicit Host(World& world, Observer* observer = nullptr) : world(world), observer_(observer) {}

  World& world;
  Order order = Order::as_asked;
  // The authority's object dies when it comes to the effect: before it is carried out, or after,
  // when the answer would be handed to the flow.
  std::function<bool(const Effect&, bool carried_out)> crash;
  // Not the object dies then, but its flow alone: of a trap.
  bool object_survives = false;

  // A request from outside.
  Outcome call(const Request& request);
  // The platform rings an object's alarm.
  Outcome ring(const std::string& object_name);
  // An operation of the authority, as its own object runs it.
  Outcome run_authority(const std::string& object_name, const std::string& operation,
                        const std::string& payload, Entry entry = Entry::authority);

 private:
  struct Ended {
    std::optional<Outcome> outcome;      // it ended
    std::optional<Authority> authority;  // or it goes on in the authority
  };
  Ended drive(const FlowInput& input, Object* object);
  void die(Object& object);
  [[nodiscard]] FlowInput input_of(const std::string& operation, Entry entry) const;

  Observer* observer_;
};

[[nodiscard]] inline Outcome host_problem(ProblemCode code) {
  return problem_outcome(problem(code));
}

}  // namespace postern::testing
