#include "tests/sim/plan.h"

#include <algorithm>

#include "core/base/text.h"
#include "tests/sim/dice.h"

namespace postern::sim {

namespace {

constexpr std::array<std::string_view, kFaults> kFaultNames = {"crash_before",
                                                               "crash_after",
                                                               "crash_waiting",
                                                               "trap",
                                                               "kv_read_fails",
                                                               "kv_read_times_out",
                                                               "kv_write_fails",
                                                               "kv_write_fails_done",
                                                               "kv_write_late",
                                                               "kv_write_never",
                                                               "d1_fails",
                                                               "d1_fails_done",
                                                               "d1_times_out",
                                                               "d1_times_out_done",
                                                               "storage_fails",
                                                               "keep_fails",
                                                               "alarm_late",
                                                               "alarm_twice",
                                                               "token_request_lost",
                                                               "token_request_late",
                                                               "token_answer_lost",
                                                               "token_slow",
                                                               "token_slow_done",
                                                               "token_5xx",
                                                               "token_5xx_done",
                                                               "token_429",
                                                               "token_html",
                                                               "token_html_done",
                                                               "token_cut_done",
                                                               "token_odd_done",
                                                               "resource_401",
                                                               "resource_5xx",
                                                               "keys_fail",
                                                               "profile_slow",
                                                               "profile_refused",
                                                               "profile_odd",
                                                               "revocation_5xx",
                                                               "revocation_refused",
                                                               "revocation_lost",
                                                               "revocation_late",
                                                               "revocation_answer_lost",
                                                               "caller_hangs_up",
                                                               "message_lost",
                                                               "hook_refuses",
                                                               "hook_lost",
                                                               "hook_answer_lost"};
constexpr std::array<std::string_view, kDeeds> kDeedNames = {
    "get_token",     "refresh",         "use_resource",  "describe",    "sign_in",
    "disconnect",    "revoke_grant",    "lose_storage",  "turn_ring",   "jump_clock",
    "kv_down",       "d1_down",         "provider_down", "ring_broken", "secret_wrong",
    "needs_consent", "revocation_down", "hooks_down",    "crash",       "rollback",
    "list_events",   "redeliver"};

struct Odds {
  Deed deed;
  int weight;
};
constexpr Odds kOdds[] = {
    {Deed::get_token, 100},   {Deed::refresh, 22},        {Deed::use_resource, 16},
    {Deed::describe, 4},      {Deed::sign_in, 26},        {Deed::disconnect, 12},
    {Deed::revoke_grant, 4},  {Deed::lose_storage, 2},    {Deed::turn_ring, 4},
    {Deed::jump_clock, 12},   {Deed::kv_down, 4},         {Deed::d1_down, 4},
    {Deed::provider_down, 4}, {Deed::ring_broken, 1},     {Deed::secret_wrong, 4},
    {Deed::needs_consent, 3}, {Deed::revocation_down, 3}, {Deed::crash, 6},
    {Deed::hooks_down, 4},    {Deed::rollback, 4},        {Deed::list_events, 1},
    {Deed::redeliver, 2}};

Deed pick_deed(Dice& dice) {
  int total = 0;
  for (const auto& odds : kOdds) {
    total += odds.weight;
  }
  auto left = dice.below(total);
  for (const auto& odds : kOdds) {
    left -= odds.weight;
    if (left < 0) {
      return odds.deed;
    }
  }
  return Deed::get_token;
}

DurationMs pick_gap(Dice& dice) {
  const auto kind = dice.below(100);
  if (kind < 50) {
    return dice.between(0, 300);
  }
  if (kind < 70) {
    return dice.between(300, 8 * kSecondMs);
  }
  if (kind < 88) {
    return dice.between(8 * kSecondMs, 150 * kSecondMs);
  }
  return dice.between(3 * kMinuteMs, 70 * kMinuteMs);
}

bool revokes(const Owner& owner) {
  return facts_of(owner.vendor).revokes;
}

// Long enough for a webhook, or a revocation, to be given up. What rings all the time would ring
// all the while.
bool has_long_night(const Plan& plan, Dice& dice) {
  const bool rings_often = std::ranges::any_of(plan.owners, [&](const Owner& owner) {
    return plan.settings.of(owner.vendor).rings_often();
  });
  const bool matters = plan.settings.has_webhooks || std::ranges::any_of(plan.owners, revokes);
  return matters && !rings_often && dice.percent(6);
}

void add_night(Plan& plan, std::uint64_t& id, DurationMs& at, Dice& dice) {
  DurationMs lasts = 30 * kHourMs;
  if (plan.settings.has_webhooks) {
    lasts = 4 * kDayMs;
    plan.actions.push_back({.id = id++, .at = at, .deed = Deed::hooks_down, .amount = lasts});
  }
  for (int connection = 0; connection < static_cast<int>(plan.owners.size()); ++connection) {
    if (!revokes(plan.owner(connection))) {
      continue;
    }
    plan.actions.push_back({.id = id++,
                            .at = at,
                            .deed = Deed::revocation_down,
                            .connection = connection,
                            .amount = lasts});
    // Ended, connected anew, and ended again.
    constexpr Deed kDeeds[] = {Deed::disconnect, Deed::sign_in, Deed::disconnect};
    auto then = at + 1;
    for (const auto deed : kDeeds) {
      if (!dice.percent(60)) {
        break;
      }
      plan.actions.push_back({.id = id++,
                              .at = then,
                              .deed = deed,
                              .connection = connection,
                              .amount = plan.owner(connection).person,
                              .allow_other = true});
      then += dice.between(kMinuteMs, 5 * kHourMs);
    }
  }
  at += lasts + dice.between(0, kHourMs);
}

// Who thinks better of it; and whoever leaves, whose connections are ended together.
void add_after_disconnect(Plan& plan, const Action& after, std::uint64_t& id, Dice& dice) {
  if (dice.percent(20)) {
    plan.actions.push_back({.id = id++,
                            .at = after.at + dice.between(0, 5 * kSecondMs),
                            .deed = Deed::sign_in,
                            .connection = after.connection,
                            .front = after.front,
                            .amount = plan.owner(after.connection).person});
  } else if (dice.percent(30)) {
    for (int other = 0; other < static_cast<int>(plan.owners.size()); ++other) {
      if (other != after.connection && plan.vendor(other) == plan.vendor(after.connection)) {
        plan.actions.push_back({.id = id++,
                                .at = after.at + dice.between(0, 300),
                                .deed = Deed::disconnect,
                                .connection = other,
                                .front = after.front});
      }
    }
  }
}

Settings make_settings(Dice& dice) {
  Settings settings;
  for (const auto vendor : kEveryVendor) {
    settings.providers[static_cast<std::size_t>(vendor)] = make_provider_settings(vendor, dice);
  }
  settings.versions_kept = dice.percent(50) ? -1 : dice.between(0, 5);
  settings.has_webhooks = dice.percent(40);
  for (auto& staleness : settings.staleness) {
    staleness = dice.percent(30) ? 0 : dice.between(1, 120) * kSecondMs;
  }
  // A few things go wrong at a time, some of them often: what goes wrong always alike hides the
  // rest.
  const auto storminess = dice.below(4) * 12;
  for (auto& per_mille : settings.per_mille) {
    if (dice.percent(storminess)) {
      constexpr int kRates[] = {5, 20, 60, 250};
      per_mille = kRates[dice.below(4)];
    }
  }
  for (const auto fault :
       {Fault::crash_before, Fault::crash_after, Fault::crash_waiting, Fault::trap}) {
    auto& rate = settings.per_mille[static_cast<std::size_t>(fault)];
    rate = rate > 20 ? rate / 4 : rate;  // at every boundary: there are many
  }
  return settings;
}

}  // namespace

std::string_view name_of(Fault fault) {
  return kFaultNames[static_cast<std::size_t>(fault)];
}
std::string_view name_of(Deed deed) {
  return kDeedNames[static_cast<std::size_t>(deed)];
}

bool Plan::uses(Vendor vendor) const {
  return std::ranges::contains(owners, vendor, &Owner::vendor);
}

Plan make_plan(std::uint64_t seed) {
  Dice dice(mix(seed, 0x706c616eULL));
  Plan plan{.seed = seed, .settings = make_settings(dice), .owners = {}, .actions = {}};
  plan.owners = make_owners(dice);
  DurationMs at = 0;
  std::uint64_t id = 1;
  const int connections = static_cast<int>(std::ssize(plan.owners));
  for (int connection = 0; connection < connections; ++connection) {
    // Mostly they are connected when the history begins.
    plan.actions.push_back({.id = id++,
                            .at = at,
                            .deed = Deed::sign_in,
                            .connection = connection,
                            .front = static_cast<int>(dice.below(kFronts)),
                            .amount = plan.owner(connection).person,
                            .calm = dice.percent(85)});
    at += dice.between(0, 5 * kSecondMs);
  }
  at += 10 * kSecondMs;
  const auto count = dice.between(4, 34);
  const auto night = has_long_night(plan, dice) ? dice.below(count) : -1;
  for (std::int64_t i = 0; i < count; ++i) {
    at += pick_gap(dice);
    if (i == night) {
      add_night(plan, id, at, dice);
    }
    Action action{.id = id++,
                  .at = at,
                  .deed = pick_deed(dice),
                  .connection = static_cast<int>(dice.below(connections)),
                  .front = static_cast<int>(dice.below(kFronts))};
    action.arm = dice.percent(30) && plan.vendor(action.connection) == Vendor::azure;
    switch (action.deed) {
      case Deed::get_token:
        action.amount = dice.percent(25) ? dice.between(1, 5000) : 0;
        break;
      case Deed::sign_in:
        action.amount = dice.percent(75) ? plan.owner(action.connection).person : dice.below(4);
        action.by_backend = dice.percent(25);
        action.allow_other = dice.percent(60);
        break;
      case Deed::jump_clock:
        action.amount = dice.percent(50) ? dice.between(kSecondMs, 10 * kMinuteMs)
                                         : dice.between(kMinuteMs, 5 * kHourMs);
        break;
      case Deed::rollback:
      case Deed::redeliver:
        action.amount = dice.below(8);
        break;
      case Deed::needs_consent:
        action.amount = dice.percent(50) ? dice.between(kSecondMs, 10 * kMinuteMs)
                                         : dice.between(kMinuteMs, 3 * kHourMs);
        break;
      case Deed::hooks_down:
      case Deed::revocation_down:
        action.amount = dice.between(kMinuteMs, 90 * kMinuteMs);
        break;
      case Deed::kv_down:
      case Deed::d1_down:
      case Deed::provider_down:
      case Deed::secret_wrong:
      case Deed::ring_broken:
        action.amount = dice.percent(70) ? dice.between(kSecondMs, 90 * kSecondMs)
                                         : dice.between(kMinuteMs, 20 * kMinuteMs);
        break;
      default:
        break;
    }
    plan.actions.push_back(action);
    if (action.deed == Deed::disconnect) {
      add_after_disconnect(plan, action, id, dice);
    }
  }
  return plan;
}

std::string describe(const Plan& plan) {
  const auto& settings = plan.settings;
  std::string text;
  for (const auto vendor : kEveryVendor) {
    if (plan.uses(vendor)) {
      text += std::string(name_of(vendor)) + ": " + describe(settings.of(vendor)) + "\n";
    }
  }
  for (const auto& owner : plan.owners) {
    text += describe(owner) + ", person " + to_decimal(owner.person) + "\n";
  }
  if (settings.versions_kept >= 0) {
    text += to_decimal(settings.versions_kept) + " versions kept\n";
  }
  return text + (settings.has_webhooks ? "webhooks\n" : "");
}

std::string describe(const Plan& plan, const Action& action) {
  std::string text = std::string(name_of(action.deed)) + " ";
  text += describe(plan.owner(action.connection));
  if (action.deed == Deed::sign_in) {
    text += " as person " + to_decimal(action.amount) +
            (action.by_backend ? ", confirmed by the backend" : "") +
            (action.allow_other ? ", any account" : "");
  } else if (action.arm) {
    text += " arm";
  }
  if (action.deed == Deed::rollback || action.deed == Deed::redeliver) {
    text += " number " + to_decimal(action.amount);
  } else if (action.amount != 0 && action.deed != Deed::sign_in) {
    text += " " + (action.deed == Deed::get_token
                       ? "for at least " + to_decimal(action.amount) + " s"
                       : "by " + to_decimal(action.amount / kSecondMs) + " s");
  }
  return text + " at front " + to_decimal(action.front);
}

}  // namespace postern::sim
