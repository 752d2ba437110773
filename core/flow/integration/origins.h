// Where an integration's servers are: as the catalogue has it, or as the operator names it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/base/url.h"
#include "core/flow/frame/context.h"
#include "core/flow/integration/settings.h"
#include "core/provider/catalogue.h"

namespace postern {

// Origins named by ALLOW_INSECURE_ORIGINS (comma-separated).
[[nodiscard]] std::vector<std::string> insecure_origins(const FlowContext& context);

// The cloud's own, or another one that the operator names. Where it is not https, or no public
// host, he has named it as insecure too. Fault: integration_not_configured.
[[nodiscard]] Result<std::string, Problem> origin_from(std::string_view text,
                                                       std::string_view variable,
                                                       std::string_view otherwise,
                                                       UrlPolicy policy);

// What the integration says of the provider's placeholders. Fault: integration_not_configured.
[[nodiscard]] Result<std::vector<PlaceholderValue>, Problem> values_from(
    const IntegrationSettings& settings, UrlPolicy policy);

// Of the APIs, in the order of Provider::apis. Fault: integration_not_configured.
[[nodiscard]] Result<std::vector<std::string>, Problem> origins_from(
    const IntegrationSettings& settings, const Cloud& cloud,
    std::span<const PlaceholderValue> values, UrlPolicy policy);
// The same; nothing else of the integration is looked at.
[[nodiscard]] Result<std::vector<std::string>, Problem> api_origins_of(
    const IntegrationSettings& settings);

}  // namespace postern
