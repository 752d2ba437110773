#include "tests/sim/simulation.h"

#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/fields.h"
#include "core/base/text.h"
#include "core/flow/integration/resolve.h"
#include "tests/sim/settings.h"

namespace postern::sim {

namespace {

// How long the isolates take, one after the other, to learn of a new key.
constexpr DurationMs kRollOutMs = 30 * kSecondMs;
// A history takes some hundreds, and where tokens are kept fresh some thousands.
constexpr std::uint64_t kMostSteps = 100'000;
constexpr std::uint64_t kMostBrokenSteps = 1'000;

std::string fields_of(const std::map<std::string, std::string>& variables,
                      const std::map<std::string, std::string>& more) {
  FieldWriter out;
  for (const auto* map : {&variables, &more}) {
    for (const auto& [name, value] : *map) {
      out.text(name).text(value);
    }
  }
  return out.take();
}

}  // namespace

Simulation::Simulation(testing::World& world, const Plan& plan, const Muted& muted,
                       Mutation mutation, Coverage& coverage, std::string* trace)
    : world_(world),
      plan_(plan),
      mutation_(mutation),
      coverage_(coverage),
      trace_(trace),
      chance_(plan, muted),
      provider_(plan),
      ledger_(plan, provider_, world, coverage),
      events_book_(plan, coverage,
                   [this](std::string text) { ledger_.violated(7, std::move(text)); }),
      revocations_(plan, provider_, ledger_, coverage),
      kv_(plan) {
  world_.clear();
  configure(world_, plan);
  environment_ = fields_of(world_.environment, {});
  environment_with_secrets_ = fields_of(world_.environment, world_.secrets);
  FlowContext context;
  context.input.environment = Environment(environment_);
  for (const auto* provider : providers()) {
    for (const auto vendor : kEveryVendor) {
      itself_[static_cast<std::size_t>(vendor)] =
          plan.settings.of(vendor).declared == Declared::itself;
      if (provider->integration != name_of(vendor)) {
        continue;
      }
      if (const auto rules = grant_rules(
              {.context = &context, .name = std::string(name_of(vendor)), .provider = provider})) {
        ledger_.set_policy(vendor, rules->policy);
      }
    }
  }
  nodes_.resize(plan.owners.size());
  for (int connection = 0; connection < static_cast<int>(nodes_.size()); ++connection) {
    const auto name = connection_key(id_of(plan.owner(connection)));
    connection_of_[name] = connection;
    auto& node = nodes_[static_cast<std::size_t>(connection)];
    node.connection = connection;
    node.object = &world_.objects[name];
  }
}

void Simulation::tell(std::string_view who, std::string_view what) {
  if (trace_ == nullptr) {
    return;
  }
  auto time = to_decimal(mono_);
  time.insert(0, time.size() < 9 ? 9 - time.size() : 0, ' ');
  *trace_ += time + " ms  " + std::string(who) + " | " + std::string(what) + "\n";
}

void Simulation::in(DurationMs delay, std::function<void()> what) {
  events_.push({.at = mono_ + std::max<DurationMs>(delay, 0),
                .order = order_++,
                .what = std::make_shared<std::function<void()>>(std::move(what))});
}

bool Simulation::step(DurationMs until) {
  if (events_.empty() || events_.top().at > until || ledger_.violation()) {
    return false;
  }
  // A world that is broken in another way than the one that counts may never come to an end.
  if (ledger_.is_broken() && broken_at_ == 0) {
    broken_at_ = steps_ + 1;
  }
  if (broken_at_ != 0 && steps_ > broken_at_ + kMostBrokenSteps) {
    return false;
  }
  if (++steps_ > kMostSteps) {
    ledger_.violated(5, "it never comes to rest");
    return false;
  }
  const auto event = events_.top();
  events_.pop();
  mono_ = event.at;
  world_.now = now();
  (*event.what)();
  return true;
}

int Simulation::ring_generation(std::uint64_t isolate) const {
  int generation = 0;
  for (std::size_t turn = 0; turn < ring_turns_.size(); ++turn) {
    const auto learns = Dice(mix(plan_.seed, isolate, turn)).between(0, kRollOutMs);
    generation += chance_.is_calm() || mono_ >= ring_turns_[turn] + learns ? 1 : 0;
  }
  return generation;
}

void Simulation::act(const Action& action) {
  tell("action " + to_decimal(static_cast<std::int64_t>(action.id)), describe(plan_, action));
  coverage_.count("action", name_of(action.deed));
  const auto user = "{" + name_json(plan_.owner(action.connection));
  switch (action.deed) {
    case Deed::get_token:
      get_token(action, 1, [](const Outcome&) {});
      break;
    case Deed::refresh:
      call(rpc(action, "refresh",
               user + R"(,"resource":")" +
                   std::string(api_of(plan_.vendor(action.connection), action.arm)) + "\"}",
               1));
      break;
    case Deed::use_resource:
      use_resource(action, 1, [](int) {});
      break;
    case Deed::describe:
      call(rpc(action, "get_connection", user + "}", 1));
      break;
    case Deed::disconnect: {
      auto request = rpc(action, "disconnect", user + "}", 1);
      request->then = [this](const Outcome& outcome) {
        coverage_.count("disconnect", to_decimal(outcome.status));
      };
      call(request);
      break;
    }
    case Deed::sign_in:
      sign_in(action);
      break;
    case Deed::rollback:
      roll_back(action);
      break;
    case Deed::list_events:
      call(rpc(action, "list_events", "{}", 1));
      break;
    case Deed::redeliver:
      redeliver(action);
      break;
    default:
      act_on_world(action);
  }
}

void Simulation::act_on_world(const Action& action) {
  auto& node = nodes_[static_cast<std::size_t>(action.connection)];
  const auto vendor = plan_.vendor(action.connection);
  const auto down = [&](Down what) {
    const bool is_a_vendors = what >= Down::provider;
    auto& until = down_until_[place_of(what, is_a_vendors ? vendor : Vendor::azure)];
    until = std::max(until, mono_ + action.amount);
  };
  switch (action.deed) {
    case Deed::revoke_grant:
      if (const auto grant = ledger_.grant_of(action.connection); grant >= 0) {
        provider_.revoked_by_person(grant);
      }
      break;
    case Deed::lose_storage:
      lose_storage(node);
      break;
    case Deed::turn_ring:
      ring_turns_.push_back(mono_);
      break;
    case Deed::jump_clock:
      if (ledger_.is_asking() || revocations_on_their_way_ > 0) {
        // In the middle of a sign-in the provider's clock and ours would not agree; nor would
        // anybody know how long a request has been on its way.
        in(kSecondMs, [this, &action] { act_on_world(action); });
        break;
      }
      // What was on its way arrives in that time.
      for (auto& write : late_writes_) {
        land_late(*write);
      }
      late_writes_.clear();
      turned_ += action.amount;
      world_.now = now();
      for (auto& each : nodes_) {
        each.alarm_known = -1;  // it is due earlier now
        watch_alarm(each);
      }
      break;
    case Deed::kv_down:
      down(Down::kv);
      break;
    case Deed::d1_down:
      down(Down::d1);
      break;
    case Deed::provider_down:
      down(Down::provider);
      only_a_part_is_down_[static_cast<std::size_t>(vendor)] = action.id % 2 == 0;
      break;
    case Deed::ring_broken:
      down(Down::ring);
      break;
    case Deed::secret_wrong:
      down(Down::secret);
      break;
    case Deed::needs_consent:
      down(Down::consent);
      only_arm_needs_consent_ = action.id % 2 == 0;
      wording_ = static_cast<Wording>(action.id / 2 % kWordings);
      break;
    case Deed::revocation_down:
      down(Down::revocation);
      break;
    case Deed::hooks_down:
      down(Down::hooks);
      break;
    case Deed::crash:
      crash(node);
      break;
    default:
      break;
  }
}

// The object is there again with nothing in it. What the backups do not have is gone: that is
// counted, and held against nobody.
void Simulation::lose_storage(Node& node) {
  auto& storage = node.object->storage;
  const bool owes = std::ranges::any_of(
      std::array{kJournalKey, kSignInKey, kOutboxKey, kPendingKey, kRecoveredKey},
      [&](std::string_view key) { return storage.contains(std::string(key)); });
  const bool sends = std::ranges::any_of(
      storage, [](const auto& row) { return row.first.starts_with(kEventKeyPrefix); });
  coverage_.count("storage_lost", owes ? "with_what_was_owed" : "at_rest");
  storage.clear();
  node.object->alarm_at = 0;
  ledger_.storage_lost(node.connection, !owes);
  events_book_.storage_lost(node.connection, owes || sends);
  revocations_.storage_lost(node.connection);
  crash(node);
}

Ending Simulation::run() {
  DurationMs last = 0;
  for (const auto& action : plan_.actions) {
    in(action.at, [this, &action] { act(action); });
    last = std::max(last, action.at);
  }
  while (step(last + 30 * kSecondMs)) {
  }
  if (!ledger_.violation()) {
    settle();
  }
  if (!ledger_.violation()) {
    check_end();
  }
  ledger_.count_fates();
  return {.violation = ledger_.violation(), .struck = chance_.struck()};
}

}  // namespace postern::sim
