// Postern's configuration in a history, and its people.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "tests/flows/host/story.h"
#include "tests/sim/plan.h"

namespace postern::sim {

inline constexpr std::string_view kOtherOrigin = "https://login.example.com";
inline constexpr std::string_view kReturnUrl = "https://app.example.com/connected";

[[nodiscard]] inline std::string_view login_origin(const Settings& settings) {
  return settings.declared == Declared::entra
             ? std::string_view("https://login.microsoftonline.com")
             : kOtherOrigin;
}
// Whom events are sent to.
struct Hook {
  std::string_view org;
  std::string_view url;
  std::string_view type;  // the only one that it wants; empty: all
};
inline constexpr std::array<Hook, 3> kHooks = {
    Hook{.org = "acme", .url = "https://hooks.example.com/all", .type = ""},
    Hook{.org = "acme", .url = "https://hooks.example.com/ends", .type = "disconnected"},
    Hook{.org = "globex", .url = "https://hooks.example.org/globex", .type = ""}};
[[nodiscard]] inline std::string webhooks_variable() {
  std::map<std::string_view, std::string> lists;
  for (const auto& hook : kHooks) {
    auto& list = lists[hook.org];
    list += list.empty() ? "" : ",";
    list += R"({"url":")" + std::string(hook.url) +
            R"(","secret":"whsec_bmV3LXdlYmhvb2stc2VjcmV0LTAwMDAx")" +
            (hook.type.empty() ? "" : R"(,"events":[")" + std::string(hook.type) + R"("])") + "}";
  }
  std::string json;
  for (const auto& [org, list] : lists) {
    json += std::string(json.empty() ? "{" : ",") + "\"" + std::string(org) + "\":[" + list + "]";
  }
  return json + "}";
}

// Accounts 0, 1, …: people of one directory.
[[nodiscard]] inline testing::Person person_of(int account) {
  testing::Person person;
  person.object.back() = static_cast<char>('0' + account);
  person.object.front() = static_cast<char>('2' + account);
  return person;
}
// Sets world.environment and world.secrets.
inline void configure(testing::World& world, const Settings& settings) {
  testing::furnish(world);
  const std::string url(kReturnUrl);
  world.environment["ALLOWED_RETURN_URLS"] =
      R"({"acme":[")" + url + R"("],"globex":[")" + url + R"("]})";
  auto& variables = world.environment;
  if (settings.declared != Declared::entra) {
    variables["AZURE_LOGIN_ORIGIN"] = kOtherOrigin;
    variables["ALLOW_INSECURE_ORIGINS"] = kOtherOrigin;
  }
  if (settings.declared == Declared::truth) {
    variables["AZURE_REPLAY"] = settings.replay == Replay::family ? std::string("single_use")
                                : settings.replay == Replay::reuse_leeway
                                    ? "reuse_leeway:" + to_decimal(settings.leeway / kSecondMs)
                                    : std::string(name_of(settings.replay));
  }
  variables["AZURE_REFRESH_MODE"] = name_of(settings.schedule);
  if (settings.schedule == Schedule::keep_fresh) {
    variables["AZURE_REFRESH_AHEAD_SECONDS"] = to_decimal(settings.ahead_seconds);
  }
  if (settings.limits_declared) {
    variables["AZURE_REFRESH_IDLE_SECONDS"] = to_decimal(settings.idle_seconds);
    variables["AZURE_GRANT_LIFETIME_SECONDS"] = to_decimal(settings.grant_seconds);
  }
  if (settings.versions_kept >= 0) {
    variables["TOKEN_VERSIONS_KEPT"] = to_decimal(settings.versions_kept);
  }
  if (settings.has_webhooks) {
    world.secrets["WEBHOOKS"] = webhooks_variable();
  }
}

}  // namespace postern::sim
