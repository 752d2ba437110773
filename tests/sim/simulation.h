// One history, from its plan to its end: time, fronts, authorities, stores, the provider; the flows
// are the core's own. Deterministic: the same plan, the same mutes, the same history.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "tests/flows/host/host.h"
#include "tests/sim/chance.h"
#include "tests/sim/coverage.h"
#include "tests/sim/event_book.h"
#include "tests/sim/kv.h"
#include "tests/sim/ledger.h"
#include "tests/sim/mutation.h"
#include "tests/sim/provider.h"
#include "tests/sim/revocation_book.h"

namespace postern::sim {

// What an isolate remembers: the value, and when it ends.
using Memory = std::map<std::string, std::pair<std::string, EpochMs>>;

struct Node;

// How a run ends: with an outcome, in the authority, or (neither) in a trap.
struct Ended {
  std::optional<Outcome> outcome;
  std::optional<Authority> authority;
};

// One flow on its way.
struct Run {
  Run(std::uint64_t its_task, std::string its_name) : task(its_task), name(std::move(its_name)) {}

  testing::Flow flow;
  std::uint64_t task;
  std::string name;  // for traces
  std::uint64_t ordinal = 0;
  Node* node = nullptr;  // null in front
  int front = 0;
  int connection = 0;
  bool arm = false;  // use_resource: which one
  std::string operation;
  std::int64_t asked_version = 0;  // of the record, in its last journal
  EpochMs arrived_at = 0;          // of a demand for a token, as it truly was
  bool calm = false;
  bool alive = true;
  bool a_commit_failed = false;
  EpochMs began_with_sign_in = 0;  // whose journal was there
  bool keys_failed = false;
  std::int64_t taken_up = 0;  // Ledger::times_taken_up when it began
  bool token_request_out = false;
  // It is at the provider, or never will be; a code, which nobody sends again, overtakes nobody.
  bool token_request_there = false;
  int asked_grant = -1;    // that it refreshes
  bool straggles = false;  // it is on its way, and who sent it is dead
  bool lingers = false;    // it is on its way, and who sent it has given it up
  std::function<void(Ended)> ended;

  [[nodiscard]] Spot spot(std::uint64_t salt = 0) const {
    return {.task = task, .ordinal = ordinal * 16 + salt, .calm = calm};
  }
};

struct Job {
  std::string operation;
  Entry entry = Entry::authority;
  std::string payload;
  EpochMs arrived_at = 0;
  std::uint64_t task = 0;
  bool calm = false;
  std::vector<std::function<void(const Ended&)>> answers;
};

// A connection's object: what is stored outlives a crash, the rest does not.
struct Node {
  int connection = 0;
  testing::Object* object = nullptr;
  std::deque<std::shared_ptr<Job>> queue;
  std::map<std::shared_ptr<Run>, std::shared_ptr<Job>> running;
  std::map<std::shared_ptr<Run>, std::shared_ptr<Job>> aside;  // beside the queue
  Memory memory;
  std::uint64_t incarnation = 0;
  std::uint64_t jobs = 0;
  std::uint64_t alarm_serial = 0;
  EpochMs alarm_known = 0;
  int alarm_retries = 0;
  int repeats = 0;  // alarms in a row that did not end well
  bool ringing = false;
  bool alarm_deleted = false;  // while it rang: the platform does not ring again
  bool rings_twice = false;
  std::uint64_t rings = 0;
};

// Is anything but a scheduled refresh left to do for it?
[[nodiscard]] bool owes(const Node& node);
[[nodiscard]] bool sends(const Node& node);
[[nodiscard]] bool owes_revocation(const Node& node);
// The records of the grants that it owes the end of.
[[nodiscard]] std::vector<std::string> owed_revocations(const Node& node);
[[nodiscard]] std::optional<ConnectionRecord> record_of(const Node& node);

// A text of an answer; empty where there is none.
[[nodiscard]] std::string member_of(std::string_view json, std::string_view name);
// What stands in front of a server answers for it.
[[nodiscard]] HttpReply html(int status);

// A request from outside on its way, through its restarts.
struct Call {
  FlowInput input;
  std::uint64_t task = 0;
  std::string name;
  int front = 0;
  int connection = 0;
  bool arm = false;
  bool calm = false;
  int runs = 0;
  std::function<void(Outcome)> then;
};

struct Ending {
  std::optional<Violation> violation;
  std::vector<std::uint64_t> struck;
};

class Simulation {
 public:
  // `world`: its database is emptied and used; `trace`: null, or where the history is told.
  Simulation(testing::World& world, const Plan& plan, const Muted& muted, Mutation mutation,
             Coverage& coverage, std::string* trace);
  // Nothing else than this invariant counts.
  void count_only(int invariant) { ledger_.count_only(invariant); }
  [[nodiscard]] Ending run();

 private:
  // The last four are a vendor's.
  enum class Down : std::uint8_t { kv, d1, ring, hooks, provider, secret, consent, revocation };

  // --- time (simulation.cpp) ---
  [[nodiscard]] EpochMs now() const { return testing::World::kBeginning + mono_ + turned_; }
  void in(DurationMs delay, std::function<void()> what);
  // False: nothing is left, or it is later than `until`.
  bool step(DurationMs until);
  [[nodiscard]] static std::size_t place_of(Down what, Vendor vendor) {
    return static_cast<std::size_t>(what) * kVendors + static_cast<std::size_t>(vendor);
  }
  [[nodiscard]] bool is_down(Down what, Vendor vendor = Vendor::azure) const {
    return !chance_.is_calm() && mono_ < down_until_[place_of(what, vendor)];
  }
  void act(const Action& action);
  void act_on_world(const Action& action);
  void lose_storage(Node& node);
  void tell(std::string_view who, std::string_view what);
  [[nodiscard]] int ring_generation(std::uint64_t isolate) const;

  // --- the end (ending.cpp) ---
  void settle();
  void check_end();
  // Steps until nothing of that kind is left, at most so long.
  bool wait_for(DurationMs most, const std::function<bool(const Node&)>& is_done);
  void check_connection(Node& node);
  // One for what is meant where nothing is named, which its provider takes.
  [[nodiscard]] bool has_live_token(const ConnectionRecord& record) const;
  void check_stores();
  void check_tombstones();
  void check_schedule();
  void check_kept(const Node& node);
  void pass(DurationMs duration);
  [[nodiscard]] std::string check_serves(int connection, bool arm);
  [[nodiscard]] bool can_be_used(const Action& action);

  // --- runs (run.cpp) ---
  void start(const std::shared_ptr<Run>& run, FlowInput input);
  void advance(std::shared_ptr<Run> run, Step step);
  void deliver(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Reply reply);
  void finish(const std::shared_ptr<Run>& run, Ended end);
  bool dies(const std::shared_ptr<Run>& run, Fault fault);
  // The flow dies of what it is told; its object lives on.
  bool traps(const std::shared_ptr<Run>& run);
  [[nodiscard]] FlowInput input_of(std::string_view operation, Entry entry, std::uint64_t task,
                                   int number) const;

  // --- effects (effects.cpp, token_endpoint.cpp) ---
  // An answer at once, or later by deliver().
  std::optional<Reply> carry_out(const std::shared_ptr<Run>& run, const IssuedEffect& issued);
  Reply commit(const std::shared_ptr<Run>& run, StorageCommit effect);
  Reply read_storage(const std::shared_ptr<Run>& run, const StorageRead& effect);
  // For mutations.
  [[nodiscard]] std::string account_forgotten(std::string key) const;
  std::optional<Reply> memory(const std::shared_ptr<Run>& run, const Effect& effect);
  Reply seal_or_open(const std::shared_ptr<Run>& run, const Effect& effect);
  void log(const Run& run, const Log& effect);
  void kv_get(const std::shared_ptr<Run>& run, const IssuedEffect& issued);
  void kv_write(const std::shared_ptr<Run>& run, const IssuedEffect& issued);
  void land_late(std::function<void()>& write);
  void sql(const std::shared_ptr<Run>& run, const IssuedEffect& issued);
  void note_others(int connection, const Sql& effect, std::vector<SqlOutcome>& outcomes);
  void fetch(const std::shared_ptr<Run>& run, const IssuedEffect& issued);
  void fetch_keys(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Vendor vendor);
  void fetch_resource(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Target target);
  [[nodiscard]] std::optional<Fetch::Reply> identity_fault(const std::shared_ptr<Run>& run);
  void fetch_revocation(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Vendor vendor);
  void fetch_token(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Vendor vendor);
  // How long a request takes to the provider, and its answer back.
  struct Ways {
    DurationMs there = 0;
    DurationMs back = 0;
  };
  [[nodiscard]] Consent consent() const;
  [[nodiscard]] Provider::Request request_of(const IssuedEffect& issued, Vendor vendor) const;
  void fetch_token_late(const std::shared_ptr<Run>& run, const IssuedEffect& issued, Vendor vendor,
                        Ways ways);
  void token_arrives(const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                     Fetch::Reply reply, std::optional<RefreshPlace> issued_tokens);
  void fetch_webhook(const std::shared_ptr<Run>& run, const IssuedEffect& issued);
  void may_die_within(DurationMs delay, const std::shared_ptr<Run>& run);
  void answer_in(DurationMs delay, const std::shared_ptr<Run>& run, const IssuedEffect& issued,
                 Reply reply);
  bool strikes(Fault fault, const Spot& spot);
  [[nodiscard]] Memory& memory_of(const Run& run);
  [[nodiscard]] std::uint64_t isolate_of(const Run& run) const;

  // --- authorities (authority.cpp) ---
  [[nodiscard]] std::string title_of(const Node& node) const;
  void enqueue(Node& node, const std::string& operation, Entry entry, std::string payload,
               std::uint64_t task, bool calm, std::function<void(const Ended&)> answer);
  void work(Node& node);
  [[nodiscard]] bool may_begin(Node& node, const Job& job);
  void begin_job(Node& node, const std::shared_ptr<Job>& job, bool aside);
  void job_ended(Node& node, const std::shared_ptr<Job>& job, const Ended& ended);
  void count_decision(const Node& node, const Job& job);
  void crash(Node& node);
  void watch_alarm(Node& node);
  void alarm_is_due(Node& node, const Spot& spot);
  void ring(Node& node);
  // The `number`-th flow of one alarm.
  void ring_on(Node& node, const std::string& operation, std::string payload, int number);
  void rang(Node& node, const Ended& ended, const std::string& operation);

  // --- fronts (front.cpp) ---
  void call(const std::shared_ptr<Call>& call);
  void start_call(const std::shared_ptr<Call>& call);
  void ask_authority(const std::shared_ptr<Call>& call, const Authority& authority);
  std::shared_ptr<Call> rpc(const Action& action, std::string_view operation, std::string body,
                            std::uint64_t part);
  enum class More : std::uint8_t { nothing, claims, guest };
  [[nodiscard]] More more_of(const Action& action, std::uint64_t part) const;
  void get_token(const Action& action, std::uint64_t part, std::function<void(Outcome)> then);
  // A caller uses the provider's API, through Postern where that can, and otherwise by itself: what
  // is refused it asks to be refreshed. `then`: the status in the end.
  void use_resource(const Action& action, std::uint64_t part, std::function<void(int)> then);
  void use_token(const Action& action, std::uint64_t part, std::function<void(int)> then);
  void roll_back(const Action& action);
  void redeliver(const Action& action);
  void sign_in(const Action& action);
  void sign_in_at_provider(const Action& action, const Outcome& begun);
  void come_back(const Action& action, const std::string& query, const std::string& cookie);
  void confirm(const Action& action, const Outcome& returned);

  struct Event {
    DurationMs at;
    std::uint64_t order;
    std::shared_ptr<std::function<void()>> what;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  testing::World& world_;
  const Plan& plan_;
  const Mutation mutation_;
  Coverage& coverage_;
  std::string* trace_;
  Chance chance_;
  Provider provider_;
  Ledger ledger_;
  EventBook events_book_;
  RevocationBook revocations_;
  Kv kv_;
  DurationMs mono_ = 0;
  DurationMs turned_ = 0;  // how far the clocks were turned forward
  std::uint64_t order_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t broken_at_ = 0;
  std::priority_queue<Event> events_;
  std::array<DurationMs, 8 * kVendors> down_until_{};
  // Of a vendor that is down: Azure's ARM alone, or the others' API without their token endpoint.
  std::array<bool, kVendors> only_a_part_is_down_{};
  int revocations_on_their_way_ = 0;
  bool only_arm_needs_consent_ = false;
  Wording wording_ = Wording::interaction_required;
  std::array<bool, kVendors> itself_{};  // whose server it is
  std::vector<std::shared_ptr<std::function<void()>>> late_writes_;
  std::vector<DurationMs> ring_turns_;
  std::vector<Node> nodes_;
  std::array<Memory, kFronts> fronts_;
  std::map<std::string, int> connection_of_;
  std::string environment_;
  std::string environment_with_secrets_;
};

}  // namespace postern::sim
