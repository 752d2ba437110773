#include "tests/sim/provider_settings.h"

#include <array>

#include "core/base/text.h"

namespace postern::sim {

namespace {

constexpr std::array<std::string_view, 5> kReplayNames = {
    "not_rotated", "old_stays_valid", "reuse_leeway", "single_use", "family_revocation"};
constexpr std::array<std::string_view, 3> kDeclaredNames = {"taken for itself", "as declared",
                                                            "taken for single use"};
constexpr std::array<std::string_view, 4> kScheduleNames = {"", "on_demand", "keep_alive",
                                                            "keep_fresh"};

void make_schedule(ProviderSettings& settings, Dice& dice) {
  constexpr Schedule kSchedules[] = {Schedule::absent, Schedule::absent, Schedule::on_demand,
                                     Schedule::keep_alive, Schedule::keep_fresh};
  settings.schedule = kSchedules[dice.below(5)];
  constexpr std::int64_t kAheads[] = {600, 1200, 14'400};
  settings.ahead_seconds = kAheads[dice.below(3)];
  settings.idle_seconds = dice.percent(35) ? dice.between(60, 360) * 60 : 0;
  settings.grant_seconds = dice.percent(20) ? dice.between(60, 720) * 60 : 0;
  settings.limits_declared = dice.percent(75);
}

// What the vendor's documentation says of its own service.
void make_it_itself(ProviderSettings& settings, Vendor vendor, Dice& dice) {
  settings.declared = Declared::itself;
  if (vendor == Vendor::github) {
    settings.replay = Replay::single_use;
    settings.refresh_ends_access_tokens = true;
    settings.omits_refresh_token = 0;
    settings.lifetime_seconds = dice.percent(50) ? 28'800 : settings.lifetime_seconds;
  } else if (vendor == Vendor::google) {
    settings.replay = Replay::not_rotated;
    settings.refresh_ends_access_tokens = false;
    settings.omits_refresh_token = 100;
  }
}

}  // namespace

std::string_view name_of(Replay replay) {
  return kReplayNames[static_cast<std::size_t>(replay)];
}
std::string_view name_of(Declared declared) {
  return kDeclaredNames[static_cast<std::size_t>(declared)];
}
std::string_view name_of(Schedule schedule) {
  return kScheduleNames[static_cast<std::size_t>(schedule)];
}

bool may_be_itself(Vendor vendor, Replay replay) {
  switch (vendor) {
    case Vendor::azure:
      return replay == Replay::not_rotated || replay == Replay::old_stays_valid;
    case Vendor::github:
      return replay == Replay::single_use;
    case Vendor::google:
      return replay == Replay::not_rotated;
  }
  return false;
}

ProviderSettings make_provider_settings(Vendor vendor, Dice& dice) {
  ProviderSettings settings;
  settings.replay = static_cast<Replay>(dice.below(5));
  const bool tolerant =
      settings.replay == Replay::not_rotated || settings.replay == Replay::old_stays_valid;
  settings.declared = vendor == Vendor::azure && tolerant && dice.percent(45) ? Declared::itself
                      : dice.percent(60)                                      ? Declared::truth
                                                                              : Declared::nothing;
  settings.leeway = dice.between(10, 600) * kSecondMs;
  make_schedule(settings, dice);
  settings.refresh_ends_access_tokens = dice.percent(25);
  constexpr std::int64_t kLifetimes[] = {400, 900, 3600, 3600, 0};
  settings.lifetime_seconds = kLifetimes[dice.below(5)];
  if (settings.schedule == Schedule::keep_fresh && settings.lifetime_seconds < 3600) {
    // Refreshed every few minutes, such a history would be about nothing else.
    settings.lifetime_seconds = dice.percent(80) ? 3600 : 900;
  }
  settings.omits_refresh_token = tolerant && dice.percent(50) ? 40 : 0;
  settings.withholds_refresh_tokens = dice.percent(4);
  if (vendor != Vendor::azure && dice.percent(50)) {
    make_it_itself(settings, vendor, dice);
  }
  if (vendor == Vendor::github && dice.percent(30)) {
    settings.lasting_tokens = true;
    settings.idle_seconds = 0;
    settings.grant_seconds = 0;
  }
  return settings;
}

std::string_view login_origin(Vendor vendor, const ProviderSettings& settings) {
  const auto& facts = facts_of(vendor);
  return settings.declared == Declared::itself ? facts.login_origin : facts.other_origin;
}

void configure(std::map<std::string, std::string>& variables,
               std::map<std::string, std::string>& secrets, Vendor vendor,
               const ProviderSettings& settings) {
  const auto& facts = facts_of(vendor);
  const auto name = [&](std::string_view setting) {
    return std::string(facts.prefix) + "_" + std::string(setting);
  };
  variables[name("CLIENT_ID")] = facts.client_id;
  variables[name("REDIRECT_URI")] =
      "https://postern.example.com/callback/" + std::string(facts.integration);
  secrets[name("CLIENT_SECRET")] = facts.client_secret;
  if (settings.declared != Declared::itself) {
    variables[name("LOGIN_ORIGIN")] = facts.other_origin;
    auto& insecure = variables["ALLOW_INSECURE_ORIGINS"];
    insecure += insecure.empty() ? "" : ",";
    insecure += facts.other_origin;
  }
  if (settings.declared == Declared::truth) {
    variables[name("REPLAY")] = settings.replay == Replay::family ? std::string("single_use")
                                : settings.replay == Replay::reuse_leeway
                                    ? "reuse_leeway:" + to_decimal(settings.leeway / kSecondMs)
                                    : std::string(name_of(settings.replay));
  }
  variables[name("REFRESH_MODE")] = name_of(settings.schedule);
  if (settings.schedule == Schedule::keep_fresh) {
    variables[name("REFRESH_AHEAD_SECONDS")] = to_decimal(settings.ahead_seconds);
  }
  if (settings.limits_declared) {
    variables[name("REFRESH_IDLE_SECONDS")] = to_decimal(settings.idle_seconds);
    variables[name("GRANT_LIFETIME_SECONDS")] = to_decimal(settings.grant_seconds);
  }
}

std::string describe(const ProviderSettings& settings) {
  std::string text(name_of(settings.replay));
  if (settings.replay == Replay::reuse_leeway) {
    text += " of " + to_decimal(settings.leeway / kSecondMs) + " s";
  }
  text += ", " + std::string(name_of(settings.declared));
  if (settings.lasting_tokens) {
    return text + ", tokens live for ever";
  }
  text += ", tokens live " + (settings.lifetime_seconds == 0
                                  ? std::string("nobody says how long")
                                  : to_decimal(settings.lifetime_seconds) + " s");
  if (settings.refresh_ends_access_tokens) {
    text += ", a refresh ends the access tokens before it";
  }
  text += settings.withholds_refresh_tokens ? ", some sign-ins get no refresh token" : "";
  const auto seconds = [](std::int64_t value) { return to_decimal(value) + " s"; };
  if (settings.schedule != Schedule::absent) {
    text += ", " + std::string(name_of(settings.schedule));
  }
  if (settings.schedule == Schedule::keep_fresh) {
    text += " by " + seconds(settings.ahead_seconds);
  }
  if (settings.idle_seconds != 0) {
    text += ", refresh tokens die when idle for " + seconds(settings.idle_seconds);
  }
  if (settings.grant_seconds != 0) {
    text += ", grants live " + seconds(settings.grant_seconds);
  }
  if (settings.idle_seconds + settings.grant_seconds != 0) {
    text += settings.limits_declared ? ", as declared" : ", which nobody says";
  }
  return text;
}

}  // namespace postern::sim
