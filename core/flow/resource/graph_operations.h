// Microsoft Graph: the person, mail and calendar. The paths are those of
// learn.microsoft.com/graph/api; what a row cannot say is in graph.cpp.
#pragma once

#include "core/flow/resource/row.h"

namespace postern {

std::optional<Problem> prepare_mail(Parameters& parameters);
std::optional<Problem> prepare_calendar(Parameters& parameters);
std::optional<Problem> prepare_directory(Parameters& parameters);
std::optional<Problem> prepare_free_busy(Parameters& parameters);

namespace resource {

inline constexpr Parameter kMessageId{
    .name = "message_id", .kind = text, .required = true, .summary = "The message's id"};
inline constexpr Parameter kAttachmentId{
    .name = "attachment_id", .kind = text, .required = true, .summary = "The attachment's id"};
inline constexpr Parameter kComment{.name = "comment",
                                    .kind = text,
                                    .place = body,
                                    .summary = "Text above the message that is answered"};
inline constexpr Parameter kMessage{.name = "message",
                                    .kind = json,
                                    .place = body,
                                    .type = "GraphMessageInput",
                                    .summary = "What the answer has besides: recipients, a body"};
inline constexpr Parameter kEventId{
    .name = "event_id", .kind = text, .required = true, .summary = "The event's id"};
inline constexpr Parameter kEvent{.name = "event",
                                  .kind = json,
                                  .place = body,
                                  .required = true,
                                  .type = "GraphEventInput",
                                  .summary = "The event, as Graph takes it"};

inline constexpr Operation kGraphOperations[] = {
    {
        .name = "get_user",
        .http = "GET /user",
        .permission = "graph:read",
        .parameters = kCall<[] { return std::array{kSelect}; }>,
        .reads_connection = true,
        .summary = "The person's profile at Microsoft Graph",
        .result = "AzureUserInfo",
        .flow = resource_flow,
        .call = {.api = "graph", .target = "GET /v1.0/me{?$select}"},
    },
    {
        .name = "get_mail",
        .http = "GET /mail",
        .permission = "graph:read",
        .parameters = kCall<[] {
          return std::array{
              Parameter{.name = "folder",
                        .kind = text,
                        .summary = "Only this folder: its id, or `inbox`, `sentitems`, `drafts`"},
              Parameter{.name = "top",
                        .kind = integer,
                        .otherwise = "10",
                        .summary = "How many; 10 when absent"},
              Parameter{.name = "skip",
                        .kind = integer,
                        .otherwise = "0",
                        .summary = "How many to leave out"},
              Parameter{
                  .name = "filter", .kind = text, .summary = "OData filter, as Graph takes it"},
              kSearch,
              Parameter{.name = "select",
                        .kind = text,
                        .summary = "Only these members of each, separated by commas; all but the "
                                   "`body` when absent"},
              Parameter{
                  .name = "orderby",
                  .kind = text,
                  .summary =
                      "Members to order by, separated by commas, each with ` desc` or not; newest "
                      "first when absent. By another member than `receivedDateTime`, `filter` has "
                      "to begin with it"},
              kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "messages",
        .summary = "The person's mail, newest first, without bodies unless `select` names them",
        .result = "{messages: GraphMailMessage[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "GET /v1.0/me/[mailFolders/{folder}/messages|messages]"
                           "{?$top,$skip,$orderby,$select,$filter,$search}",
                 .list = "messages",
                 .one_page = true,
                 .prepare = prepare_mail},
    },
    {
        .name = "send_mail",
        .http = "POST /mail",
        .permission = "mail:write",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "message",
                                      .kind = json,
                                      .place = body,
                                      .required = true,
                                      .type = "GraphMessageInput",
                                      .summary = "The message, as Graph takes it"},
                            Parameter{.name = "save_to_sent_items",
                                      .kind = flag,
                                      .place = body,
                                      .summary = "Keep it among what was sent; true when absent"}};
        }>,
        .reads_connection = true,
        .summary = "Sends a message as the person",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "POST /v1.0/me/sendMail",
                 .body = "message,saveToSentItems=save_to_sent_items"},
    },
    {
        .name = "list_mail_folders",
        .http = "GET /mail/folders",
        .permission = "mail:read",
        .parameters = kCall<[] { return std::array{kSelect, kFilter, kTop, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "mailFolders",
        .summary = "The person's mail folders, all pages or one",
        .result = "{mailFolders: GraphMailFolder[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "GET /v1.0/me/mailFolders{?$select,$filter,$top}",
                 .list = "mailFolders"},
    },
    {
        .name = "get_message",
        .http = "GET /mail/:message_id",
        .permission = "graph:read",
        .parameters = kCall<[] { return std::array{kMessageId, kSelect, kExpand}; }>,
        .reads_connection = true,
        .summary = "One message with its body",
        .result = "GraphMailMessage",
        .flow = resource_flow,
        .call = {.api = "graph", .target = "GET /v1.0/me/messages/{message_id}{?$select,$expand}"},
    },
    {
        .name = "reply_to_message",
        .http = "POST /mail/:message_id/reply",
        .permission = "mail:write",
        .parameters = kCall<[] { return std::array{kMessageId, kComment, kMessage}; }>,
        .reads_connection = true,
        .summary = "Answers the sender of a message",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "POST /v1.0/me/messages/{message_id}/reply",
                 .body = "comment,message"},
    },
    {
        .name = "reply_all_to_message",
        .http = "POST /mail/:message_id/replyAll",
        .permission = "mail:write",
        .parameters = kCall<[] { return std::array{kMessageId, kComment, kMessage}; }>,
        .reads_connection = true,
        .summary = "Answers the sender and all recipients of a message",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "POST /v1.0/me/messages/{message_id}/replyAll",
                 .body = "comment,message"},
    },
    {
        .name = "forward_message",
        .http = "POST /mail/:message_id/forward",
        .permission = "mail:write",
        .parameters = kCall<[] {
          return std::array{kMessageId, kComment,
                            Parameter{.name = "to_recipients",
                                      .kind = json,
                                      .place = body,
                                      .required = true,
                                      .type = "GraphAddress[]",
                                      .summary = "To whom"}};
        }>,
        .reads_connection = true,
        .summary = "Sends a message on to others",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "POST /v1.0/me/messages/{message_id}/forward",
                 .body = "comment,toRecipients=to_recipients"},
    },
    {
        .name = "move_message",
        .http = "POST /mail/:message_id/move",
        .permission = "mail:write",
        .parameters = kCall<[] {
          return std::array{kMessageId, Parameter{.name = "destination_id",
                                                  .kind = text,
                                                  .place = body,
                                                  .required = true,
                                                  .summary = "The folder's id, or `archive`, "
                                                             "`deleteditems`, `inbox`"}};
        }>,
        .reads_connection = true,
        .summary = "Puts a message into another folder, where it has another id",
        .result = "GraphMailMessage",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "POST /v1.0/me/messages/{message_id}/move",
                 .body = "destinationId=destination_id"},
    },
    {
        .name = "list_attachments",
        .http = "GET /mail/:message_id/attachments",
        .permission = "mail:read",
        .parameters = kCall<[] { return std::array{kMessageId, kSelect, kTop, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "attachments",
        .summary = "A message's attachments",
        .result = "{attachments: GraphAttachment[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "GET /v1.0/me/messages/{message_id}/attachments{?$select,$top}",
                 .list = "attachments"},
    },
    {
        .name = "get_attachment",
        .http = "GET /mail/:message_id/attachments/:attachment_id",
        .permission = "mail:read",
        .parameters = kCall<[] { return std::array{kMessageId, kAttachmentId}; }>,
        .reads_connection = true,
        .summary = "One attachment with its content, which may have 700 KiB",
        .result = "GraphAttachment",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "GET /v1.0/me/messages/{message_id}/attachments/{attachment_id}"},
    },
    {
        .name = "list_calendars",
        .http = "GET /calendars",
        .permission = "calendar:read",
        .parameters = kCall<[] { return std::array{kSelect, kTop, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "calendars",
        .summary = "The person's calendars, all pages or one",
        .result = "{calendars: GraphCalendar[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "GET /v1.0/me/calendars{?$select,$top}",
                 .list = "calendars"},
    },
    {
        .name = "get_calendar_events",
        .http = "GET /calendar/events",
        .permission = "graph:read",
        .parameters = kCall<[] {
          return std::array{
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
        .summary = "The person's calendar events, all pages or one",
        .result = "{events: GraphCalendarEvent[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "GET /v1.0/me/[calendarView?startDateTime={start}&endDateTime={end}|"
                           "calendar/events]{?$orderby,$top=top~50,$select,$filter}",
                 .list = "events",
                 .prepare = prepare_calendar},
    },
    {
        .name = "create_calendar_event",
        .http = "POST /calendar/events",
        .permission = "calendar:write",
        .parameters = kCall<[] { return std::array{kEvent}; }>,
        .reads_connection = true,
        .summary = "Puts an event into the person's calendar, and invites who is named in it",
        .result = "GraphCalendarEvent",
        .flow = resource_flow,
        .call = {.api = "graph", .target = "POST /v1.0/me/calendar/events", .body = "{event}"},
    },
    {
        .name = "get_calendar_event",
        .http = "GET /calendar/events/:event_id",
        .permission = "graph:read",
        .parameters = kCall<[] { return std::array{kEventId, kSelect}; }>,
        .reads_connection = true,
        .summary = "One event",
        .result = "GraphCalendarEvent",
        .flow = resource_flow,
        .call = {.api = "graph", .target = "GET /v1.0/me/events/{event_id}{?$select}"},
    },
    {
        .name = "update_calendar_event",
        .http = "PATCH /calendar/events/:event_id",
        .permission = "calendar:write",
        .parameters = kCall<[] { return std::array{kEventId, kEvent, kIfMatch}; }>,
        .reads_connection = true,
        .summary = "Changes members of an event",
        .result = "GraphCalendarEvent",
        .flow = resource_flow,
        .call = {.api = "graph", .target = "PATCH /v1.0/me/events/{event_id}", .body = "{event}"},
    },
    {
        .name = "delete_calendar_event",
        .http = "DELETE /calendar/events/:event_id",
        .permission = "calendar:write",
        .parameters = kCall<[] { return std::array{kEventId, kIfMatch}; }>,
        .reads_connection = true,
        .summary = "Takes an event out of the calendar",
        .result = "GraphDone",
        .flow = resource_flow,
        .call = {.api = "graph", .target = "DELETE /v1.0/me/events/{event_id}"},
    },
    {
        .name = "get_free_busy",
        .http = "POST /calendar/freeBusy",
        .permission = "calendar:read",
        .parameters = kCall<[] {
          return std::array{Parameter{.name = "schedules",
                                      .kind = words,
                                      .place = body,
                                      .required = true,
                                      .summary = "Addresses of people, lists and rooms"},
                            Parameter{.name = "start",
                                      .kind = timestamp,
                                      .place = body,
                                      .required = true,
                                      .summary = "From when"},
                            Parameter{.name = "end",
                                      .kind = timestamp,
                                      .place = body,
                                      .required = true,
                                      .summary = "Until when"},
                            Parameter{.name = "interval",
                                      .kind = integer,
                                      .place = body,
                                      .summary = "Minutes of one slot, 5 to 1440; 30 when absent"}};
        }>,
        .reads_connection = true,
        .summary = "When people are free, busy or away",
        .result = "{value: GraphSchedule[], [member: string]: unknown}",
        .flow = resource_flow,
        .call = {.api = "graph",
                 .target = "POST /v1.0/me/calendar/getSchedule",
                 .body = "schedules,startTime.dateTime=start,startTime.timeZone='UTC',"
                         "endTime.dateTime=end,endTime.timeZone='UTC',"
                         "availabilityViewInterval=interval",
                 .prepare = prepare_free_busy},
    },
};

}  // namespace resource

}  // namespace postern
