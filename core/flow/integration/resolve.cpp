#include "core/flow/integration/resolve.h"

#include <algorithm>
#include <iterator>

#include "core/base/form.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/flow/integration/origins.h"
#include "core/oauth/scope.h"
#include "core/provider/granted_scopes.h"

namespace postern {

namespace {

constexpr std::string_view kCallback = "/callback";

// The integration's own directory, or the one that is wanted; `within`: only a part of its own.
Result<ProviderTenant, Problem> tenant_from(const IntegrationSettings& settings, const Cloud& cloud,
                                            std::string_view wanted, bool within) {
  const auto* hooks = settings.provider->hooks;
  if (hooks == nullptr || hooks->tenant == nullptr) {
    if (!wanted.empty()) {
      return std::unexpected(
          problem(ProblemCode::invalid_request, "`tenant_id` is not for this provider"));
    }
    return ProviderTenant{};
  }
  const auto configured = settings.get(setting::kTenantId);
  const auto otherwise =
      cloud.default_tenant.empty() ? hooks->default_tenant : cloud.default_tenant;
  auto own = hooks->tenant(configured.empty() ? otherwise : configured);
  if (!own) {
    return std::unexpected(not_configured(settings.variable(setting::kTenantId)));
  }
  if (wanted.empty()) {
    return std::move(*own);
  }
  auto tenant = hooks->tenant(wanted);
  if (!tenant) {
    return std::unexpected(problem(ProblemCode::invalid_request,
                                   "`tenant_id` must be " + std::string(hooks->tenant_forms)));
  }
  if (within && hooks->tenant_beyond != nullptr) {
    if (const auto allowed = hooks->tenant_beyond(own->text, tenant->text)) {
      return std::unexpected(
          problem(ProblemCode::invalid_request,
                  "`tenant_id` must be " + *allowed + ": the integration takes no others"));
    }
  }
  return std::move(*tenant);
}

Result<Integration, Problem> made(const IntegrationSettings& settings, std::string_view tenant,
                                  bool within) {
  const Provider& provider = *settings.provider;
  const auto refuse = [&](std::string_view setting) {
    return std::unexpected(not_configured(settings.variable(setting)));
  };
  const auto insecure = insecure_origins(*settings.context);
  const UrlPolicy policy{.allowed_origins = insecure};
  Integration integration;
  integration.name = settings.name;
  integration.provider = &provider;
  integration.client_id = settings.get(setting::kClientId);
  if (!is_credential(integration.client_id)) {
    return std::unexpected(
        not_a_credential(settings.variable(setting::kClientId), integration.client_id));
  }
  // Only the authority has it.
  if (const auto secret = settings.get(setting::kClientSecret);
      !secret.empty() && !is_credential(secret)) {
    return std::unexpected(not_a_credential(settings.variable(setting::kClientSecret), secret));
  }
  const auto cloud = cloud_of(settings);
  if (!cloud) {
    return std::unexpected(cloud.error());
  }
  integration.cloud = cloud_of_records(provider, *cloud);
  auto directory = tenant_from(settings, *cloud, tenant, within);
  if (!directory) {
    return std::unexpected(directory.error());
  }
  integration.tenant = std::move(directory->text);
  if (!integration.tenant.empty()) {
    integration.tenant_rule = std::move(directory->rule);
  }
  const auto redirect = parse_url(settings.get(setting::kRedirectUri), policy);
  if (!redirect || !redirect->query.empty()) {
    return refuse(setting::kRedirectUri);
  }
  integration.redirect_uri = redirect->text();
  integration.public_origin = redirect->origin();
  // Mounted below a path in another application: what stands before the callback's own path.
  const auto own_path = redirect->path.rfind("/callback");
  integration.public_url =
      integration.public_origin +
      (own_path == std::string::npos ? std::string() : redirect->path.substr(0, own_path));
  auto login = origin_from(settings.get(setting::kLoginOrigin),
                           settings.variable(setting::kLoginOrigin), cloud->login_origin, policy);
  if (!login) {
    return std::unexpected(login.error());
  }
  integration.login_origin = std::move(*login);
  const auto values = values_from(settings, policy);
  if (!values) {
    return std::unexpected(values.error());
  }
  auto origins = origins_from(settings, *cloud, *values, policy);
  if (!origins) {
    return std::unexpected(origins.error());
  }
  integration.api_origins = std::move(*origins);
  for (const Api& api : provider.apis) {
    const auto& origin = integration.api_origins[integration.apis.size()];
    integration.apis.push_back(api_at(provider, *cloud, api, origin));
  }
  auto scopes = scopes_of(settings, integration.apis);
  if (!scopes) {
    return refuse(setting::kScopes);
  }
  integration.scopes = std::move(*scopes);
  const auto* hooks = provider.hooks;
  if (hooks != nullptr && hooks->scopes_in != nullptr) {
    integration.scopes = hooks->scopes_in(integration.tenant, integration.scopes);
  }
  integration.allowed_scopes = split_scopes(settings.get(setting::kAllowedScopes), false);
  if (!std::ranges::all_of(integration.allowed_scopes, is_scope_token)) {
    return refuse(setting::kAllowedScopes);
  }
  integration.capabilities = split_scopes(settings.get(setting::kClientCapabilities), true);
  if (!std::ranges::all_of(integration.capabilities, is_scope_token)) {
    return refuse(setting::kClientCapabilities);
  }
  const auto client_id = percent_encode(integration.client_id);
  auto endpoints = endpoints_of(provider, {.tenant = integration.tenant,
                                           .login = integration.login_origin,
                                           .api = integration.api_origins.front(),
                                           .client_id = client_id,
                                           .values = *values});
  if (!endpoints) {
    return refuse(setting::kLoginOrigin);
  }
  integration.endpoints = std::move(*endpoints);
  return integration;
}

}  // namespace

Result<Integration, Problem> make_integration(const IntegrationSettings& settings,
                                              std::string_view tenant) {
  return made(settings, tenant, false);
}

Result<Integration, Problem> make_integration_within(const IntegrationSettings& settings,
                                                     std::string_view tenant) {
  return made(settings, tenant, true);
}

std::string tenant_of_link(const IntegrationSettings& settings, const std::string& stored) {
  if (make_integration_within(settings, stored)) {
    return stored;
  }
  const auto own = make_integration(settings, {});
  return own ? own->tenant : stored;
}

Task<Result<Integration, Problem>> resolve_integration(const FlowContext* context, std::string org,
                                                       std::string name, std::string tenant) {
  auto settings = co_await find_integration(context, std::move(org), std::move(name));
  if (!settings) {
    co_return std::unexpected(settings.error());
  }
  co_return make_integration(*settings, tenant);
}

Task<Result<Integration, Problem>> resolve_integration_within(const FlowContext* context,
                                                              std::string org, std::string name,
                                                              std::string tenant) {
  auto settings = co_await find_integration(context, std::move(org), std::move(name));
  if (!settings) {
    co_return std::unexpected(settings.error());
  }
  co_return make_integration_within(*settings, tenant);
}

Result<std::string, Problem> one_directory(const Integration& integration,
                                           std::string_view tenant) {
  const auto refuse = [](std::string_view why) {
    return std::unexpected(problem(ProblemCode::invalid_request, why));
  };
  const auto* hooks = integration.provider->hooks;
  if (integration.provider->application_permission.empty() || hooks == nullptr ||
      hooks->tenant == nullptr) {
    return refuse("At this provider nobody acts but for a person");
  }
  auto directory = hooks->tenant(tenant);
  // One of the words that stand for many has neither a dot nor a dash.
  if (!directory || directory->text.find_first_of(".-") == std::string::npos) {
    return refuse("`tenant_id` must be one directory's id or domain");
  }
  const bool has_administrator = hooks->admin_consent_url == nullptr ||
                                 hooks->admin_consent_url({.login_origin = integration.login_origin,
                                                           .tenant = directory->text,
                                                           .client_id = integration.client_id,
                                                           .redirect_uri = integration.redirect_uri,
                                                           .state = {},
                                                           .scopes = {}});
  if (!has_administrator) {
    return refuse("`tenant_id` must be a directory that has an administrator");
  }
  return std::move(directory->text);
}

TokenEndpoint token_endpoint(const Integration& integration, const IntegrationSettings& settings) {
  return {.url = integration.endpoints.token,
          .auth = integration.provider->client_auth,
          .client_id = integration.client_id,
          .client_secret = Secret(std::string(settings.get(setting::kClientSecret)))};
}

std::string token_scope(const Integration& integration, const Api& api) {
  return join_scopes(
      token_scopes(*integration.provider, integration.in_its_cloud(api), integration.scopes));
}

std::string code_scope(const Integration& integration, const Api& api) {
  auto scopes =
      token_scopes(*integration.provider, integration.in_its_cloud(api), integration.scopes);
  if (scopes.empty()) {
    return {};
  }
  std::vector<std::string> all;
  for (const auto& scope : integration.scopes) {
    if (is_identity_scope(scope) && !std::ranges::contains(scopes, scope)) all.push_back(scope);
  }
  std::ranges::move(scopes, std::back_inserter(all));
  return join_scopes(all);
}

const Api* api_of_code(const Integration& integration) {
  const auto& provider = *integration.provider;
  for (const Api& api : provider.apis) {
    if (asks_for_api(provider, integration.in_its_cloud(api), integration.scopes)) {
      return &api;
    }
  }
  return nullptr;
}

void ask_for(Integration* integration, std::string_view scopes) {
  if (!scopes.empty()) {
    integration->scopes = split_scopes(scopes, false);
  }
}

void ask_on_demand(Integration* integration, const Api& api, std::string_view account_tenant) {
  const Provider& provider = *integration->provider;
  const Api& here = integration->in_its_cloud(api);
  auto scope = on_demand_scope(here);
  if (scope.empty() || asks_for_api(provider, here, integration->scopes)) {
    return;
  }
  std::vector<std::string> scopes = {std::move(scope)};
  if (provider.hooks != nullptr && provider.hooks->scopes_in != nullptr) {
    for (const auto tenant : {std::string_view(integration->tenant), account_tenant}) {
      scopes = provider.hooks->scopes_in(tenant, scopes);
    }
  }
  std::ranges::move(scopes, std::back_inserter(integration->scopes));
}

bool may_ask_for(const Integration& integration, std::string_view scope) {
  return has_scope(integration.scopes, scope) || has_scope(integration.allowed_scopes, scope);
}

std::string still_allowed(const Integration& integration, std::string_view scopes) {
  auto asked = split_scopes(scopes, false);
  std::erase_if(asked, [&](const auto& scope) { return !may_ask_for(integration, scope); });
  auto rest = integration;
  rest.scopes = asked;
  return api_of_code(rest) == nullptr ? std::string() : join_scopes(asked);
}

Result<std::string, Problem> scopes_of_link(const Integration& integration,
                                            std::string_view scopes) {
  auto asked = split_scopes(scopes, true);
  for (const auto& scope : asked) {
    if (!may_ask_for(integration, scope)) {
      return std::unexpected(problem(ProblemCode::invalid_request,
                                     "`scopes` may hold " + join_scopes(integration.scopes) +
                                         (integration.allowed_scopes.empty() ? "" : " ") +
                                         join_scopes(integration.allowed_scopes)));
    }
  }
  if (!asked.empty()) {
    auto link = integration;
    link.scopes = asked;
    if (api_of_code(link) == nullptr) {
      return std::unexpected(
          problem(ProblemCode::invalid_request,
                  "`scopes` must ask for one of " + api_names(*integration.provider)));
    }
  }
  for (const std::string lasting : {"openid", "offline_access"}) {
    if (!asked.empty() && has_scope(integration.scopes, lasting) && !has_scope(asked, lasting)) {
      asked.push_back(lasting);
    }
  }
  return join_scopes(asked);
}

std::string claims_parameter(const Integration& integration, std::string_view challenge) {
  const auto* hooks = integration.provider->hooks;
  if (hooks == nullptr || hooks->claims == nullptr) {
    return std::string(challenge);
  }
  return hooks->claims(challenge, integration.capabilities);
}

Result<const Api*, Problem> api_named(const Provider& provider, std::string_view name) {
  if (name.empty()) {
    return &default_api(provider);
  }
  if (const auto* api = find_api(provider, name)) {
    return api;
  }
  return std::unexpected(
      problem(ProblemCode::invalid_request, "`resource` must be one of " + api_names(provider)));
}

bool returns_to_another(const Integration& integration) {
  const std::string_view url = integration.redirect_uri;
  if (url.ends_with(kCallback)) {
    return integration.name != kDefaultIntegration;
  }
  return std::ranges::any_of(providers(), [&](const Provider* provider) {
    return !provider->integration.empty() && provider->integration != integration.name &&
           url.ends_with(std::string(kCallback) + '/' + std::string(provider->integration));
  });
}

bool may_act_in(const FlowContext& context, const IntegrationSettings& settings,
                std::string_view org, std::string_view directory) {
  if (equal_ignoring_case(settings.get(setting::kTenantId), directory)) {
    return true;
  }
  const auto lists = parse_json(context.env("ALLOWED_APP_DIRECTORIES"));
  return lists && (json_lists(*lists, org, directory) || json_lists(*lists, "*", directory));
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
