// All calls of providers' APIs that the table describes.
#pragma once

#include "core/base/joined.h"
#include "core/flow/resource/arm_governance_operations.h"
#include "core/flow/resource/arm_operations.h"
#include "core/flow/resource/graph_content_operations.h"
#include "core/flow/resource/graph_directory_operations.h"
#include "core/flow/resource/graph_draft_operations.h"
#include "core/flow/resource/graph_operations.h"
#include "core/flow/resource/vault_operations.h"

namespace postern::resource {

// Routes are matched in this order.
inline constexpr auto kOperations = joined_rows(
    kGraphDraftOperations, kGraphOperations, kGraphContentOperations, kGraphDirectoryOperations,
    kArmOperations, kArmGovernanceOperations, kVaultOperations);

}  // namespace postern::resource
