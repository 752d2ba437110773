#include "core/operation/table.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/flow/access/operations.h"
#include "core/flow/authority/operations.h"
#include "core/flow/connect/operations.h"
#include "core/flow/connections/operations.h"
#include "core/flow/events/operations.h"
#include "core/flow/grant/operations.h"
#include "core/flow/integration/operations.h"
#include "core/flow/resource/operations.h"
#include "core/flow/service/operations.h"
#include "core/flow/token/operations.h"

namespace postern {

namespace {

// In the order of docs/api.md; last what only the authority runs.
constexpr std::span<const Operation> kTables[] = {
    service::kOperations,     connect::kOperations,     resource::kOperations, token::kOperations,
    connections::kOperations, integration::kOperations, events::kOperations,   integration::kUrls,
    access::kOperations,      connections::kTokens,     grant::kOperations,    connections::kWriter,
    authority::kOperations,   service::kInAuthority,    connections::kAlarm,
};

constexpr std::size_t count_all() {
  std::size_t count = 0;
  for (const auto& table : kTables) {
    count += table.size();
  }
  return count;
}

constexpr auto kOperations = [] {
  std::array<Operation, count_all()> all;
  auto next = all.begin();
  for (const auto& table : kTables) {
    next = std::ranges::copy(table, next).out;
  }
  return all;
}();

}  // namespace

std::span<const Operation> all_operations() {
  return kOperations;
}

const Operation* find_operation(std::string_view name) {
  const auto* found = std::ranges::find(kOperations, name, &Operation::name);
  return found == std::end(kOperations) ? nullptr : found;
}

}  // namespace postern
