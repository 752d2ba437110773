// Which version of a resource's provider is called where the caller names none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/effect/task.h"
#include "core/flow/frame/context.h"
#include "core/flow/resource/session.h"

namespace postern {

// What a resource's id says of its type (learn.microsoft.com/azure/azure-resource-manager/
// management/resource-name-rules): the last provider in it counts.
struct ResourceType {
  std::string subscription;  // empty: the resource belongs to a directory
  std::string provider;      // "Microsoft.Web"
  std::string type;          // "sites/slots"
};
[[nodiscard]] std::optional<ResourceType> type_of_resource(std::string_view id);

// Of a provider's document the newest version of the type that is no preview; of previews alone the
// newest of those; nullopt where it has no such type.
[[nodiscard]] std::optional<std::string> newest_version(const Json& provider,
                                                        std::string_view type);

// Asks the provider, and remembers it for half a minute.
Task<Result<std::string, Problem>> find_api_version(FlowContext* context, ApiSession* session,
                                                    std::string resource_id);

}  // namespace postern
