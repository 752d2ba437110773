// Content at Microsoft Graph, which the host streams (learn.microsoft.com/graph/api).
#pragma once

#include "core/flow/resource/content.h"
#include "core/flow/resource/graph_operations.h"

namespace postern::resource {

inline constexpr Parameter kFileId{
    .name = "item_id", .kind = text, .required = true, .summary = "The file's id"};
inline constexpr Parameter kFilePath{
    .name = "path",
    .kind = text,
    .required = true,
    .summary = "Its path below the drive's root: `Reports/2026.xlsx`"};

inline constexpr Operation kGraphContentOperations[] = {
    {
        .name = "get_photo",
        .http = "GET /photo",
        .permission = "photo:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "size",
                                      .kind = name,
                                      .summary = "`48x48` to `648x648`; the largest when absent"}};
        }>,
        .reads_connection = true,
        .streams = true,
        .summary = "The person's photo",
        .result = "Response",
        .flow = content_flow,
        .call = {.api = "graph",
                 .scope = "User.Read",
                 .target = "GET /v1.0/me/[photos/{size}|photo]/$value"},
    },
    {
        .name = "download_attachment",
        .http = "GET /mail/:message_id/attachments/:attachment_id/content",
        .permission = "mail:read",
        .parameters = kCall<[] { return std::array{kMessageId, kAttachmentId}; }>,
        .reads_connection = true,
        .streams = true,
        .summary = "An attachment's content, of any size",
        .result = "Response",
        .flow = content_flow,
        .call = {.api = "graph",
                 .scope = "Mail.Read",
                 .target = "GET /v1.0/me/messages/{message_id}/attachments/{attachment_id}/$value"},
    },
    {
        .name = "download_file_by_path",
        .http = "GET /files/by-path/content",
        .permission = "files:read",
        .parameters = kCall<[] { return std::array{kFilePath}; }>,
        .reads_connection = true,
        .streams = true,
        .summary = "A file's content, by its path",
        .result = "Response",
        .flow = content_flow,
        .call = {.api = "graph",
                 .scope = "Files.Read",
                 .target = "GET /v1.0/me/drive/root:/{+path}:/content"},
    },
    {
        .name = "download_file",
        .http = "GET /files/:item_id/content",
        .permission = "files:read",
        .parameters = kCall<[] { return std::array{kFileId}; }>,
        .reads_connection = true,
        .streams = true,
        .summary = "A file's content",
        .result = "Response",
        .flow = content_flow,
        .call = {.api = "graph",
                 .scope = "Files.Read",
                 .target = "GET /v1.0/me/drive/items/{item_id}/content"},
    },
    {
        .name = "upload_file",
        .http = "PUT /files/by-path/content",
        .permission = "files:write",
        .parameters = kCall<[] {
          return std::array{
              kFilePath,
              Parameter{.name = "conflict",
                        .kind = name,
                        .summary =
                            "Where there is one of that name: `fail`, `replace` or `rename`; "
                            "replace when absent"}};
        }>,
        .reads_connection = true,
        .streams = true,
        .summary = "Puts a file of at most 250 MB into the person's drive: the body is its content",
        .result = "GraphDriveItem",
        .flow = content_flow,
        .call = {.api = "graph",
                 .scope = "Files.ReadWrite",
                 .target = "PUT /v1.0/me/drive/root:/{+path}:/content"
                           "{?@microsoft.graph.conflictBehavior=conflict}"},
    },
};

}  // namespace postern::resource
