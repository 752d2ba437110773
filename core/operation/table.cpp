#include "core/operation/table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "core/flow/access/operations.h"
#include "core/flow/authority/operations.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connections/operations.h"
#include "core/flow/events/operations.h"
#include "core/flow/frame/common_shapes.h"
#include "core/flow/grant/operations.h"
#include "core/flow/integration/operations.h"
#include "core/flow/proxy/operations.h"
#include "core/flow/resource/operations.h"
#include "core/flow/service/operations.h"
#include "core/flow/token/operations.h"
#include "core/operation/call_checks.h"
#include "core/operation/checks.h"
#include "core/provider/arm_answers.h"
#include "core/provider/graph_answers.h"
#include "core/provider/vault_answers.h"

namespace postern {

namespace {

// In the order of docs/api.md; last what only the authority runs.
constexpr std::span<const Operation> kTables[] = {
    service::kOperations,       connect::kOperations,
    resource::kGraphOperations, resource::kGraphDirectoryOperations,
    resource::kArmOperations,   resource::kArmGovernanceOperations,
    resource::kVaultOperations, token::kOperations,
    proxy::kOperations,         connections::kOperations,
    integration::kOperations,   events::kOperations,
    integration::kUrls,         access::kOperations,
    connections::kTokens,       grant::kOperations,
    connections::kWriter,       authority::kOperations,
    service::kInAuthority,      connections::kAlarm,
};

// In the order of docs/api.md.
constexpr std::span<const Variable> kVariableTables[] = {
    integration::kVariables, authority::kVariables, events::kVariables,
    access::kVariables,      connect::kVariables,
};

// In the order of docs/api.md.
constexpr std::span<const Shape> kShapeTables[] = {
    common::kShapes,      kGraphShapes,    kArmShapes,      kVaultShapes,
    connections::kShapes, events::kShapes, access::kShapes, integration::kShapes,
};

template <const auto& kRows>
constexpr auto joined() {
  constexpr auto count = [] {
    std::size_t sum = 0;
    for (const auto& table : kRows) {
      sum += table.size();
    }
    return sum;
  }();
  std::array<std::remove_cvref_t<decltype(kRows[0][0])>, count> all;
  auto next = all.begin();
  for (const auto& table : kRows) {
    next = std::ranges::copy(table, next).out;
  }
  return all;
}

constexpr auto kOperations = joined<kTables>();
constexpr auto kVariables = joined<kVariableTables>();
constexpr auto kShapes = joined<kShapeTables>();

constexpr auto permissions_of(bool by_api) {
  std::array<std::string_view, kOperations.size()> permissions;
  std::size_t count = 0;
  for (const auto& operation : kOperations) {
    if (by_api && !operation.permission_by_api) {
      continue;
    }
    const auto end = permissions.begin() + count;
    if (!operation.permission.empty() &&
        std::find(permissions.begin(), end, operation.permission) == end) {
      permissions[count++] = operation.permission;
    }
  }
  return std::pair(permissions, count);
}

constexpr auto kPermissions = permissions_of(false);
constexpr auto kPermissionsByApi = permissions_of(true);

// Where one does not hold, the compiler shows the place of the row in the joined table.
constexpr std::span<const Operation> kAll = kOperations;
static_assert(misnamed(kAll) == kNowhere);
static_assert(name_taken(kAll) == kNowhere);
static_assert(name_reserved(kAll) == kNowhere);
static_assert(route_malformed(kAll) == kNowhere);
static_assert(route_taken(kAll) == kNowhere);
static_assert(segment_undeclared(kAll) == kNowhere);
static_assert(segment_missing(kAll) == kNowhere);
static_assert(parameters_wrong(kAll) == kNowhere);
static_assert(call_wrong(kAll) == kNowhere);
static_assert(incomplete(kAll) == kNowhere);
static_assert(untyped(kAll) == kNowhere);
static_assert(name_taken(std::span<const Shape>(kShapes)) == kNowhere);
static_assert(name_taken(std::span<const Variable>(kVariables)) == kNowhere);

}  // namespace

std::span<const Operation> all_operations() {
  return kOperations;
}

std::span<const std::string_view> all_permissions() {
  return std::span(kPermissions.first).first(kPermissions.second);
}

std::span<const std::string_view> permissions_by_api() {
  return std::span(kPermissionsByApi.first).first(kPermissionsByApi.second);
}

std::vector<NamedVariable> all_variables() {
  auto variables = integration_variables();
  for (const auto& variable : kVariables) {
    variables.push_back({.name = std::string(variable.name),
                         .secrecy = variable.secrecy,
                         .summary = std::string(variable.summary)});
  }
  return variables;
}

std::span<const Shape> all_shapes() {
  return kShapes;
}

const Operation* find_operation(std::string_view name) {
  // An iterator of std::array is a pointer with some libraries only.
  for (const auto& operation : kOperations) {
    if (operation.name == name) {
      return &operation;
    }
  }
  return nullptr;
}

}  // namespace postern
