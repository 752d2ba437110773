// All calls of providers' APIs that the table describes.
#pragma once

#include "core/flow/resource/arm_governance_operations.h"
#include "core/flow/resource/arm_operations.h"
#include "core/flow/resource/graph_directory_operations.h"
#include "core/flow/resource/graph_operations.h"
#include "core/flow/resource/vault_operations.h"
