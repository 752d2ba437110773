// What a caller may do to what it names: an API, the organization itself.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/problem.h"
#include "core/flow/frame/context.h"

namespace postern {

// permission_denied, which names what is needed.
[[nodiscard]] Problem permission_needed(std::string_view permission);
// Why the caller may not do this to one API. `named`: the permission for all APIs is not enough.
[[nodiscard]] std::optional<Problem> refuse_api(const Caller& caller, std::string_view permission,
                                                std::string_view api, bool named = false);
// Why the caller may not name the organization itself, where it does.
[[nodiscard]] std::optional<Problem> refuse_organization(const Caller& caller,
                                                         const Parameters& parameters);

}  // namespace postern
