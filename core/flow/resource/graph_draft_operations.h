// Drafts of the person's mail, and calendars other than the default one, at Microsoft Graph
// (learn.microsoft.com/graph/api/user-post-messages, message-update, message-send, message-delete,
// calendar-list-events, calendar-post-events).
#pragma once

#include "core/flow/resource/graph_operations.h"

namespace postern::resource {

inline constexpr Parameter kCalendarId{
    .name = "calendar_id", .kind = identifier, .required = true, .summary = "The calendar's id"};
inline constexpr Parameter kWholeMessage{.name = "message",
                                         .kind = json,
                                         .place = body,
                                         .required = true,
                                         .type = "GraphMessageInput",
                                         .summary = "The message, as Graph takes it"};

inline constexpr Operation kGraphDraftOperations[] = {
    {
        .name = "create_draft",
        .http = "POST /mail/drafts",
        .permission = "mail:write",
        .parameters = kCall<[] { return std::array{kWholeMessage}; }>,
        .reads_connection = true,
        .summary = "Puts a message among the person's drafts, and sends nothing",
        .result = "GraphMailMessage",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Mail.ReadWrite",
                 .target = "POST /v1.0/me/messages",
                 .body = "{message}"},
    },
    {
        .name = "update_message",
        .http = "PATCH /mail/:message_id",
        .permission = "mail:write",
        .parameters = kCall<[] { return std::array{kMessageId, kWholeMessage}; }>,
        .reads_connection = true,
        .summary = "Changes members of a message; subject, body and recipients of a draft alone",
        .result = "GraphMailMessage",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Mail.ReadWrite",
                 .target = "PATCH /v1.0/me/messages/{message_id}",
                 .body = "{message}"},
    },
    {
        .name = "send_draft",
        .http = "POST /mail/:message_id/send",
        .permission = "mail:write",
        .parameters = kCall<[] { return std::array{kMessageId}; }>,
        .reads_connection = true,
        .summary = "Sends a draft",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Mail.Send",
                 .target = "POST /v1.0/me/messages/{message_id}/send"},
    },
    {
        .name = "delete_message",
        .http = "DELETE /mail/:message_id",
        .permission = "mail:write",
        .parameters = kCall<[] { return std::array{kMessageId}; }>,
        .reads_connection = true,
        .summary = "Puts a message where deleted ones can be recovered from",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Mail.ReadWrite",
                 .target = "DELETE /v1.0/me/messages/{message_id}"},
    },
    {
        .name = "list_events_of_calendar",
        .http = "GET /calendars/:calendar_id/events",
        .permission = "calendar:read",
        .parameters = kCall<[] {
          return std::array{
              kCalendarId,
              Parameter{.name = "start",
                        .kind = timestamp,
                        .summary = "Events that end after it; together with end"},
              Parameter{.name = "end", .kind = timestamp, .summary = "Events that start before it"},
              kSelect,
              kTop,
              kOrderby,
              kFilter,
              kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "events",
        .summary = "The events of one of the person's calendars, all pages or one",
        .result = "{events: GraphCalendarEvent[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Calendars.Read",
                 .target = "GET /v1.0/me/calendars/{calendar_id}/"
                           "[calendarView?startDateTime={start}&endDateTime={end}|events]"
                           "{?$orderby,$top=top~50,$select,$filter}",
                 .list = "events",
                 .prepare = prepare_calendar},
    },
    {
        .name = "create_event_in_calendar",
        .http = "POST /calendars/:calendar_id/events",
        .permission = "calendar:write",
        .parameters = kCall<[] { return std::array{kCalendarId, kEvent}; }>,
        .reads_connection = true,
        .summary =
            "Puts an event into one of the person's calendars, and invites who is named in it",
        .result = "GraphCalendarEvent",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .scope = "Calendars.ReadWrite",
                 .target = "POST /v1.0/me/calendars/{calendar_id}/events",
                 .body = "{event}"},
    },
};

}  // namespace postern::resource
