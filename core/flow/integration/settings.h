// What an operator set for an organization's registered app at a provider, wherever it is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/connection/schedule.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/frame/variable.h"
#include "core/provider/catalogue.h"

namespace postern {

// Names of settings, as they end the variables of the environment.
namespace setting {
inline constexpr std::string_view kClientId = "CLIENT_ID";
inline constexpr std::string_view kClientSecret = "CLIENT_SECRET";
inline constexpr std::string_view kTenantId = "TENANT_ID";
inline constexpr std::string_view kCloud = "CLOUD";
inline constexpr std::string_view kRedirectUri = "REDIRECT_URI";
inline constexpr std::string_view kScopes = "SCOPES";
inline constexpr std::string_view kAllowedScopes = "ALLOWED_SCOPES";
inline constexpr std::string_view kClientCapabilities = "CLIENT_CAPABILITIES";
inline constexpr std::string_view kLoginOrigin = "LOGIN_ORIGIN";
inline constexpr std::string_view kReplay = "REPLAY";
inline constexpr std::string_view kRefreshMode = "REFRESH_MODE";
inline constexpr std::string_view kRefreshAheadSeconds = "REFRESH_AHEAD_SECONDS";
inline constexpr std::string_view kRefreshIdleSeconds = "REFRESH_IDLE_SECONDS";
inline constexpr std::string_view kGrantLifetimeSeconds = "GRANT_LIFETIME_SECONDS";
}  // namespace setting

// One integration's settings. Views the context's environment: good as long as the flow.
struct IntegrationSettings {
  const FlowContext* context = nullptr;
  std::string name;
  const Provider* provider = nullptr;

  // Empty when it is not set, or is not given to this flow (the client secret, but in the
  // authority).
  [[nodiscard]] std::string_view get(std::string_view setting) const;
  // The origin that the operator named for an API; empty: the provider's own.
  [[nodiscard]] std::string_view api_origin(const Api& api) const;
  // What an operator knows the setting by, for messages: "<PREFIX>_CLIENT_ID".
  [[nodiscard]] std::string variable(std::string_view setting) const;
};
// The variables of every integration that the environment can have.
[[nodiscard]] std::vector<NamedVariable> integration_variables();
// "<PREFIX>_CLIENT_ID"
[[nodiscard]] std::string variable_of(const Provider& provider, std::string_view setting);
// "<API>_ORIGIN"
[[nodiscard]] std::string origin_variable(const Api& api);

// The one way to an integration: every source is asked here. Today there is one, the environment,
// which has it at once; whoever calls is ready to wait for another one. Fault:
// unknown_integration.
Task<Result<IntegrationSettings, Problem>> find_integration(const FlowContext* context,
                                                            std::string org, std::string name);

// Which of the provider's clouds the integration is in: the one that is declared (…_CLOUD), or the
// one whose sign-in origin is (…_LOGIN_ORIGIN), or the first. Fault: integration_not_configured,
// also where both are declared and do not fit.
[[nodiscard]] Result<Cloud, Problem> cloud_of(const IntegrationSettings& settings);
// ConnectionRecord::cloud of what is connected there.
[[nodiscard]] std::string_view cloud_of_records(const Provider& provider, const Cloud& cloud);
// Are the connection's tokens of another cloud than the integration is in by now? They are shown to
// nothing there.
[[nodiscard]] bool is_of_another_cloud(const IntegrationSettings& settings,
                                       std::string_view cloud_of_record);

// integration_not_configured: "<variable> is missing or not valid".
[[nodiscard]] Problem not_configured(std::string_view variable);
// The same of one that is_credential refuses: says what is wrong with `value`, and never shows it.
[[nodiscard]] Problem not_a_credential(std::string_view variable, std::string_view value);

// What people are asked for: as the operator declares, or as the catalogue has it. nullopt: what is
// declared cannot be read.
[[nodiscard]] std::optional<std::vector<std::string>> scopes_of(const IntegrationSettings& settings,
                                                                std::span<const Api> apis);

// What a provider does with grants, and when its tokens are refreshed unasked.
struct GrantRules {
  ReplayRule replay;
  RefreshPolicy policy;
};
// The catalogue's, but for what the operator declares (…_REPLAY, …_REFRESH_…, …_GRANT_…). What the
// catalogue says of replaying is true of the provider itself, in any of its clouds: of a server at
// another origin that declares nothing the strictest is assumed. Fault: integration_not_configured
// (names the variable).
[[nodiscard]] Result<GrantRules, Problem> grant_rules(const IntegrationSettings& settings);

}  // namespace postern
