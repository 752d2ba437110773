#include "core/provider/microsoft_application.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/oauth/issuer.h"
#include "core/oauth/scope.h"

namespace postern {

namespace {

constexpr std::size_t kMostNameBytes = 256;
constexpr std::size_t kMostRolesBytes = std::size_t{4} * 1024;

std::string guid_in(const Json& claims, std::string_view name) {
  const auto text = json_text(claims, name);
  return is_guid(text) ? to_lower_ascii(text) : std::string();
}

// Those that can stand among scopes.
std::string roles_in(const Json& claims) {
  std::string roles;
  const auto* list = json_member(claims, "roles");
  if (list == nullptr || list->kind != JsonKind::array) {
    return roles;
  }
  for (const Json& role : list->elements) {
    if (role.kind == JsonKind::string && is_scope_token(role.text) &&
        roles.size() + role.text.size() < kMostRolesBytes) {
      roles += (roles.empty() ? "" : " ") + role.text;
    }
  }
  return roles;
}

}  // namespace

ApplicationToken microsoft_application_token(const Json& claims) {
  const auto kind = json_text(claims, "idtyp");
  const auto name = json_text(claims, "app_displayname");
  auto client_id = json_text(claims, "azp");
  if (client_id.empty()) {
    client_id = json_text(claims, "appid");
  }
  return {.tenant = guid_in(claims, "tid"),
          .client_id = std::string(client_id),
          .object = guid_in(claims, "oid"),
          .name = name.size() <= kMostNameBytes && is_clean_text(name) ? std::string(name)
                                                                       : std::string(),
          .roles = roles_in(claims),
          .is_persons = json_member(claims, "scp") != nullptr || (!kind.empty() && kind != "app")};
}

}  // namespace postern
