#include "core/provider/catalogue.h"

#include <algorithm>
#include <iterator>

#include "core/base/text.h"
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

std::string api_names(const Provider& provider) {
  std::string names;
  for (const Api& api : provider.apis) {
    names += names.empty() ? "" : ", ";
    names += api.name;
  }
  return names;
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
                      .issuer = fill(provider.issuer)};
  return complete ? std::optional(std::move(endpoints)) : std::nullopt;
}

std::optional<std::string> origin_of(const Api& api, const EndpointParts& parts) {
  return expand(api.origin, parts);
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
  for (const auto& table : {provider.scope_words, std::span<const ScopeWords>(kCommonWords)}) {
    for (const auto& known : table) {
      if (known.scope == scope) return known.words;
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
