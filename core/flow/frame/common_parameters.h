// Parameters that operations of several features take.
#pragma once

#include "core/flow/frame/operation.h"

namespace postern::common {

using enum ParameterKind;

inline constexpr Parameter kUserId{"user_id", identifier, ParameterPlace::query, true,
                                   "The caller's own id of the user; opaque to Postern"};
inline constexpr Parameter kIntegration{"integration", name, ParameterPlace::query, false,
                                        "The integration's name; `azure` when absent"};
inline constexpr Parameter kIntegrationInPath{"integration", name, ParameterPlace::path, false,
                                              "The integration's name"};
inline constexpr Parameter kResource{"resource", name, ParameterPlace::query, false,
                                     "`graph` (default) or `arm`"};
inline constexpr Parameter kTenant{"tenant_id", text, ParameterPlace::query, false,
                                   "common, organizations, consumers, a directory's id or domain"};

}  // namespace postern::common
