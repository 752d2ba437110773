// What happened to connections.
#pragma once

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
                "recovered, needs_reauth, disconnected, grant_expiring or admin_consent_claimed"},
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
        .result = "{events: […], cursor}",
        .flow = list_events_flow,
    },
    {
        .name = "redeliver_event",
        .http = "POST /v1/events/:event_id/redeliver",
        .permission = "events:write",
        .parameters = kRedeliver,
        .summary = "Sends an event to the organization's webhooks once more",
        .result = "{success, id}",
        .flow = redeliver_event_flow,
    },
    {
        .name = "list_dead_letters",
        .http = "GET /v1/dead-letters",
        .permission = "events:read",
        .parameters = kDeadLetters,
        .summary = "Events that a webhook did not take, however often it was asked; a hundred a "
                   "page, kept for thirty days",
        .result = "{dead_letters: […], cursor}",
        .flow = list_dead_letters_flow,
    },
};

inline constexpr Variable kVariables[] = {
    {.name = "WEBHOOKS",
     .secrecy = Secrecy::authority_secret,
     .summary = "JSON: organization to its webhooks, [{\"url\", \"secret\": \"whsec_…\", "
                "\"events\": […]}]; all events when absent, several secrets separated by spaces"},
};

}  // namespace events

}  // namespace postern
