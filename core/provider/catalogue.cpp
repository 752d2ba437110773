#include "core/provider/catalogue.h"

#include <algorithm>
#include <iterator>

#include "core/base/text.h"
#include "core/base/url.h"
#include "core/base/version.h"
#include "core/oauth/issuer.h"
#include "core/provider/all.h"

namespace postern {
namespace {

constexpr std::string_view kReplayNames[] = {"not_rotated", "old_stays_valid", "reuse_leeway",
                                             "single_use"};

constexpr const Provider* kProviders[] = {&kMicrosoft, &kGithub, &kGithubApp, &kAtlassian,
                                          &kSlack,     &kGoogle, &kHalopsa,   &kCustom};

// Scopes of OpenID Connect mean the same everywhere (OIDC Core 5.4, 11).
constexpr ScopeWords kCommonWords[] = {{"openid", "Know who you are"},
                                       {"profile", "Know who you are"},
                                       {"email", "Know who you are"},
                                       {"offline_access", "Keep access while you are away"}};

std::string_view value_of(std::string_view placeholder, const EndpointParts& parts) {
  if (placeholder == "{login}") return parts.login;
  if (placeholder == "{api}") return parts.api;
  if (placeholder == "{tenant}") return parts.tenant;
  if (placeholder == "{client_id}") return parts.client_id;
  // The token fills this one, not the configuration (issuer.h).
  if (placeholder == kTenantPlaceholder) return kTenantPlaceholder;
  for (const auto& known : parts.values) {
    if (placeholder == known.placeholder) return known.value;
  }
  return {};
}

std::string placeholder_of(const HostLabel& label) {
  return label.parameter.empty() ? std::string() : '{' + std::string(label.parameter) + '}';
}

std::optional<std::string> expand(std::string_view endpoint, const EndpointParts& parts) {
  std::string url;
  while (!endpoint.empty()) {
    const std::size_t open = endpoint.find('{');
    url += endpoint.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = endpoint.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto value = value_of(endpoint.substr(open, close + 1 - open), parts);
    if (value.empty()) return std::nullopt;
    url += value;
    endpoint.remove_prefix(close + 1);
  }
  return url;
}

std::string_view words_in(const Provider& provider, std::string_view scope) {
  for (const auto& table : {provider.scope_words, std::span<const ScopeWords>(kCommonWords)}) {
    for (const auto& known : table) {
      if (known.scope == scope) return known.words;
    }
  }
  return {};
}

std::string scope_of(const Api& api, std::string_view permission) {
  return std::string(api.audience) + '/' + std::string(permission);
}

}  // namespace

std::span<const Provider* const> providers() {
  return kProviders;
}

const Provider* find_provider(std::string_view id) {
  for (const Provider* provider : kProviders) {
    if (provider->id == id) return provider;
  }
  return nullptr;
}

const Api* find_api(const Provider& provider, std::string_view name) {
  for (const Api& api : provider.apis) {
    if (api.name == name) return &api;
  }
  return nullptr;
}

const Api* find_api(std::string_view name) {
  for (const Provider* provider : kProviders) {
    if (const auto* api = find_api(*provider, name)) return api;
  }
  return nullptr;
}

bool is_of_person(const Api& api, std::string_view path) {
  if (api.person_path.empty() || !path.starts_with(api.person_path)) return false;
  path.remove_prefix(api.person_path.size());
  // "/mentions" is another word than "/me".
  return path.empty() || std::string_view("/{?[").contains(path.front());
}

std::string application_scope(const Provider& provider, const Api& api) {
  return provider.application_permission.empty() ? std::string()
                                                 : scope_of(api, provider.application_permission);
}

std::string on_demand_scope(const Api& api) {
  return api.on_demand.empty() ? std::string() : scope_of(api, api.on_demand);
}

bool is_host_label(std::string_view text, const HostLabel& label) {
  return !text.empty() && text.size() >= label.least_bytes && text.size() <= label.most_bytes &&
         text.front() != '-' && text.back() != '-' && std::ranges::all_of(text, [&label](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && label.dashes);
         });
}

std::string words_of(const HostLabel& label) {
  return to_decimal(static_cast<std::int64_t>(label.least_bytes)) + " to " +
         to_decimal(static_cast<std::int64_t>(label.most_bytes)) + " of a-z" +
         (label.dashes ? ", 0-9 and `-`, which is neither first nor last" : " and 0-9");
}

std::optional<std::string> origin_with_label(std::string_view origin, const Api& api,
                                             std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (!is_host_label(text, api.label)) return std::nullopt;
  const auto placeholder = placeholder_of(api.label);
  const auto at = origin.find(placeholder);
  if (at == std::string_view::npos) return std::string(origin);
  const auto suffix = origin.substr(at + placeholder.size());
  std::string filled = std::string(origin.substr(0, at)) + std::string(text);
  filled += suffix;
  // Compared again as a whole: whatever the text is, the host ends as the catalogue says.
  const auto url = parse_origin(filled);
  if (at != scheme.size() || !suffix.starts_with('.') || !url || url->origin() != filled ||
      url->host != std::string(text) + std::string(suffix)) {
    return std::nullopt;
  }
  return filled;
}

std::string api_names(const Provider& provider) {
  std::string names;
  for (const Api& api : provider.apis) {
    names += names.empty() ? "" : ", ";
    names += api.name;
  }
  return names;
}

std::optional<std::string_view> permission_of(std::string_view scope, const Api& api) {
  for (const auto identifier : {api.audience, api.other_audience, api.application}) {
    if (identifier.empty() || scope.size() <= identifier.size() ||
        !equal_ignoring_case(scope.substr(0, identifier.size()), identifier)) {
      continue;
    }
    auto rest = scope.substr(identifier.size());
    if (!rest.starts_with('/')) continue;
    // An identifier that ends with a slash itself gives two.
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    if (!rest.empty()) return rest;
  }
  return std::nullopt;
}

std::optional<Cloud> find_cloud(const Provider& provider, std::string_view value) {
  if (value.empty() && provider.clouds.empty()) {
    return Cloud{.value = {},
                 .login_origin = provider.login_origin,
                 .apis = provider.apis,
                 .default_tenant = {}};
  }
  for (const Cloud& cloud : provider.clouds) {
    if (value.empty() || cloud.value == value) return cloud;
  }
  return std::nullopt;
}

std::optional<Cloud> find_cloud_at(const Provider& provider, std::string_view origin) {
  for (const Cloud& cloud : provider.clouds) {
    if (cloud.login_origin == origin) return cloud;
  }
  return provider.login_origin == origin ? find_cloud(provider, {}) : std::nullopt;
}

std::string cloud_values(const Provider& provider) {
  std::string values;
  for (const Cloud& cloud : provider.clouds) {
    values += values.empty() ? "" : ", ";
    values += cloud.value;
  }
  return values;
}

const Api& api_at(const Provider& provider, const Cloud& cloud, const Api& api,
                  std::string_view origin) {
  const auto index = static_cast<std::size_t>(&api - provider.apis.data());
  for (const Cloud& other : provider.clouds) {
    if (other.apis[index].origin == origin) return other.apis[index];
  }
  return cloud.apis[index];
}

std::vector<std::string> default_scopes_of(const Provider& provider, std::span<const Api> apis) {
  std::vector<std::string> scopes(provider.default_scopes.begin(), provider.default_scopes.end());
  for (auto& scope : scopes) {
    for (std::size_t i = 0; i < provider.apis.size(); ++i) {
      const auto permission = permission_of(scope, provider.apis[i]);
      if (permission && apis[i].audience != provider.apis[i].audience) {
        scope = scope_of(apis[i], *permission);
        break;
      }
    }
  }
  return scopes;
}

std::optional<Endpoints> endpoints_of(const Provider& provider, const EndpointParts& parts) {
  EndpointParts all = parts;
  if (all.login.empty()) all.login = provider.login_origin;
  const auto own_api = origin_of(default_api(provider), parts);
  if (all.api.empty() && own_api) all.api = *own_api;
  const bool moved = all.login != provider.login_origin;
  bool complete = true;
  const auto fill = [&](std::string_view endpoint) {
    auto url = expand(endpoint, all);
    complete = complete && url.has_value();
    if (url && moved && endpoint.starts_with("https://")) {
      // One that has an origin of its own at the provider: what stands in for it has one for all.
      const auto path = url->find('/', std::string_view("https://").size());
      url = std::string(all.login) + (path == std::string::npos ? "" : url->substr(path));
    }
    return std::move(url).value_or(std::string());
  };
  Endpoints endpoints{.authorization = fill(provider.authorization_endpoint),
                      .token = fill(provider.token_endpoint),
                      .revocation = fill(provider.revocation_endpoint),
                      .profile = fill(provider.profile_endpoint),
                      .logout = fill(provider.logout_endpoint),
                      .jwks = fill(provider.jwks_uri),
                      .app_jwks = fill(provider.app_jwks_uri),
                      .issuer = fill(provider.issuer)};
  return complete ? std::optional(std::move(endpoints)) : std::nullopt;
}

std::optional<std::string> origin_of(const Api& api, const EndpointParts& parts) {
  const auto placeholder = placeholder_of(api.label);
  if (placeholder.empty()) return expand(api.origin, parts);
  std::vector<PlaceholderValue> values(parts.values.begin(), parts.values.end());
  values.push_back({.placeholder = placeholder, .value = placeholder});
  EndpointParts all = parts;
  all.values = values;
  return expand(api.origin, all);
}

std::vector<std::string> token_scopes(const Provider& provider, const Api& api,
                                      std::span<const std::string> scopes) {
  if (!provider.refresh_sends_scope) return {};
  if (provider.hooks != nullptr && provider.hooks->scopes_for_api != nullptr) {
    return provider.hooks->scopes_for_api(api, scopes);
  }
  return {scopes.begin(), scopes.end()};
}

FormFields authorization_parameters(const Provider& provider) {
  FormFields fields;
  for (const auto& [name, value] : provider.authorization_parameters) {
    fields.emplace_back(name, value);
  }
  return fields;
}

void add_user_agent(const Provider& provider, Pairs& headers) {
  if (provider.needs_user_agent) {
    headers.emplace_back("user-agent", "postern/" + std::string(kVersion));
  }
}

std::string_view words_of(const Provider& provider, std::string_view scope) {
  if (const auto words = words_in(provider, scope); !words.empty()) return words;
  for (const Cloud& cloud : provider.clouds) {
    for (std::size_t i = 0; i < cloud.apis.size(); ++i) {
      if (const auto permission = permission_of(scope, cloud.apis[i])) {
        return words_in(provider, scope_of(provider.apis[i], *permission));
      }
    }
  }
  return {};
}

std::string_view name_of(ReplayClass replay) {
  return kReplayNames[static_cast<std::size_t>(replay)];
}

std::optional<ReplayRule> parse_replay_rule(std::string_view text) {
  const auto colon = text.find(':');
  const auto* found = std::ranges::find(kReplayNames, text.substr(0, colon));
  if (found == std::end(kReplayNames)) {
    return std::nullopt;
  }
  ReplayRule rule{.kind = static_cast<ReplayClass>(found - kReplayNames)};
  const bool has_seconds = colon != std::string_view::npos;
  if (has_seconds != (rule.kind == ReplayClass::reuse_leeway)) {
    return std::nullopt;
  }
  const auto seconds =
      has_seconds ? parse_decimal(text.substr(colon + 1)) : std::optional<std::int64_t>(0);
  if (!seconds || *seconds < 0 || *seconds > kDaySeconds) {
    return std::nullopt;
  }
  rule.leeway_seconds = *seconds;
  return rule;
}

}  // namespace postern
