#include "core/provider/granted_scopes.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/oauth/scope.h"

namespace postern {

namespace {

// Entra: all that was consented to at this API (learn.microsoft.com, "The .default scope").
constexpr std::string_view kDefault = ".default";

bool is_granted(const Provider& provider, const Api& api, std::string_view scope,
                std::span<const std::string> granted) {
  const auto wanted = permission_of(scope, api).value_or(scope);
  return std::ranges::any_of(granted, [&](const std::string& listed) {
    const auto given = permission_of(listed, api).value_or(listed);
    return equal_ignoring_case(given, wanted) || wanted == kDefault || given == kDefault ||
           std::ranges::any_of(provider.implied_scopes, [&](const ImpliedScope& known) {
             return known.scope == given && known.implied == wanted;
           });
  });
}

}  // namespace

bool is_identity_scope(std::string_view scope) {
  return scope == "openid" || scope == "profile" || scope == "email" || scope == "offline_access";
}

std::vector<std::string> missing_scopes(const Provider& provider, const Api& api,
                                        std::span<const std::string> asked,
                                        std::string_view granted) {
  std::vector<std::string> missing;
  const auto given = split_scopes(granted, false);
  if (given.empty()) return missing;
  const bool by_api = provider.hooks != nullptr && provider.hooks->scopes_for_api != nullptr;
  const auto wanted = by_api ? provider.hooks->scopes_for_api(api, asked)
                             : std::vector<std::string>(asked.begin(), asked.end());
  for (const auto& scope : wanted) {
    if (!is_identity_scope(scope) && !is_granted(provider, api, scope, given)) {
      missing.push_back(scope);
    }
  }
  return missing;
}

bool lacks_scope(const Provider& provider, const Api& api, const std::string& scope,
                 std::string_view granted) {
  const auto given = split_scopes(granted, false);
  return !given.empty() && !is_granted(provider, api, scope, given);
}

bool asks_for_api(const Provider& provider, const Api& api, std::span<const std::string> asked) {
  return !provider.token_per_api || !token_scopes(provider, api, asked).empty();
}

}  // namespace postern
