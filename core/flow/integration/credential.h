// The certificate by which an organization's integration proves itself as itself, in place of the
// client secret (docs/decisions/0013-signing-keys.md). Its private key goes in, and never comes
// back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/integration/resolve.h"
#include "core/flow/store/credentials.h"

namespace postern {

// What its key is sealed under: `sign` alone opens it, for this certificate of this integration.
[[nodiscard]] std::string certificate_context(std::string_view org, std::string_view integration,
                                              std::string_view thumbprint);

// The organization's, from the isolate's memory or from D1; nullopt: there is none. Fault:
// store_unavailable, which is never the same as "none".
Task<Result<std::optional<StoredCredential>, Problem>> find_credential(std::string org,
                                                                       std::string integration);

// Makes the endpoint one that is asked with an assertion of the organization's certificate (RFC
// 7523 2.2), where it has one. Faults: store_unavailable, stored_data_unreadable (no key of the
// ring opens it).
Task<Result<std::monostate, Problem>> prove_application(FlowContext* context, std::string org,
                                                        std::string integration,
                                                        TokenEndpoint* endpoint);

}  // namespace postern
