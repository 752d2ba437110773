#include "core/operation/table.h"

#include <doctest/doctest.h>
#include <string>

#include "core/flow/frame/context.h"

using namespace postern;

namespace {

std::string allowed_by(std::string_view permissions) {
  const Caller caller{.org = "acme", .permissions = std::string(permissions)};
  std::string names;
  for (const auto& operation : all_operations()) {
    if (operation.access == Access::key && caller.may(operation.permission)) {
      names += names.empty() ? "" : " ";
      names += operation.name;
    }
  }
  return names;
}

}  // namespace

// Whoever holds one of these was asked about what is here. What shows or does more takes a
// permission of its own (core/flow/frame/context.cpp).
TEST_CASE("keys that there are allow no more than they did") {
  CHECK(allowed_by("graph:read") ==
        "get_user get_mail get_message get_calendar_events get_calendar_event");
  CHECK(allowed_by("arm:read") ==
        "list_tenants list_subscriptions get_subscription list_resource_groups get_resource_group "
        "list_resources list_providers get_provider list_tags get_tags");
  CHECK(allowed_by("*") ==
        "create_connect_link get_attempt confirm_connection connect get_user get_mail get_message "
        "get_calendar_events get_calendar_event list_tenants list_subscriptions get_subscription "
        "list_resource_groups get_resource_group list_resources list_providers get_provider "
        "list_tags get_tags get_token list_connections get_connection refresh list_versions "
        "rollback disconnect get_integration list_events redeliver_event list_dead_letters "
        "admin_consent_url logout_url list_admin_consents get_admin_consent");
}
