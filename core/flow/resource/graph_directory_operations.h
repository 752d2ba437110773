// Microsoft Graph beside mail and calendar: people and groups of the directory, files, teams and
// sites (learn.microsoft.com/graph/api).
#pragma once

#include "core/flow/resource/graph_operations.h"
#include "core/flow/resource/row.h"

namespace postern::resource {

inline constexpr Parameter kItemId{
    .name = "item_id", .kind = text, .summary = "The folder's or file's id"};
inline constexpr Parameter kDrivePath{
    .name = "path",
    .kind = text,
    .summary = "Its path below the drive's root: `Reports/2026.xlsx`"};
inline constexpr Parameter kGroupId{
    .name = "group_id", .kind = identifier, .required = true, .summary = "The group's id"};
inline constexpr Parameter kTeamId{
    .name = "team_id", .kind = identifier, .required = true, .summary = "The team's id"};
inline constexpr Parameter kChannelId{
    .name = "channel_id", .kind = identifier, .required = true, .summary = "The channel's id"};

inline constexpr Operation kGraphDirectoryOperations[] = {
    {
        .name = "list_users",
        .http = "GET /users",
        .permission = "users:read",
        .parameters = kCall<[] {
          return std::array{kSearch, kFilter, kSelect, kOrderby, kExpand, kCount, kTop, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "users",
        .summary = "The users of the person's directory, all pages or one",
        .result = "{users: AzureUserInfo[], count?: number, next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "User.ReadBasic.All",
                 .target = "GET /v1.0/users{?$search,$filter,$select,$orderby,$expand,$count,$top}",
                 .list = "users",
                 .eventual = true,
                 .prepare = prepare_directory},
    },
    {
        .name = "get_directory_user",
        .http = "GET /users/:id",
        .permission = "users:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "id",
                                      .kind = identifier,
                                      .required = true,
                                      .summary = "The user's id or principal name"},
                            kSelect, kExpand};
        }>,
        .reads_connection = true,
        .summary = "A user of the person's directory",
        .result = "AzureUserInfo",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "User.ReadBasic.All",
                 .target = "GET /v1.0/users/{id}{?$select,$expand}"},
    },
    {
        .name = "list_groups",
        .http = "GET /groups",
        .permission = "groups:read",
        .parameters = kCall<[] {
          return std::array{kSearch, kFilter, kSelect, kOrderby, kExpand, kCount, kTop, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "groups",
        .summary = "The groups of the person's directory, all pages or one",
        .result = "{groups: GraphGroup[], count?: number, next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "GroupMember.Read.All",
                 .target =
                     "GET /v1.0/groups{?$search,$filter,$select,$orderby,$expand,$count,$top}",
                 .list = "groups",
                 .eventual = true,
                 .prepare = prepare_directory},
    },
    {
        .name = "get_group",
        .http = "GET /groups/:group_id",
        .permission = "groups:read",
        .parameters = kCall<[] { return std::array{kGroupId, kSelect, kExpand}; }>,
        .reads_connection = true,
        .summary = "A group of the person's directory",
        .result = "GraphGroup",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "GroupMember.Read.All",
                 .target = "GET /v1.0/groups/{group_id}{?$select,$expand}"},
    },
    {
        .name = "list_group_members",
        .http = "GET /groups/:group_id/members",
        .permission = "groups:read",
        .parameters = kCall<[] {
          return std::array{kGroupId, kSearch, kFilter, kSelect, kOrderby, kCount, kTop, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "members",
        .summary = "A group's members, all pages or one",
        .result = "{members: GraphDirectoryObject[], count?: number, next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "GroupMember.Read.All",
                 .target = "GET /v1.0/groups/{group_id}/members"
                           "{?$search,$filter,$select,$orderby,$count,$top}",
                 .list = "members",
                 .eventual = true,
                 .prepare = prepare_directory},
    },
    {
        .name = "list_contacts",
        .http = "GET /contacts",
        .permission = "contacts:read",
        .parameters =
            kCall<[] { return std::array{kFilter, kSearch, kSelect, kOrderby, kTop, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "contacts",
        .summary = "The person's contacts, all pages or one",
        .result = "{contacts: GraphContact[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Contacts.Read",
                 .target = "GET /v1.0/me/contacts{?$filter,$search,$select,$orderby,$top}",
                 .list = "contacts"},
    },
    {
        .name = "list_files",
        .http = "GET /files",
        .permission = "files:read",
        .parameters = kCall<[] {
          return std::array{kItemId, kDrivePath, kSelect, kOrderby, kExpand, kTop, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "files",
        .summary = "What is in a folder of the person's drive: its root, `item_id` or `path`",
        .result = "{files: GraphDriveItem[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Files.Read",
                 .target = "GET /v1.0/me/drive/[items/{item_id}|root:/{+path}:|root]/children"
                           "{?$select,$orderby,$expand,$top}",
                 .list = "files"},
    },
    {
        .name = "search_files",
        .http = "GET /files/search",
        .permission = "files:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "query",
                                      .kind = text,
                                      .required = true,
                                      .summary = "Words of names, contents and metadata"},
                            kSelect, kTop, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "foundFiles",
        .summary = "Files of the person's drive by words",
        .result = "{foundFiles: GraphDriveItem[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Files.Read",
                 .target = "GET /v1.0/me/drive/root/search(q='{'query}'){?$select,$top}",
                 .list = "foundFiles"},
    },
    {
        .name = "get_file_by_path",
        .http = "GET /files/by-path",
        .permission = "files:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "path",
                                      .kind = text,
                                      .required = true,
                                      .summary = "Its path below the drive's root"},
                            kSelect, kExpand};
        }>,
        .reads_connection = true,
        .summary = "What is known of a file or folder of the person's drive, by its path",
        .result = "GraphDriveItem",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Files.Read",
                 .target = "GET /v1.0/me/drive/root:/{+path}{?$select,$expand}"},
    },
    {
        .name = "get_file",
        .http = "GET /files/:item_id",
        .permission = "files:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "item_id",
                                      .kind = text,
                                      .required = true,
                                      .summary = "The file's or folder's id"},
                            kSelect, kExpand};
        }>,
        .reads_connection = true,
        .summary = "What is known of a file or folder of the person's drive",
        .result = "GraphDriveItem",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Files.Read",
                 .target = "GET /v1.0/me/drive/items/{item_id}{?$select,$expand}"},
    },
    {
        .name = "list_teams",
        .http = "GET /teams",
        .permission = "teams:read",
        .parameters = kCall<[] { return std::array{kSelect, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "teams",
        .summary = "The teams of which the person is a member",
        .result = "{teams: GraphTeam[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Team.ReadBasic.All",
                 .target = "GET /v1.0/me/joinedTeams{?$select}",
                 .list = "teams"},
    },
    {
        .name = "list_channels",
        .http = "GET /teams/:team_id/channels",
        .permission = "teams:read",
        .parameters = kCall<[] { return std::array{kTeamId, kSelect, kFilter, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "channels",
        .summary = "A team's channels",
        .result = "{channels: GraphChannel[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Channel.ReadBasic.All",
                 .target = "GET /v1.0/teams/{team_id}/channels{?$select,$filter}",
                 .list = "channels"},
    },
    {
        .name = "list_channel_messages",
        .http = "GET /teams/:team_id/channels/:channel_id/messages",
        .permission = "teams:read",
        .parameters = kCall<[] { return std::array{kTeamId, kChannelId, kExpand, kTop, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "channelMessages",
        .summary = "The messages of a channel without their replies, all pages or one",
        .result = "{channelMessages: GraphChannelMessage[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "ChannelMessage.Read.All",
                 .target =
                     "GET /v1.0/teams/{team_id}/channels/{channel_id}/messages{?$expand,$top}",
                 .list = "channelMessages"},
    },
    {
        .name = "send_channel_message",
        .http = "POST /teams/:team_id/channels/:channel_id/messages",
        .permission = "teams:write",
        .parameters = kCall<[] {
          return std::array{
              kTeamId, kChannelId,
              Parameter{.name = "content",
                        .kind = text,
                        .place = body,
                        .required = true,
                        .summary = "The message"},
              Parameter{.name = "content_type",
                        .kind = name,
                        .place = body,
                        .summary = "`text` or `html`; text when absent"},
              Parameter{
                  .name = "title", .kind = text, .place = body, .summary = "What stands above it"}};
        }>,
        .reads_connection = true,
        .summary = "Writes a message into a channel as the person",
        .result = "GraphChannelMessage",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "ChannelMessage.Send",
                 .target = "POST /v1.0/teams/{team_id}/channels/{channel_id}/messages",
                 .body = "subject=title,body.content=content,body.contentType=content_type"},
    },
    {
        .name = "search_sites",
        .http = "GET /sites",
        .permission = "sites:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "query",
                                      .kind = text,
                                      .required = true,
                                      .summary = "Words of the site; `*` for all"},
                            kSelect, kTop, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "sites",
        .summary = "SharePoint sites that the person may see, by words",
        .result = "{sites: GraphSite[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Sites.Read.All",
                 .target = "GET /v1.0/sites{?search=query,$select,$top}",
                 .list = "sites"},
    },
    {
        .name = "get_site",
        .http = "GET /sites/:site_id",
        .permission = "sites:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "site_id",
                                      .kind = identifier,
                                      .required = true,
                                      .summary = "The site's id, or `root`"},
                            kSelect};
        }>,
        .reads_connection = true,
        .summary = "A SharePoint site",
        .result = "GraphSite",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Sites.Read.All",
                 .target = "GET /v1.0/sites/{site_id}{?$select}"},
    },
    {
        .name = "batch",
        .http = "POST /batch",
        .permission = "graph:batch",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "requests",
                                      .kind = json,
                                      .place = body,
                                      .required = true,
                                      .type = "GraphBatchRequest[]",
                                      .summary = "Any requests to Graph: sent 20 at a time, each "
                                                 "behind what it depends on"}};
        }>,
        .reads_connection = true,
        .summary = "Many requests to Graph in few; what is throttled goes again within `wait`",
        .result = "{responses: GraphBatchResponse[]}",
        .flow = batch_flow,
        .call = {.api = "graph", .target = "POST /v1.0/$batch", .body = "requests"},
    },
};

}  // namespace postern::resource
