// Reads of a provider's APIs.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> get_user_flow(FlowContext* context);
Task<Outcome> list_tenants_flow(FlowContext* context);
Task<Outcome> list_subscriptions_flow(FlowContext* context);
Task<Outcome> list_resource_groups_flow(FlowContext* context);
Task<Outcome> list_resources_flow(FlowContext* context);
Task<Outcome> get_mail_flow(FlowContext* context);
Task<Outcome> get_calendar_events_flow(FlowContext* context);

namespace resource {

using enum ParameterKind;

inline constexpr Parameter kSubscription{.name = "subscription_id",
                                         .kind = identifier,
                                         .required = true,
                                         .summary = "The Azure subscription's id"};
inline constexpr Parameter kSelect{
    .name = "select",
    .kind = text,
    .summary =
        "Only these members of each, separated by commas; all that the API gives when absent"};
inline constexpr Parameter kOrderby{
    .name = "orderby",
    .kind = text,
    .summary = "Members to order by, separated by commas, each with ` desc` or not"};
// Where the whole list is ordered here.
inline constexpr Parameter kOrderbyHere{
    .name = "orderby",
    .kind = text,
    .summary =
        "Members to order by, separated by commas, each with ` desc` or not; of all pages "
        "together, so neither with `top` nor with `cursor`"};
inline constexpr Parameter kTop{.name = "top",
                                .kind = integer,
                                .summary = "One page of at most so many; all pages when absent"};
inline constexpr Parameter kCursor{
    .name = "cursor",
    .kind = cursor,
    .summary =
        "The `next_cursor` of the page before: one more page of that list, asked for as its "
        "first page was. Empty: the first page. Over RPC the answer is then the whole object"};
inline constexpr Parameter kUser[] = {common::kUserId, common::kAccount, common::kSubject,
                                      common::kIntegration, kSelect};
inline constexpr Parameter kTenants[] = {common::kUserId,      common::kAccount, common::kSubject,
                                         common::kIntegration, kSelect,          kTop,
                                         kOrderbyHere,         kCursor};
inline constexpr Parameter kSubscriptions[] = {common::kUserId,
                                               common::kAccount,
                                               common::kSubject,
                                               common::kIntegration,
                                               common::kGuestTenant,
                                               kSelect,
                                               kTop,
                                               kOrderbyHere,
                                               kCursor};
inline constexpr Parameter kResourceGroups[] = {kSubscription,
                                                common::kUserId,
                                                common::kAccount,
                                                common::kSubject,
                                                common::kIntegration,
                                                common::kGuestTenant,
                                                kSelect,
                                                kTop,
                                                kOrderbyHere,
                                                kCursor};
inline constexpr Parameter kResources[] = {
    kSubscription,
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kIntegration,
    common::kGuestTenant,
    {.name = "resource_group", .kind = identifier, .summary = "Only this resource group"},
    kSelect,
    kTop,
    kOrderbyHere,
    kCursor};
inline constexpr Parameter kMail[] = {
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kIntegration,
    {.name = "top", .kind = integer, .otherwise = "10", .summary = "How many; 10 when absent"},
    {.name = "skip", .kind = integer, .otherwise = "0", .summary = "How many to leave out"},
    {.name = "filter", .kind = text, .summary = "OData filter, as Graph takes it"},
    {.name = "select",
     .kind = text,
     .summary = "Only these members of each, separated by commas; all but the `body` when absent"},
    {.name = "orderby",
     .kind = text,
     .summary =
         "Members to order by, separated by commas, each with ` desc` or not; newest first "
         "when absent. By another member than `receivedDateTime`, `filter` has to begin with "
         "it"},
    kCursor};
inline constexpr Parameter kCalendar[] = {
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kIntegration,
    {.name = "start", .kind = timestamp, .summary = "Events that end after it; together with end"},
    {.name = "end", .kind = timestamp, .summary = "Events that start before it"},
    kSelect,
    kTop,
    kOrderby,
    kCursor};

inline constexpr Operation kOperations[] = {
    {
        .name = "get_user",
        .http = "GET /user",
        .permission = "graph:read",
        .parameters = kUser,
        .reads_connection = true,
        .summary = "The person's profile at Microsoft Graph",
        .result = "AzureUserInfo",
        .flow = get_user_flow,
    },
    {
        .name = "list_tenants",
        .http = "GET /tenants",
        .permission = "arm:read",
        .parameters = kTenants,
        .reads_connection = true,
        .rpc_result = "tenants",
        .summary = "The directories in which the person has an account, all pages or one",
        .result = "{tenants: AzureTenant[], next_cursor?: string}",
        .flow = list_tenants_flow,
    },
    {
        .name = "list_subscriptions",
        .http = "GET /subscriptions",
        .permission = "arm:read",
        .parameters = kSubscriptions,
        .reads_connection = true,
        .rpc_result = "subscriptions",
        .summary = "The Azure subscriptions that the person sees, all pages or one",
        .result = "{subscriptions: AzureSubscription[], next_cursor?: string}",
        .flow = list_subscriptions_flow,
    },
    {
        .name = "list_resource_groups",
        .http = "GET /subscriptions/:subscription_id/resourceGroups",
        .permission = "arm:read",
        .parameters = kResourceGroups,
        .reads_connection = true,
        .rpc_result = "resourceGroups",
        .summary = "A subscription's resource groups, all pages or one",
        .result = "{resourceGroups: AzureResourceGroup[], next_cursor?: string}",
        .flow = list_resource_groups_flow,
    },
    {
        .name = "list_resources",
        .http = "GET /subscriptions/:subscription_id/resources",
        .permission = "arm:read",
        .parameters = kResources,
        .reads_connection = true,
        .rpc_result = "resources",
        .summary = "A subscription's or a resource group's resources, all pages or one",
        .result = "{resources: AzureResource[], next_cursor?: string}",
        .flow = list_resources_flow,
    },
    {
        .name = "get_mail",
        .http = "GET /mail",
        .permission = "graph:read",
        .parameters = kMail,
        .reads_connection = true,
        .rpc_result = "messages",
        .summary = "The person's mail, newest first, without bodies unless `select` names them",
        .result = "{messages: GraphMailMessage[], next_cursor?: string}",
        .flow = get_mail_flow,
    },
    {
        .name = "get_calendar_events",
        .http = "GET /calendar/events",
        .permission = "graph:read",
        .parameters = kCalendar,
        .reads_connection = true,
        .rpc_result = "events",
        .summary = "The person's calendar events, all pages or one",
        .result = "{events: GraphCalendarEvent[], next_cursor?: string}",
        .flow = get_calendar_events_flow,
    },
};

}  // namespace resource

}  // namespace postern
