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

inline constexpr std::string_view kReturnUrl = "https://app.example.com/connected";

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

// Sets world.environment and world.secrets.
inline void configure(testing::World& world, const Plan& plan) {
  const std::string url(kReturnUrl);
  world.environment = {
      {"ADMIN_API_KEY", std::string(testing::kAdminKey)},
      {"ALLOWED_RETURN_URLS", R"({"acme":[")" + url + R"("],"globex":[")" + url + R"("]})"}};
  world.secrets.clear();
  for (const auto vendor : kEveryVendor) {
    if (plan.uses(vendor)) {
      configure(world.environment, world.secrets, vendor, plan.settings.of(vendor));
    }
  }
  if (plan.settings.versions_kept >= 0) {
    world.environment["TOKEN_VERSIONS_KEPT"] = to_decimal(plan.settings.versions_kept);
  }
  if (plan.settings.has_webhooks) {
    world.secrets["WEBHOOKS"] = webhooks_variable();
  }
}

}  // namespace postern::sim
