// Graph and Azure Resource Manager behind the proxy.
#pragma once

#include "core/provider/proxy_rules.h"

namespace postern {

// learn.microsoft.com/graph/paging, /graph/delta-query-overview, /graph/api/resources/driveitem,
// /graph/api/resources/uploadsession; Azure: nextLink.
inline constexpr LinkMember kMicrosoftLinks[] = {
    {"nextLink", LinkKind::followed},
    {"*@odata.nextLink", LinkKind::followed},
    {"@odata.deltaLink", LinkKind::followed},
    {"deltaLink", LinkKind::followed},
    // Azure's clients get it with their key once an operation has succeeded
    // (github.com/Azure/azure-sdk-for-js, core-lro).
    {"resourceLocation", LinkKind::followed},
    // Of an answer within a batch: a redirect to content is a URL that needs no token
    // (microsoftgraph/msgraph-sdk-dotnet-core#980).
    {"location", LinkKind::redirect},
    {"Location", LinkKind::redirect},
    {"uploadUrl", LinkKind::upload},
    {"@microsoft.graph.downloadUrl", LinkKind::download},
    {"@content.downloadUrl", LinkKind::download},
    // Of a thumbnail, and of a preview.
    {"url", LinkKind::download},
    {"getUrl", LinkKind::download},
    {"postUrl", LinkKind::download}};
// learn.microsoft.com/graph/json-batching; Azure Resource Manager has /batch.
inline constexpr std::string_view kMicrosoftOpaquePaths[] = {"/*/$batch", "/batch"};
// Files, attachments, photos: learn.microsoft.com/graph/api/driveitem-get-content, message-get,
// attachment-get.
inline constexpr std::string_view kMicrosoftContent[] = {"content", "contentstream", "$value"};
inline constexpr ProxyRules kMicrosoftProxyRules{.links = kMicrosoftLinks,
                                                 .folding = CaseFolding::words,
                                                 .opaque_paths = kMicrosoftOpaquePaths,
                                                 .content = {.last_segments = kMicrosoftContent}};

}  // namespace postern
