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

inline constexpr Parameter kSubscription{"subscription_id", identifier, ParameterPlace::path, true,
                                         "The Azure subscription's id"};
inline constexpr Parameter kUser[] = {common::kUserId, common::kIntegration};
inline constexpr Parameter kResourceGroups[] = {kSubscription, common::kUserId,
                                                common::kIntegration};
inline constexpr Parameter kResources[] = {
    kSubscription,
    common::kUserId,
    common::kIntegration,
    {"resource_group", identifier, ParameterPlace::query, false, "Only this resource group"}};
inline constexpr Parameter kMail[] = {
    common::kUserId,
    common::kIntegration,
    {"top", integer, ParameterPlace::query, false, "How many; 10 when absent"},
    {"skip", integer, ParameterPlace::query, false, "How many to leave out"},
    {"filter", text, ParameterPlace::query, false, "OData filter, as Graph takes it"}};
inline constexpr Parameter kCalendar[] = {
    common::kUserId,
    common::kIntegration,
    {"start", timestamp, ParameterPlace::query, false,
     "Events that end after it; together with end"},
    {"end", timestamp, ParameterPlace::query, false, "Events that start before it"}};

inline constexpr Operation kOperations[] = {
    {
        .name = "get_user",
        .rpc = "getUser",
        .method = "GET",
        .path = "/user",
        .permission = "graph:read",
        .parameters = kUser,
        .reads_connection = true,
        .summary = "The person's profile at Microsoft Graph",
        .result = "Graph's /me",
        .flow = get_user_flow,
    },
    {
        .name = "list_subscriptions",
        .rpc = "listSubscriptions",
        .method = "GET",
        .path = "/subscriptions",
        .permission = "arm:read",
        .parameters = kUser,
        .reads_connection = true,
        .rpc_result = "subscriptions",
        .summary = "The Azure subscriptions that the person sees, all pages",
        .result = "{subscriptions: […]}; over RPC the list",
        .flow = list_subscriptions_flow,
    },
    {
        .name = "list_resource_groups",
        .rpc = "listResourceGroups",
        .method = "GET",
        .path = "/subscriptions/:subscription_id/resourceGroups",
        .permission = "arm:read",
        .parameters = kResourceGroups,
        .reads_connection = true,
        .rpc_result = "resourceGroups",
        .summary = "A subscription's resource groups, all pages",
        .result = "{resourceGroups: […]}; over RPC the list",
        .flow = list_resource_groups_flow,
    },
    {
        .name = "list_resources",
        .rpc = "listResources",
        .method = "GET",
        .path = "/subscriptions/:subscription_id/resources",
        .permission = "arm:read",
        .parameters = kResources,
        .reads_connection = true,
        .rpc_result = "resources",
        .summary = "A subscription's or a resource group's resources, all pages",
        .result = "{resources: […]}; over RPC the list",
        .flow = list_resources_flow,
    },
    {
        .name = "get_mail",
        .rpc = "getMail",
        .method = "GET",
        .path = "/mail",
        .permission = "graph:read",
        .parameters = kMail,
        .reads_connection = true,
        .rpc_result = "messages",
        .summary = "The person's mail, newest first",
        .result = "{messages: […]}; over RPC the list",
        .flow = get_mail_flow,
    },
    {
        .name = "get_calendar_events",
        .rpc = "getCalendarEvents",
        .method = "GET",
        .path = "/calendar/events",
        .permission = "graph:read",
        .parameters = kCalendar,
        .reads_connection = true,
        .rpc_result = "events",
        .summary = "The person's calendar events",
        .result = "{events: […]}; over RPC the list",
        .flow = get_calendar_events_flow,
    },
};

}  // namespace resource

}  // namespace postern
