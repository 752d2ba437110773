// What providers' APIs answer to typed reads: what their references say of every answer, and
// whatever else they send.
#pragma once

#include "core/base/shape.h"

namespace postern {

inline constexpr Shape kProviderShapes[] = {
    {.name = "AzureUserInfo",
     .type = "{id: string, displayName?: string | null, givenName?: string | null, surname?: "
             "string | null, mail?: string | null, userPrincipalName?: string, jobTitle?: string "
             "| null, [member: string]: unknown}",
     .summary = "Graph's user (https://learn.microsoft.com/graph/api/resources/user)"},
    {.name = "GraphAddress",
     .type = "{emailAddress?: {name?: string | null, address?: string | null}, [member: string]: "
             "unknown}",
     .summary = "Graph's recipient (https://learn.microsoft.com/graph/api/resources/recipient)"},
    {.name = "GraphMailMessage",
     .type = "{id: string, subject?: string | null, from?: GraphAddress, toRecipients?: "
             "GraphAddress[], receivedDateTime?: string, bodyPreview?: string, body?: "
             "{contentType?: string, content?: string}, isRead?: boolean | null, hasAttachments?: "
             "boolean | null, webLink?: string | null, [member: string]: unknown}",
     .summary = "Graph's message (https://learn.microsoft.com/graph/api/resources/message)"},
    {.name = "GraphTime",
     .type = "{dateTime: string, timeZone?: string | null, [member: string]: unknown}",
     .summary = "Graph's time (https://learn.microsoft.com/graph/api/resources/datetimetimezone)"},
    {.name = "GraphCalendarEvent",
     .type = "{id: string, subject?: string | null, start?: GraphTime, end?: GraphTime, "
             "organizer?: GraphAddress | null, attendees?: GraphAddress[], location?: "
             "{displayName?: string | null, [member: string]: unknown}, isAllDay?: boolean | "
             "null, webLink?: string | null, [member: string]: unknown}",
     .summary = "Graph's event (https://learn.microsoft.com/graph/api/resources/event)"},
    {.name = "AzureTenant",
     .type = "{tenantId: string, id?: string, displayName?: string, defaultDomain?: string, "
             "tenantCategory?: string, [member: string]: unknown}",
     .summary = "Resource Manager's tenant "
                "(https://learn.microsoft.com/rest/api/resources/tenants/list)"},
    {.name = "AzureSubscription",
     .type = "{id: string, subscriptionId: string, displayName?: string, state?: string, "
             "tenantId?: string, [member: string]: unknown}",
     .summary = "Resource Manager's subscription "
                "(https://learn.microsoft.com/rest/api/resources/subscriptions/list)"},
    {.name = "AzureResourceGroup",
     .type = "{id: string, name: string, type?: string, location: string, tags?: {[tag: string]: "
             "string} | null, [member: string]: unknown}",
     .summary = "Its resource group "
                "(https://learn.microsoft.com/rest/api/resources/resource-groups/list)"},
    {.name = "AzureResource",
     .type = "{id: string, name: string, type: string, location?: string, tags?: {[tag: string]: "
             "string} | null, [member: string]: unknown}",
     .summary = "Its resource (https://learn.microsoft.com/rest/api/resources/resources/list)"},
};

}  // namespace postern
