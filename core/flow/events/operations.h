// What happened to connections.
#pragma once

#include "core/base/shape.h"
#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"
#include "core/flow/frame/variable.h"

namespace postern {

Task<Outcome> list_events_flow(FlowContext* context);
Task<Outcome> redeliver_event_flow(FlowContext* context);
Task<Outcome> list_dead_letters_flow(FlowContext* context);

namespace events {

using enum ParameterKind;

inline constexpr Parameter kEvents[] = {
    {.name = "cursor",
     .kind = text,
     .otherwise = "0",
     .summary = "Where the last read ended; the beginning when absent"},
    {.name = "limit", .kind = integer, .otherwise = "100", .summary = "1 to 100; 100 when absent"},
    {.name = "type",
     .kind = name,
     .summary = "Only of this type: connected, refreshed, refresh_retry, refresh_failed, "
                "recovered, needs_reauth, disconnected, grant_expiring, connect_failed or "
                "admin_consent_claimed"},
    {.name = "user_id",
     .kind = identifier,
     .summary = "Only this user's, of all accounts; `-`: of the organization's own connections"},
    common::kSubject,
    {.name = "integration", .kind = name, .summary = "Only this integration's"}};
inline constexpr Parameter kRedeliver[] = {
    {.name = "event_id", .kind = name, .required = true, .summary = "The event's id"}};
inline constexpr Parameter kDeadLetters[] = {
    {.name = "cursor",
     .kind = text,
     .otherwise = "0",
     .summary = "Where the last page ended; the beginning when absent"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "list_events",
        .http = "GET /v1/events",
        .permission = "events:read",
        .parameters = kEvents,
        .summary = "What happened to the organization's connections, in order, from a cursor on",
        .result = "{events: ConnectionEvent[], cursor: string}",
        .flow = list_events_flow,
    },
    {
        .name = "redeliver_event",
        .http = "POST /v1/events/:event_id/redeliver",
        .permission = "events:write",
        .parameters = kRedeliver,
        .summary = "Sends an event to the organization's webhooks once more",
        .result = "{success: true, id: string}",
        .flow = redeliver_event_flow,
    },
    {
        .name = "list_dead_letters",
        .http = "GET /v1/dead-letters",
        .permission = "events:read",
        .parameters = kDeadLetters,
        .summary = "Events that a webhook did not take, however often it was asked; a hundred a "
                   "page, kept for thirty days",
        .result = "{dead_letters: DeadLetter[], cursor: string}",
        .flow = list_dead_letters_flow,
    },
};

// A later release's events may have types and details that this one does not know.
inline constexpr Shape kShapes[] = {
    {.name = "ConnectionEvent",
     .type = "{id: string, type: string, timestamp: string, data: EventData}",
     .summary = "What happened; `type` is `connection.connected` and so on (docs/events.md)"},
    {.name = "EventData",
     .type = "{org_id: string, integration: string, provider: string, user_id?: string, status: "
             "ConnectionStatus | \"claimed\", version?: number, subject?: \"user\" | "
             "\"organization\", account?: "
             "string, [detail: string]: unknown}",
     .summary =
         "Of which connection, and the details of the event's type. An event of an integration "
         "has neither `user_id` nor `version`"},
    {.name = "DeadLetter",
     .type = "{id: string, type: string, timestamp: string, data: EventData, webhook: string, "
             "attempts: number, reason: string, failed_at: string}",
     .summary = "An event that a webhook did not take"},
};

inline constexpr Variable kVariables[] = {
    {.name = "WEBHOOKS",
     .secrecy = Secrecy::authority_secret,
     .summary = "JSON: organization to its webhooks, [{\"url\", \"secret\": \"whsec_…\", "
                "\"events\": […]}]; all events when absent, several secrets separated by spaces"},
};

}  // namespace events

}  // namespace postern
