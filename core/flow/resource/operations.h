// Reads of a provider's APIs.
#pragma once

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

Task<Outcome> get_user_flow(FlowContext* context);
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
inline constexpr Parameter kUser[] = {common::kUserId, common::kAccount, common::kSubject,
                                      common::kIntegration};
inline constexpr Parameter kResourceGroups[] = {kSubscription, common::kUserId, common::kAccount,
                                                common::kSubject, common::kIntegration};
inline constexpr Parameter kResources[] = {
    kSubscription,
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kIntegration,
    {.name = "resource_group", .kind = identifier, .summary = "Only this resource group"}};
inline constexpr Parameter kMail[] = {
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kIntegration,
    {.name = "top", .kind = integer, .otherwise = "10", .summary = "How many; 10 when absent"},
    {.name = "skip", .kind = integer, .otherwise = "0", .summary = "How many to leave out"},
    {.name = "filter", .kind = text, .summary = "OData filter, as Graph takes it"}};
inline constexpr Parameter kCalendar[] = {
    common::kUserId,
    common::kAccount,
    common::kSubject,
    common::kIntegration,
    {.name = "start", .kind = timestamp, .summary = "Events that end after it; together with end"},
    {.name = "end", .kind = timestamp, .summary = "Events that start before it"}};

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
        .name = "list_subscriptions",
        .http = "GET /subscriptions",
        .permission = "arm:read",
        .parameters = kUser,
        .reads_connection = true,
        .rpc_result = "subscriptions",
        .summary = "The Azure subscriptions that the person sees, all pages",
        .result = "{subscriptions: AzureSubscription[]}",
        .flow = list_subscriptions_flow,
    },
    {
        .name = "list_resource_groups",
        .http = "GET /subscriptions/:subscription_id/resourceGroups",
        .permission = "arm:read",
        .parameters = kResourceGroups,
        .reads_connection = true,
        .rpc_result = "resourceGroups",
        .summary = "A subscription's resource groups, all pages",
        .result = "{resourceGroups: AzureResourceGroup[]}",
        .flow = list_resource_groups_flow,
    },
    {
        .name = "list_resources",
        .http = "GET /subscriptions/:subscription_id/resources",
        .permission = "arm:read",
        .parameters = kResources,
        .reads_connection = true,
        .rpc_result = "resources",
        .summary = "A subscription's or a resource group's resources, all pages",
        .result = "{resources: AzureResource[]}",
        .flow = list_resources_flow,
    },
    {
        .name = "get_mail",
        .http = "GET /mail",
        .permission = "graph:read",
        .parameters = kMail,
        .reads_connection = true,
        .rpc_result = "messages",
        .summary = "The person's mail, newest first",
        .result = "{messages: GraphMailMessage[]}",
        .flow = get_mail_flow,
    },
    {
        .name = "get_calendar_events",
        .http = "GET /calendar/events",
        .permission = "graph:read",
        .parameters = kCalendar,
        .reads_connection = true,
        .rpc_result = "events",
        .summary = "The person's calendar events",
        .result = "{events: GraphCalendarEvent[]}",
        .flow = get_calendar_events_flow,
    },
};

}  // namespace resource

}  // namespace postern
