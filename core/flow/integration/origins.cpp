#include "core/flow/integration/origins.h"

#include "core/base/text.h"

namespace postern {

std::vector<std::string> insecure_origins(const FlowContext& context) {
  std::vector<std::string> origins;
  for (const auto piece : split(context.env("ALLOW_INSECURE_ORIGINS"), ',')) {
    if (const auto origin = trim(piece); !origin.empty()) {
      origins.emplace_back(origin);
    }
  }
  return origins;
}

Result<std::string, Problem> origin_from(std::string_view text, std::string_view variable,
                                         std::string_view otherwise, UrlPolicy policy) {
  if (text.empty() || text == otherwise) {
    return std::string(otherwise);
  }
  const auto origin = parse_origin(text, policy);
  if (!origin) {
    return std::unexpected(not_configured(variable));
  }
  return origin->origin();
}

Result<std::vector<PlaceholderValue>, Problem> values_from(const IntegrationSettings& settings,
                                                           UrlPolicy policy) {
  std::vector<PlaceholderValue> values;
  for (const auto& [name, summary, placeholder] : settings.provider->settings) {
    if (placeholder.empty()) {
      continue;
    }
    const auto text = settings.get(name);
    if (placeholder == "{host}") {
      const auto origin = parse_origin(text, policy);
      if (!origin) {
        return std::unexpected(not_configured(settings.variable(name)));
      }
      values.push_back({.placeholder = placeholder, .value = origin->origin()});
    } else if (is_host_label(text)) {
      values.push_back({.placeholder = placeholder, .value = std::string(text)});
    } else {
      return std::unexpected(not_configured(settings.variable(name)));
    }
  }
  return values;
}

Result<std::vector<std::string>, Problem> origins_from(const IntegrationSettings& settings,
                                                       const Cloud& cloud,
                                                       std::span<const PlaceholderValue> values,
                                                       UrlPolicy policy) {
  std::vector<std::string> origins;
  for (const Api& api : settings.provider->apis) {
    const auto own = origin_of(cloud.apis[origins.size()], {.values = values});
    if (!own) {
      return std::unexpected(not_configured(origin_variable(api)));
    }
    auto origin = origin_from(settings.api_origin(api), origin_variable(api), *own, policy);
    if (!origin) {
      return std::unexpected(origin.error());
    }
    origins.push_back(std::move(*origin));
  }
  return origins;
}

Result<std::vector<std::string>, Problem> api_origins_of(const IntegrationSettings& settings) {
  const auto insecure = insecure_origins(*settings.context);
  const UrlPolicy policy{.allowed_origins = insecure};
  const auto cloud = cloud_of(settings);
  if (!cloud) {
    return std::unexpected(cloud.error());
  }
  const auto values = values_from(settings, policy);
  if (!values) {
    return std::unexpected(values.error());
  }
  return origins_from(settings, *cloud, *values, policy);
}

}  // namespace postern
