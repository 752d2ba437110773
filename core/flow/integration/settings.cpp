#include "core/flow/integration/settings.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/flow/integration/operations.h"
#include "core/oauth/scope.h"

namespace postern {

namespace {

// Ten years: nothing that a provider or an operator means is longer.
constexpr std::int64_t kLongestSeconds = 10LL * 365 * 24 * 3600;

}  // namespace

std::vector<NamedVariable> integration_variables() {
  std::vector<NamedVariable> variables;
  for (const Provider* provider : providers()) {
    if (provider->environment.empty()) {
      continue;
    }
    const auto add = [&](std::string_view name, Secrecy secrecy, std::string_view summary) {
      variables.push_back(
          {.name = std::string(provider->environment) + '_' + std::string(name),
           .secrecy = secrecy,
           .summary = std::string(provider->display_name) + ": " + std::string(summary)});
    };
    for (const auto& [name, secrecy, summary] : integration::kSettings) {
      add(name, secrecy, summary);
    }
    for (const auto& [name, summary, placeholder] : provider->settings) {
      add(name, Secrecy::open, summary);
    }
    for (const Api& api : provider->apis) {
      variables.push_back({.name = origin_variable(api),
                           .summary = "Another origin than " + std::string(api.origin)});
    }
  }
  return variables;
}

Problem not_configured(std::string_view variable) {
  return problem(ProblemCode::integration_not_configured,
                 std::string(variable) + " is missing or not valid");
}

Problem not_a_credential(std::string_view variable, std::string_view value) {
  if (value.empty()) {
    return not_configured(variable);
  }
  return problem(ProblemCode::integration_not_configured,
                 std::string(variable) +
                     " has a line break, a blank at an end or a character that is not ASCII: set "
                     "it without");
}

std::string variable_of(const Provider& provider, std::string_view setting) {
  return std::string(provider.environment) + '_' + std::string(setting);
}

std::string IntegrationSettings::variable(std::string_view setting) const {
  return variable_of(*provider, setting);
}

std::string_view IntegrationSettings::get(std::string_view setting) const {
  return context->env(variable(setting));
}

std::string_view IntegrationSettings::api_origin(const Api& api) const {
  return context->env(origin_variable(api));
}

std::string origin_variable(const Api& api) {
  return to_upper_ascii(api.name) + "_ORIGIN";
}

Task<Result<IntegrationSettings, Problem>> find_integration(const FlowContext* context,
                                                            std::string org, std::string name) {
  // From the environment every organization has the same.
  (void)org;
  for (const Provider* provider : providers()) {
    if (!provider->environment.empty() && provider->integration == name) {
      co_return IntegrationSettings{
          .context = context, .name = std::move(name), .provider = provider};
    }
  }
  co_return std::unexpected(problem(ProblemCode::unknown_integration));
}

std::optional<std::vector<std::string>> scopes_of(const IntegrationSettings& settings,
                                                  std::span<const Api> apis) {
  const Provider& provider = *settings.provider;
  const auto declared = settings.get(setting::kScopes);
  if (declared.empty()) {
    return default_scopes_of(provider, apis);
  }
  auto scopes = split_scopes(declared, false);
  if (scopes.empty() || !std::ranges::all_of(scopes, is_scope_token)) {
    return std::nullopt;
  }
  if (!provider.issuer.empty() && !std::ranges::contains(scopes, "openid")) {
    scopes.insert(scopes.begin(), "openid");
  }
  return scopes;
}

Result<Cloud, Problem> cloud_of(const IntegrationSettings& settings) {
  const Provider& provider = *settings.provider;
  const auto login = settings.get(setting::kLoginOrigin);
  const auto at_login = find_cloud_at(provider, login);
  const auto declared =
      provider.clouds.empty() ? std::string_view() : settings.get(setting::kCloud);
  if (declared.empty() && at_login) {
    return *at_login;
  }
  auto cloud = find_cloud(provider, declared);
  if (!cloud) {
    return std::unexpected(
        problem(ProblemCode::integration_not_configured,
                settings.variable(setting::kCloud) + " must be one of " + cloud_values(provider)));
  }
  if (at_login && at_login->login_origin != cloud->login_origin) {
    return std::unexpected(problem(ProblemCode::integration_not_configured,
                                   settings.variable(setting::kLoginOrigin) +
                                       " is another cloud's than " +
                                       settings.variable(setting::kCloud) + " says"));
  }
  return *cloud;
}

std::string_view cloud_of_records(const Provider& provider, const Cloud& cloud) {
  return provider.clouds.empty() || cloud.value == provider.clouds.front().value
             ? std::string_view()
             : cloud.value;
}

bool is_of_another_cloud(const IntegrationSettings& settings, std::string_view cloud_of_record) {
  const auto cloud = cloud_of(settings);
  return cloud && cloud_of_records(*settings.provider, *cloud) != cloud_of_record;
}

Result<GrantRules, Problem> grant_rules(const IntegrationSettings& settings) {
  const Provider& provider = *settings.provider;
  const auto refuse = [&](std::string_view setting) {
    return std::unexpected(not_configured(settings.variable(setting)));
  };
  const auto origin = settings.get(setting::kLoginOrigin);
  const bool is_itself = origin.empty() || find_cloud_at(provider, origin).has_value();
  GrantRules rules{.replay = is_itself ? provider.replay : ReplayRule{},
                   .policy = {.idle_ms = provider.refresh_idle_seconds * kSecondMs,
                              .lifetime_ms = provider.refresh_absolute_seconds * kSecondMs}};
  if (const auto cloud = cloud_of(settings)) {
    const auto scopes = scopes_of(settings, cloud->apis);
    rules.policy.scopes = scopes ? join_scopes(*scopes) : std::string();
    rules.policy.apis = cloud->apis;
  }
  if (const auto declared = settings.get(setting::kReplay); !declared.empty()) {
    const auto rule = parse_replay_rule(declared);
    if (!rule) {
      return refuse(setting::kReplay);
    }
    rules.replay = *rule;
  }
  if (const auto declared = settings.get(setting::kRefreshMode); !declared.empty()) {
    const auto mode = parse_refresh_mode(declared);
    if (!mode) {
      return refuse(setting::kRefreshMode);
    }
    rules.policy.mode = *mode;
  }
  const std::pair<std::string_view, DurationMs*> durations[] = {
      {setting::kRefreshAheadSeconds, &rules.policy.ahead_ms},
      {setting::kRefreshIdleSeconds, &rules.policy.idle_ms},
      {setting::kGrantLifetimeSeconds, &rules.policy.lifetime_ms}};
  for (const auto& [name, duration] : durations) {
    const auto declared = settings.get(name);
    if (declared.empty()) {
      continue;
    }
    const auto seconds = parse_decimal(declared);
    if (!seconds || *seconds < 0 || *seconds > kLongestSeconds) {
      return refuse(name);
    }
    *duration = *seconds * kSecondMs;
  }
  return rules;
}

}  // namespace postern
