#include "core/flow/resource/api_version.h"

#include "core/base/form.h"
#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::string_view kProvidersVersion = "?api-version=2021-04-01";
constexpr DurationMs kRememberedMs = 30 * kSecondMs;

bool is_preview(std::string_view version) {
  return version.contains("preview");
}

// `2023-12-01`, `2023-12-01-preview`: their order is that of their texts, among each kind.
bool is_newer(std::string_view a, std::string_view b) {
  return is_preview(a) == is_preview(b) ? a > b : is_preview(b);
}

Problem unknown(std::string_view detail) {
  return problem(ProblemCode::invalid_request, detail);
}

}  // namespace

std::optional<ResourceType> type_of_resource(std::string_view id) {
  const auto segments = split(id.starts_with('/') ? id.substr(1) : id, '/');
  ResourceType found;
  if (segments.size() > 1 && equal_ignoring_case(segments[0], "subscriptions")) {
    found.subscription = segments[1];
  }
  std::size_t at = segments.size();
  while (at > 0 && !equal_ignoring_case(segments[at - 1], "providers")) {
    --at;
  }
  // provider, then types and names in turn
  if (at == 0 || at >= segments.size() || (segments.size() - at) % 2 == 0) {
    return std::nullopt;
  }
  found.provider = segments[at];
  for (auto type = at + 1; type + 1 < segments.size(); type += 2) {
    found.type += found.type.empty() ? "" : "/";
    found.type += segments[type];
  }
  return found.type.empty() ? std::nullopt : std::optional(std::move(found));
}

std::optional<std::string> newest_version(const Json& provider, std::string_view type) {
  const auto* types = json_member(provider, "resourceTypes");
  if (types == nullptr) {
    return std::nullopt;
  }
  std::string newest;
  for (const auto& one : types->elements) {
    const auto* versions = json_member(one, "apiVersions");
    if (versions == nullptr || !equal_ignoring_case(json_text(one, "resourceType"), type)) {
      continue;
    }
    for (const auto& version : versions->elements) {
      if (newest.empty() || is_newer(version.string(), newest)) {
        newest = version.string();
      }
    }
  }
  return newest.empty() ? std::nullopt : std::optional(std::move(newest));
}

Task<Result<std::string, Problem>> find_api_version(FlowContext* context, ApiSession* session,
                                                    std::string resource_id) {
  const auto type = type_of_resource(resource_id);
  if (!type) {
    co_return std::unexpected(
        unknown("`resource_id` names no resource of a provider: "
                "/subscriptions/…/providers/{namespace}/{type}/{name}"));
  }
  const auto memory_key =
      "apiversion:" + session->origin + ':' + to_lower_ascii(type->provider + '/' + type->type);
  if (auto known = co_await perform(MemoryGet{.key = memory_key})) {
    co_return std::move(*known);
  }
  const auto below = type->subscription.empty()
                         ? std::string()
                         : "/subscriptions/" + percent_encode(type->subscription);
  const auto document =
      co_await fetch_json(context, session,
                          {.url = session->origin + below + "/providers/" +
                                  percent_encode(type->provider) + std::string(kProvidersVersion)});
  if (!document) {
    co_return std::unexpected(document.error());
  }
  auto version = newest_version(*document, type->type);
  if (!version) {
    co_return std::unexpected(
        unknown("`resource_id` is of a type that its provider does not have"));
  }
  const auto until = co_await current_time() + kRememberedMs;
  (void)co_await perform(MemoryPut{.key = memory_key, .value = *version, .expires_at = until});
  co_return std::move(*version);
}

}  // namespace postern
