// Azure Resource Manager. The paths are those of learn.microsoft.com/rest/api/resources and of
// Azure/azure-rest-api-specs.
#pragma once

#include "core/flow/resource/long_running.h"
#include "core/flow/resource/row.h"

namespace postern::resource {

inline constexpr Parameter kSubscription{.name = "subscription_id",
                                         .kind = identifier,
                                         .required = true,
                                         .summary = "The Azure subscription's id"};
inline constexpr Parameter kResourceGroup{.name = "resource_group",
                                          .kind = identifier,
                                          .required = true,
                                          .summary = "The resource group's name"};
inline constexpr Parameter kResourceId{
    .name = "resource_id",
    .kind = text,
    .required = true,
    .summary = "The resource's whole id: `/subscriptions/…/providers/Microsoft.Web/sites/shop`"};
inline constexpr Parameter kScope{
    .name = "scope",
    .kind = text,
    .required = true,
    .summary = "The whole id of a subscription, resource group or resource"};
// Where the whole list is ordered here.
inline constexpr Parameter kOrderbyHere{
    .name = "orderby",
    .kind = text,
    .summary =
        "Members to order by, separated by commas, each with ` desc` or not; of all pages "
        "together, so neither with `top` nor with `cursor`"};
inline constexpr Parameter kApiVersion{.name = "api_version",
                                       .kind = name,
                                       .otherwise = "2021-04-01",
                                       .summary = "The API's version; 2021-04-01 when absent"};
inline constexpr Parameter kSubscriptionsVersion{
    .name = "api_version",
    .kind = name,
    .otherwise = "2020-01-01",
    .summary = "The API's version; 2020-01-01 when absent"};
inline constexpr Parameter kResourceVersion{
    .name = "api_version",
    .kind = name,
    .summary = "The version of the resource's provider; its newest that is no preview when absent"};
inline constexpr Parameter kDefinition{.name = "definition",
                                       .kind = json,
                                       .place = body,
                                       .required = true,
                                       .type = "AzureResourceInput",
                                       .summary = "The resource, as its provider takes it"};
inline constexpr Parameter kTags{.name = "tags",
                                 .kind = json,
                                 .place = body,
                                 .type = "{[tag: string]: string}",
                                 .summary = "Its tags"};

inline constexpr Operation kArmOperations[] = {
    {
        .name = "list_tenants",
        .http = "GET /tenants",
        .permission = "arm:read",
        .parameters = kCall<[] { return std::array{kSelect, kTop, kOrderbyHere, kCursor}; }>,
        .reads_connection = true,
        .rpc_result = "tenants",
        .summary = "The directories in which the person has an account, all pages or one",
        .result = "{tenants: AzureTenant[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /tenants?api-version=2022-12-01",
                 .list = "tenants",
                 .shaped_here = true},
    },
    {
        .name = "list_subscriptions",
        .http = "GET /subscriptions",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSelect, kTop, kOrderbyHere, kSubscriptionsVersion, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "subscriptions",
        .summary = "The Azure subscriptions that the person sees, all pages or one",
        .result = "{subscriptions: AzureSubscription[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions?api-version={api_version}",
                 .list = "subscriptions",
                 .shaped_here = true},
    },
    {
        .name = "get_subscription",
        .http = "GET /subscriptions/:subscription_id",
        .permission = "arm:read",
        .parameters =
            kCallInTenant<[] { return std::array{kSubscription, kSubscriptionsVersion}; }>,
        .reads_connection = true,
        .summary = "One Azure subscription",
        .result = "AzureSubscription",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}?api-version={api_version}"},
    },
    {
        .name = "list_resource_groups",
        .http = "GET /subscriptions/:subscription_id/resourceGroups",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kFilter,     kSelect, kTop,
                            kOrderbyHere,  kApiVersion, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "resourceGroups",
        .summary = "A subscription's resource groups, all pages or one",
        .result = "{resourceGroups: AzureResourceGroup[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}/resourcegroups"
                           "?api-version={api_version}{?$top,$filter}",
                 .list = "resourceGroups",
                 .shaped_here = true},
    },
    {
        .name = "get_resource_group",
        .http = "GET /subscriptions/:subscription_id/resourceGroups/:resource_group",
        .permission = "arm:read",
        .parameters =
            kCallInTenant<[] { return std::array{kSubscription, kResourceGroup, kApiVersion}; }>,
        .reads_connection = true,
        .summary = "One resource group",
        .result = "AzureResourceGroup",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "?api-version={api_version}"},
    },
    {
        .name = "create_resource_group",
        .http = "PUT /subscriptions/:subscription_id/resourceGroups/:resource_group",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup,
                            Parameter{.name = "location",
                                      .kind = name,
                                      .place = body,
                                      .required = true,
                                      .summary = "The Azure region: `westeurope`"},
                            kTags, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "Makes a resource group, or changes the one of that name",
        .result = "AzureResourceGroup",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "PUT /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "?api-version={api_version}",
                 .body = "location,tags"},
    },
    {
        .name = "update_resource_group",
        .http = "PATCH /subscriptions/:subscription_id/resourceGroups/:resource_group",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup, kTags, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "Changes a resource group's tags",
        .result = "AzureResourceGroup",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "PATCH /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "?api-version={api_version}",
                 .body = "tags"},
    },
    {
        .name = "delete_resource_group",
        .http = "DELETE /subscriptions/:subscription_id/resourceGroups/:resource_group",
        .permission = "arm:write",
        .parameters =
            kCallInTenant<[] { return std::array{kSubscription, kResourceGroup, kApiVersion}; }>,
        .reads_connection = true,
        .summary = "Deletes a resource group with all that is in it",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "DELETE /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "?api-version={api_version}",
                 .long_running = true},
    },
    {
        .name = "list_resources",
        .http = "GET /subscriptions/:subscription_id/resources",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription,
                            Parameter{.name = "resource_group",
                                      .kind = identifier,
                                      .summary = "Only this resource group"},
                            kFilter,
                            kExpand,
                            kSelect,
                            kTop,
                            kOrderbyHere,
                            kApiVersion,
                            kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "resources",
        .summary = "A subscription's or a resource group's resources, all pages or one",
        .result = "{resources: AzureResource[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}"
                           "[/resourceGroups/{resource_group}|]/resources"
                           "?api-version={api_version}{?$top,$filter,$expand}",
                 .list = "resources",
                 .shaped_here = true},
    },
    {
        .name = "get_resource",
        .http = "GET /resource",
        .permission = "resources:read",
        .parameters = kCallInTenant<[] { return std::array{kResourceId, kResourceVersion}; }>,
        .reads_connection = true,
        .summary = "One resource by its id",
        .result = "AzureResource",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /{+resource_id}?api-version={api_version}",
                 .finds_version = true},
    },
    {
        .name = "create_or_update_resource",
        .http = "PUT /resource",
        .permission = "arm:write",
        .parameters =
            kCallInTenant<[] { return std::array{kResourceId, kDefinition, kResourceVersion}; }>,
        .reads_connection = true,
        .summary = "Makes a resource, or puts another in its place",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "PUT /{+resource_id}?api-version={api_version}",
                 .body = "{definition}",
                 .long_running = true,
                 .finds_version = true},
    },
    {
        .name = "update_resource",
        .http = "PATCH /resource",
        .permission = "arm:write",
        .parameters =
            kCallInTenant<[] { return std::array{kResourceId, kDefinition, kResourceVersion}; }>,
        .reads_connection = true,
        .summary = "Changes members of a resource",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "PATCH /{+resource_id}?api-version={api_version}",
                 .body = "{definition}",
                 .long_running = true,
                 .finds_version = true},
    },
    {
        .name = "delete_resource",
        .http = "DELETE /resource",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] { return std::array{kResourceId, kResourceVersion}; }>,
        .reads_connection = true,
        .summary = "Deletes a resource",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "DELETE /{+resource_id}?api-version={api_version}",
                 .long_running = true,
                 .finds_version = true},
    },
    {
        .name = "move_resources",
        .http = "POST /subscriptions/:subscription_id/resourceGroups/:resource_group/moveResources",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup,
                            Parameter{.name = "resources",
                                      .kind = json,
                                      .place = body,
                                      .required = true,
                                      .type = "string[]",
                                      .summary = "Whole ids of what is to be moved"},
                            Parameter{.name = "target_resource_group",
                                      .kind = text,
                                      .place = body,
                                      .required = true,
                                      .summary = "The other resource group's whole id"},
                            kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "Moves resources of a group into another one, also of another subscription",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "POST /subscriptions/{subscription_id}/resourceGroups/{resource_group}"
                           "/moveResources?api-version={api_version}",
                 .body = "resources,targetResourceGroup=target_resource_group",
                 .long_running = true},
    },
    {
        .name = "get_operation",
        .http = "GET /operations",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{
              Parameter{.name = "operation",
                        .kind = cursor,
                        .required = true,
                        .summary = "The `operation` of an answer whose `state` is running"}};
        }>,
        .reads_connection = true,
        .summary = "How far Azure is with what it accepted, and what came of it",
        .result = "AzureOperation",
        .flow = get_operation_flow,
        .call = {.api = "arm"},
    },
};

}  // namespace postern::resource
