#include "core/flow/frame/permission.h"

#include <string>

#include "core/flow/frame/connection_name.h"

namespace postern {

Problem permission_needed(std::string_view permission) {
  return problem(ProblemCode::permission_denied,
                 "This needs the permission " + std::string(permission));
}

std::optional<Problem> refuse_api(const Caller& caller, std::string_view permission,
                                  std::string_view api, bool named) {
  const auto of_api = std::string(permission) + ':' + std::string(api);
  if (named ? caller.may(of_api) : caller.may_for_api(permission, api)) {
    return std::nullopt;
  }
  return permission_needed(of_api);
}

std::optional<Problem> refuse_organization(const Caller& caller, const Parameters& parameters) {
  if (!names_organization(parameters) || caller.may(kOrganizationPermission)) {
    return std::nullopt;
  }
  return permission_needed(kOrganizationPermission);
}

}  // namespace postern
