// What Microsoft Graph answers to typed calls and takes with them: what its reference says of every
// answer, and whatever else it sends.
#pragma once

#include "core/base/shape.h"

namespace postern {

inline constexpr Shape kGraphShapes[] = {
    {.name = "AzureUserInfo",
     .type = "{id: string, displayName?: string | null, givenName?: string | null, surname?: "
             "string | null, mail?: string | null, userPrincipalName?: string, jobTitle?: string "
             "| null, [member: string]: unknown}",
     .summary = "Graph's user (https://learn.microsoft.com/graph/api/resources/user)"},
    {.name = "GraphAddress",
     .type = "{emailAddress?: {name?: string | null, address?: string | null, [member: string]: "
             "unknown}, [member: string]: unknown}",
     .summary = "Graph's recipient (https://learn.microsoft.com/graph/api/resources/recipient)"},
    {.name = "GraphMailMessage",
     .type = "{id: string, subject?: string | null, from?: GraphAddress, toRecipients?: "
             "GraphAddress[], receivedDateTime?: string, bodyPreview?: string, body?: "
             "{contentType?: string, content?: string, [member: string]: unknown}, isRead?: "
             "boolean | null, hasAttachments?: boolean | null, webLink?: string | null, [member: "
             "string]: unknown}",
     .summary = "Graph's message (https://learn.microsoft.com/graph/api/resources/message)"},
    {.name = "GraphMessageInput",
     .type = "{subject?: string, body?: {contentType?: string, content?: string}, toRecipients?: "
             "GraphAddress[], ccRecipients?: GraphAddress[], bccRecipients?: GraphAddress[], "
             "replyTo?: GraphAddress[], importance?: string, attachments?: "
             "GraphAttachmentInput[], [member: string]: unknown}",
     .summary =
         "A message as Graph takes it (https://learn.microsoft.com/graph/api/user-sendmail)"},
    {.name = "GraphAttachmentInput",
     .type = "{\"@odata.type\"?: string, name?: string, contentType?: string, contentBytes?: "
             "string, isInline?: boolean, [member: string]: unknown}",
     .summary = "A file with a message; `contentBytes` in base64 "
                "(https://learn.microsoft.com/graph/api/resources/fileattachment)"},
    {.name = "GraphAttachment",
     .type = "{id: string, name?: string | null, contentType?: string | null, size?: number, "
             "isInline?: boolean, contentBytes?: string | null, [member: string]: unknown}",
     .summary = "Graph's attachment (https://learn.microsoft.com/graph/api/resources/attachment)"},
    {.name = "GraphMailFolder",
     .type = "{id: string, displayName?: string | null, parentFolderId?: string | null, "
             "childFolderCount?: number | null, unreadItemCount?: number | null, "
             "totalItemCount?: number | null, [member: string]: unknown}",
     .summary = "Graph's mail folder (https://learn.microsoft.com/graph/api/resources/mailfolder)"},
    {.name = "GraphTime",
     .type = "{dateTime: string, timeZone?: string | null, [member: string]: unknown}",
     .summary = "Graph's time (https://learn.microsoft.com/graph/api/resources/datetimetimezone)"},
    {.name = "GraphCalendar",
     .type = "{id: string, name?: string | null, color?: string | null, isDefaultCalendar?: "
             "boolean | null, canEdit?: boolean | null, [member: string]: unknown}",
     .summary = "Graph's calendar (https://learn.microsoft.com/graph/api/resources/calendar)"},
    {.name = "GraphCalendarEvent",
     .type = "{id: string, subject?: string | null, start?: GraphTime, end?: GraphTime, "
             "organizer?: GraphAddress | null, attendees?: GraphAddress[], location?: "
             "{displayName?: string | null, [member: string]: unknown}, isAllDay?: boolean | "
             "null, webLink?: string | null, [member: string]: unknown}",
     .summary = "Graph's event (https://learn.microsoft.com/graph/api/resources/event)"},
    {.name = "GraphEventInput",
     .type = "{subject?: string, body?: {contentType?: string, content?: string}, start?: "
             "GraphTime, end?: GraphTime, location?: {displayName?: string, [member: string]: "
             "unknown}, attendees?: GraphAddress[], isAllDay?: boolean, [member: string]: "
             "unknown}",
     .summary = "An event as Graph takes it "
                "(https://learn.microsoft.com/graph/api/user-post-events)"},
    {.name = "GraphSchedule",
     .type = "{scheduleId?: string | null, availabilityView?: string | null, scheduleItems?: "
             "{status?: string, start?: GraphTime, end?: GraphTime, [member: string]: "
             "unknown}[], [member: string]: unknown}",
     .summary = "When somebody is free "
                "(https://learn.microsoft.com/graph/api/resources/scheduleinformation)"},
    {.name = "GraphDriveItem",
     .type = "{id: string, name?: string | null, size?: number | null, file?: {mimeType?: string "
             "| null, [member: string]: unknown}, folder?: {childCount?: number | null, [member: "
             "string]: unknown}, webUrl?: string | null, lastModifiedDateTime?: string, "
             "parentReference?: {path?: string | null, [member: string]: unknown}, [member: "
             "string]: unknown}",
     .summary = "Graph's file or folder "
                "(https://learn.microsoft.com/graph/api/resources/driveitem)"},
    {.name = "GraphContact",
     .type = "{id: string, displayName?: string | null, givenName?: string | null, surname?: "
             "string | null, emailAddresses?: {name?: string | null, address?: string | null, "
             "[member: string]: unknown}[], businessPhones?: string[], mobilePhone?: string | "
             "null, [member: string]: unknown}",
     .summary = "Graph's contact (https://learn.microsoft.com/graph/api/resources/contact)"},
    {.name = "GraphGroup",
     .type = "{id: string, displayName?: string | null, description?: string | null, mail?: "
             "string | null, groupTypes?: string[], securityEnabled?: boolean | null, [member: "
             "string]: unknown}",
     .summary = "Graph's group (https://learn.microsoft.com/graph/api/resources/group)"},
    {.name = "GraphDirectoryObject",
     .type = "{id: string, displayName?: string | null, [member: string]: unknown}",
     .summary = "A member of a group: a user, a group, a device "
                "(https://learn.microsoft.com/graph/api/group-list-members)"},
    {.name = "GraphTeam",
     .type = "{id: string, displayName?: string | null, description?: string | null, [member: "
             "string]: unknown}",
     .summary = "Graph's team (https://learn.microsoft.com/graph/api/resources/team)"},
    {.name = "GraphChannel",
     .type = "{id: string, displayName?: string, description?: string | null, membershipType?: "
             "string | null, [member: string]: unknown}",
     .summary = "Graph's channel (https://learn.microsoft.com/graph/api/resources/channel)"},
    {.name = "GraphChannelMessage",
     .type = "{id: string, subject?: string | null, createdDateTime?: string | null, from?: "
             "{[member: string]: unknown} | null, body?: {contentType?: string, content?: string "
             "| null, [member: string]: unknown}, webUrl?: string | null, [member: string]: "
             "unknown}",
     .summary =
         "A channel's message (https://learn.microsoft.com/graph/api/resources/chatmessage)"},
    {.name = "GraphSite",
     .type = "{id: string, name?: string | null, displayName?: string | null, webUrl?: string | "
             "null, [member: string]: unknown}",
     .summary = "A SharePoint site (https://learn.microsoft.com/graph/api/resources/site)"},
    {.name = "GraphBatchRequest",
     .type = "{id: string, method: string, url: string, headers?: {[name: string]: string}, body?: "
             "unknown, dependsOn?: string[]}",
     .summary = "One request of a batch; `url` is a path (https://learn.microsoft.com/graph/"
                "json-batching)"},
    {.name = "GraphBatchResponse",
     .type = "{id: string, status: number, headers?: {[name: string]: string}, body?: unknown, "
             "[member: string]: unknown}",
     .summary = "What came of one request of a batch; what Postern did not send has its own code"},
    {.name = "GraphDone",
     .type = "{status: number}",
     .summary =
         "Graph did it and answered without content: 204, or 202 where it goes on by itself"},
};

}  // namespace postern
