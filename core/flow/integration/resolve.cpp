#include "core/flow/integration/resolve.h"

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/flow/frame/connection_name.h"
#include "core/oauth/scope.h"

namespace postern {

namespace {

// Ten years: nothing that a provider or an operator means is longer.
constexpr std::int64_t kLongestSeconds = 10LL * 365 * 24 * 3600;

std::unexpected<Problem> not_configured(std::string_view variable) {
  return std::unexpected(problem(ProblemCode::integration_not_configured,
                                 std::string(variable) + " is missing or not valid"));
}

// Microsoft's own, or one that the operator named twice: as the origin and as an insecure one.
Result<std::string, Problem> origin_from(const FlowContext& context, std::string_view variable,
                                         std::string_view otherwise, UrlPolicy policy) {
  const auto text = context.env(variable);
  if (text.empty() || text == otherwise) {
    return std::string(otherwise);
  }
  const auto origin = parse_origin(text, policy);
  if (!origin) {
    return not_configured(variable);
  }
  for (const auto& allowed : policy.allowed_origins) {
    const auto parsed = parse_origin(allowed, policy);
    if (parsed && parsed->origin() == origin->origin()) {
      return origin->origin();
    }
  }
  return not_configured(variable);
}

}  // namespace

std::vector<std::string> insecure_origins(const FlowContext& context) {
  std::vector<std::string> origins;
  for (const auto piece : split(context.env("ALLOW_INSECURE_ORIGINS"), ',')) {
    if (const auto origin = trim(piece); !origin.empty()) {
      origins.emplace_back(origin);
    }
  }
  return origins;
}

Result<Integration, Problem> resolve_integration(const FlowContext& context, std::string_view name,
                                                 std::string_view tenant) {
  if (name != kDefaultIntegration) {
    return std::unexpected(problem(ProblemCode::unknown_integration));
  }
  const auto insecure = insecure_origins(context);
  const UrlPolicy policy{.allowed_origins = insecure};
  Integration integration;
  integration.name = name;
  integration.provider = find_provider("microsoft");
  integration.client_id = context.env("AZURE_CLIENT_ID");
  if (integration.client_id.empty()) {
    return not_configured("AZURE_CLIENT_ID");
  }
  const auto configured = context.env("AZURE_TENANT_ID");
  const auto own = parse_tenant(configured.empty() ? std::string_view("common") : configured);
  if (!own) {
    return not_configured("AZURE_TENANT_ID");
  }
  integration.tenant = *own;
  if (!tenant.empty()) {
    const auto wanted = parse_tenant(tenant);
    if (!wanted) {
      return std::unexpected(
          problem(ProblemCode::invalid_request,
                  "`tenant_id` must be common, organizations, consumers, a GUID or a domain"));
    }
    integration.tenant = *wanted;
  }
  const auto redirect = parse_url(context.env("AZURE_REDIRECT_URI"), policy);
  if (!redirect || !redirect->query.empty()) {
    return not_configured("AZURE_REDIRECT_URI");
  }
  integration.redirect_uri = redirect->text();
  integration.public_origin = redirect->origin();
  // Mounted below a path in another application: what stands before the callback's own path.
  const auto own_path = redirect->path.rfind("/callback");
  integration.public_url =
      integration.public_origin +
      (own_path == std::string::npos ? std::string() : redirect->path.substr(0, own_path));
  auto login = origin_from(context, "AZURE_LOGIN_ORIGIN", kMicrosoftLoginOrigin, policy);
  auto graph = origin_from(context, "GRAPH_ORIGIN", kGraphOrigin, policy);
  auto arm = origin_from(context, "ARM_ORIGIN", kArmOrigin, policy);
  for (auto* origin : {&login, &graph, &arm}) {
    if (!*origin) {
      return std::unexpected(origin->error());
    }
  }
  integration.graph_origin = *graph;
  integration.arm_origin = *arm;
  integration.endpoints = microsoft_endpoints(*login, integration.tenant);
  integration.scopes = microsoft_default_scopes();
  return integration;
}

Result<GrantRules, Problem> grant_rules(const FlowContext& context, const Provider& provider) {
  const auto origin = context.env("AZURE_LOGIN_ORIGIN");
  const bool is_entra = origin.empty() || origin == kMicrosoftLoginOrigin;
  GrantRules rules{.replay = is_entra ? provider.replay : ReplayRule{},
                   .policy = {.idle_ms = provider.refresh_idle_seconds * kSecondMs,
                              .lifetime_ms = provider.refresh_absolute_seconds * kSecondMs}};
  if (const auto declared = context.env("AZURE_REPLAY"); !declared.empty()) {
    const auto rule = parse_replay_rule(declared);
    if (!rule) {
      return not_configured("AZURE_REPLAY");
    }
    rules.replay = *rule;
  }
  if (const auto declared = context.env("AZURE_REFRESH_MODE"); !declared.empty()) {
    const auto mode = parse_refresh_mode(declared);
    if (!mode) {
      return not_configured("AZURE_REFRESH_MODE");
    }
    rules.policy.mode = *mode;
  }
  const std::pair<std::string_view, DurationMs*> durations[] = {
      {"AZURE_REFRESH_AHEAD_SECONDS", &rules.policy.ahead_ms},
      {"AZURE_REFRESH_IDLE_SECONDS", &rules.policy.idle_ms},
      {"AZURE_GRANT_LIFETIME_SECONDS", &rules.policy.lifetime_ms}};
  for (const auto& [variable, duration] : durations) {
    const auto declared = context.env(variable);
    if (declared.empty()) {
      continue;
    }
    const auto seconds = parse_decimal(declared);
    if (!seconds || *seconds < 0 || *seconds > kLongestSeconds) {
      return not_configured(variable);
    }
    *duration = *seconds * kSecondMs;
  }
  return rules;
}

TokenEndpoint token_endpoint(const Integration& integration, const FlowContext& context) {
  return {.url = integration.endpoints.token,
          .auth = integration.provider->client_auth,
          .client_id = integration.client_id,
          .client_secret = Secret(std::string(context.env("AZURE_CLIENT_SECRET")))};
}

std::string token_scope(const Integration& integration, Resource resource) {
  const auto scopes = scopes_for_resource(resource, integration.scopes);
  std::string text;
  for (const auto& scope : scopes) {
    text += (text.empty() ? "" : " ") + scope;
  }
  return text;
}

bool is_allowed_return_url(const FlowContext& context, std::string_view org, std::string_view url) {
  const auto insecure = insecure_origins(context);
  if (!parse_url(url, {.allowed_origins = insecure})) {
    return false;
  }
  const auto lists = parse_json(context.env("ALLOWED_RETURN_URLS"));
  if (!lists) {
    return false;
  }
  // Exact: prefixes and patterns are how open redirects begin.
  return json_lists(*lists, org, url);
}

}  // namespace postern
