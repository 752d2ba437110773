// What providers' APIs answer to typed calls and take with them.
#pragma once

#include "core/base/joined.h"
#include "core/provider/arm_answers.h"
#include "core/provider/graph_answers.h"
#include "core/provider/vault_answers.h"

namespace postern {

inline constexpr auto kProviderShapes = joined_rows(kGraphShapes, kArmShapes, kVaultShapes);

}  // namespace postern
