#include "core/flow/integration/settings.h"

#include <doctest/doctest.h>
#include <string>

#include "core/flow/integration/resolve.h"
#include "tests/core/environment.h"
#include "tests/core/fault_of.h"

using namespace postern;

namespace {

const Provider& microsoft() {
  return *find_provider("microsoft");
}

IntegrationSettings of(const FlowContext& context, const Provider& provider = microsoft()) {
  return {.context = &context, .name = std::string(provider.integration), .provider = &provider};
}

bool resolves(const Pairs& variables) {
  const auto context = context_with(variables);
  return make_integration(of(context), "").has_value();
}

GrantRules rules(const Pairs& variables, const Provider& provider = microsoft()) {
  const auto context = context_with(variables);
  const auto found = grant_rules(of(context, provider));
  REQUIRE(found.has_value());
  return found.value_or(GrantRules());
}

Pairs azure(std::string_view variable = "NAME", std::string_view value = "value") {
  return {{"AZURE_CLIENT_ID", "client"},
          {"AZURE_REDIRECT_URI", "https://postern.example.com/callback"},
          {variable, value}};
}

// The variable is named, its value is not.
void check_refused(std::string_view variable, std::string_view value) {
  CAPTURE(variable);
  CAPTURE(value);
  const auto context = context_with({{variable, value}});
  const auto fault = fault_of(grant_rules(of(context)));
  CHECK(fault.code == ProblemCode::integration_not_configured);
  CHECK(fault.detail == std::string(variable) + " is missing or not valid");
  // Callers are served all the same: the strictest is assumed.
  CHECK(resolves(azure(variable, value)));
}

}  // namespace

TEST_CASE("where nothing is declared the catalogue's rules hold") {
  const auto entra = rules({});
  CHECK(entra.replay.kind == ReplayClass::old_stays_valid);
  CHECK(entra.policy.mode == RefreshMode::keep_alive);
  CHECK(entra.policy.idle_ms == 90 * kDayMs);
  CHECK(entra.policy.lifetime_ms == 0);
  CHECK(entra.policy.ahead_ms == 4 * kHourMs);
  const auto atlassian = rules({}, *find_provider("atlassian"));
  CHECK(atlassian.replay.kind == ReplayClass::reuse_leeway);
  CHECK(atlassian.replay.leeway_seconds == 600);
  CHECK(atlassian.policy.lifetime_ms == 365 * kDayMs);
  // Empty is absent.
  const auto empty = rules({{"AZURE_REPLAY", ""},
                            {"AZURE_REFRESH_MODE", ""},
                            {"AZURE_REFRESH_IDLE_SECONDS", ""},
                            {"AZURE_LOGIN_ORIGIN", ""}});
  CHECK(empty.replay.kind == ReplayClass::old_stays_valid);
  CHECK(empty.policy.idle_ms == 90 * kDayMs);
}

TEST_CASE("of a server at another origin the strictest is assumed, until it is declared") {
  const auto replay = [](std::string_view origin, std::string_view declared = "") {
    return rules({{"AZURE_LOGIN_ORIGIN", origin}, {"AZURE_REPLAY", declared}}).replay.kind;
  };
  CHECK(replay("https://login.microsoftonline.com") == ReplayClass::old_stays_valid);
  for (const char* cloud : {"us", "com"}) {
    CHECK(replay("https://login.microsoftonline." + std::string(cloud)) ==
          ReplayClass::old_stays_valid);
  }
  CHECK(replay("https://login.partner.microsoftonline.cn") == ReplayClass::old_stays_valid);
  CHECK(replay("https://login.microsoftonline.us.evil.example") == ReplayClass::single_use);
  CHECK(rules({{"AZURE_CLOUD", "usgov"}}).replay.kind == ReplayClass::old_stays_valid);
  CHECK(replay("http://localhost:4001") == ReplayClass::single_use);
  CHECK(replay("https://login.microsoftonline.com.evil.example") == ReplayClass::single_use);
  CHECK(replay("http://localhost:4001", "not_rotated") == ReplayClass::not_rotated);
  CHECK(replay("https://login.microsoftonline.com", "single_use") == ReplayClass::single_use);
}

TEST_CASE("what an operator declares holds") {
  const auto declared = rules({{"AZURE_REPLAY", "reuse_leeway:30"},
                               {"AZURE_REFRESH_MODE", "keep_fresh"},
                               {"AZURE_REFRESH_AHEAD_SECONDS", "1800"},
                               {"AZURE_REFRESH_IDLE_SECONDS", "3600"},
                               {"AZURE_GRANT_LIFETIME_SECONDS", "31536000"}});
  CHECK(declared.replay.kind == ReplayClass::reuse_leeway);
  CHECK(declared.replay.leeway_seconds == 30);
  CHECK(declared.policy.mode == RefreshMode::keep_fresh);
  CHECK(declared.policy.ahead_ms == 30 * kMinuteMs);
  CHECK(declared.policy.idle_ms == kHourMs);
  CHECK(declared.policy.lifetime_ms == 365 * kDayMs);
  CHECK(resolves(azure("AZURE_REFRESH_MODE", "on_demand")));
}

TEST_CASE("each duration is 0 to ten years of whole seconds") {
  struct Variable {
    std::string_view name;
    DurationMs RefreshPolicy::* value;
  };
  for (const auto& [name, value] :
       {Variable{"AZURE_REFRESH_AHEAD_SECONDS", &RefreshPolicy::ahead_ms},
        Variable{"AZURE_REFRESH_IDLE_SECONDS", &RefreshPolicy::idle_ms},
        Variable{"AZURE_GRANT_LIFETIME_SECONDS", &RefreshPolicy::lifetime_ms}}) {
    CHECK(rules({{name, "0"}}).policy.*value == 0);
    CHECK(rules({{name, "1"}}).policy.*value == kSecondMs);
    CHECK(rules({{name, "315360000"}}).policy.*value == 3650 * kDayMs);
    for (const char* wrong :
         {"-1", "315360001", "1.5", "1h", " 1", "1 ", "x", "99999999999999999999"}) {
      check_refused(name, wrong);
    }
  }
}

TEST_CASE("a rule or a mode that is none is refused") {
  for (const char* wrong : {"reuse_leeway", "reuse_leeway:-1", "Single_use", "x"}) {
    check_refused("AZURE_REPLAY", wrong);
  }
  for (const char* wrong : {"always", "Keep_fresh", "keep_fresh ", "0"}) {
    check_refused("AZURE_REFRESH_MODE", wrong);
  }
}
