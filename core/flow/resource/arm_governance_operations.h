// Azure Resource Manager's own services: providers, tags, deployments, role assignments, Resource
// Graph (learn.microsoft.com/rest/api/resources, …/authorization, …/azureresourcegraph).
#pragma once

#include "core/flow/resource/arm_operations.h"
#include "core/flow/resource/row.h"

namespace postern::resource {

inline constexpr Parameter kDeployment{
    .name = "deployment", .kind = identifier, .required = true, .summary = "The deployment's name"};
inline constexpr Parameter kMode{.name = "mode",
                                 .kind = name,
                                 .place = body,
                                 .required = true,
                                 .summary =
                                     "`Incremental`, or `Complete`, which deletes whatever "
                                     "the template does not have"};
inline constexpr Parameter kTemplate{.name = "template",
                                     .kind = json,
                                     .place = body,
                                     .type = "Record<string, unknown>",
                                     .summary = "The template; or `template_link`"};
inline constexpr Parameter kTemplateLink{.name = "template_link",
                                         .kind = json,
                                         .place = body,
                                         .type = "{uri?: string, id?: string}",
                                         .summary = "Where the template is"};
inline constexpr Parameter kTemplateParameters{
    .name = "parameters",
    .kind = json,
    .place = body,
    .type = "{[name: string]: {value: unknown}}",
    .summary = "The values of the template's parameters"};

inline constexpr Operation kArmGovernanceOperations[] = {
    {
        .name = "list_providers",
        .http = "GET /subscriptions/:subscription_id/providers",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kExpand,     kSelect, kTop,
                            kOrderbyHere,  kApiVersion, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "providers",
        .summary = "The resource providers of a subscription, all pages or one",
        .result = "{providers: AzureProvider[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}/providers"
                           "?api-version={api_version}{?$expand}",
                 .list = "providers",
                 .shaped_here = true},
    },
    {
        .name = "get_provider",
        .http = "GET /subscriptions/:subscription_id/providers/:namespace",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription,
                            Parameter{.name = "namespace",
                                      .kind = name,
                                      .required = true,
                                      .summary = "The provider's namespace: `Microsoft.Web`"},
                            kExpand, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "One resource provider with its types and their versions",
        .result = "AzureProvider",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}/providers/{namespace}"
                           "?api-version={api_version}{?$expand}"},
    },
    {
        .name = "list_tags",
        .http = "GET /subscriptions/:subscription_id/tagNames",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kSelect, kTop, kOrderbyHere, kApiVersion, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "tags",
        .summary = "The names of tags in a subscription with their values, all pages or one",
        .result = "{tags: AzureTag[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target =
                     "GET /subscriptions/{subscription_id}/tagNames?api-version={api_version}",
                 .list = "tags",
                 .shaped_here = true},
    },
    {
        .name = "get_tags",
        .http = "GET /tags",
        .permission = "arm:read",
        .parameters = kCallInTenant<[] { return std::array{kScope, kApiVersion}; }>,
        .reads_connection = true,
        .summary = "The tags of a subscription, resource group or resource",
        .result = "AzureTags",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /{+scope}/providers/Microsoft.Resources/tags/default"
                           "?api-version={api_version}"},
    },
    {
        .name = "update_tags",
        .http = "PATCH /tags",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{kScope,
                            Parameter{.name = "operation",
                                      .kind = name,
                                      .place = body,
                                      .otherwise = "Merge",
                                      .summary = "`Merge`, `Replace` (all of them) or `Delete` "
                                                 "(these); Merge when absent"},
                            kTags, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "Changes the tags of a subscription, resource group or resource",
        .result = "AzureTags",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "PATCH /{+scope}/providers/Microsoft.Resources/tags/default"
                           "?api-version={api_version}",
                 .body = "operation,properties.tags=tags"},
    },
    {
        .name = "list_deployments",
        .http = "GET /subscriptions/:subscription_id/resourceGroups/:resource_group/deployments",
        .permission = "resources:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup, kFilter,     kSelect,
                            kTop,          kOrderbyHere,   kApiVersion, kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "deployments",
        .summary = "The deployments of a resource group, all pages or one",
        .result = "{deployments: AzureDeployment[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "/providers/Microsoft.Resources/deployments/"
                           "?api-version={api_version}{?$filter,$top}",
                 .list = "deployments",
                 .shaped_here = true},
    },
    {
        .name = "get_deployment",
        .http = "GET /subscriptions/:subscription_id/resourceGroups/:resource_group/deployments/"
                ":deployment",
        .permission = "resources:read",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup, kDeployment, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "One deployment of a resource group",
        .result = "AzureDeployment",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "/providers/Microsoft.Resources/deployments/{deployment}"
                           "?api-version={api_version}"},
    },
    {
        .name = "create_deployment",
        .http = "PUT /subscriptions/:subscription_id/resourceGroups/:resource_group/deployments/"
                ":deployment",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup, kDeployment,         kMode,
                            kTemplate,     kTemplateLink,  kTemplateParameters, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "Deploys a template into a resource group",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "PUT /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "/providers/Microsoft.Resources/deployments/{deployment}"
                           "?api-version={api_version}",
                 .body = "properties.mode=mode,properties.template=template,"
                         "properties.templateLink=template_link,properties.parameters=parameters",
                 .long_running = true},
    },
    {
        .name = "preview_deployment",
        .http = "POST /subscriptions/:subscription_id/resourceGroups/:resource_group/deployments/"
                ":deployment/whatIf",
        .permission = "arm:write",
        .parameters = kCallInTenant<[] {
          return std::array{kSubscription, kResourceGroup, kDeployment,         kMode,
                            kTemplate,     kTemplateLink,  kTemplateParameters, kApiVersion};
        }>,
        .reads_connection = true,
        .summary = "What a deployment would change (Azure's what-if), without changing it",
        .result = "AzureOperation",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "POST /subscriptions/{subscription_id}/resourcegroups/{resource_group}"
                           "/providers/Microsoft.Resources/deployments/{deployment}/whatIf"
                           "?api-version={api_version}",
                 .body = "properties.mode=mode,properties.template=template,"
                         "properties.templateLink=template_link,properties.parameters=parameters",
                 .long_running = true},
    },
    {
        .name = "list_role_assignments",
        .http = "GET /roleAssignments",
        .permission = "roles:read",
        .parameters = kCallInTenant<[] {
          return std::array{kScope,
                            kFilter,
                            kSelect,
                            kTop,
                            kOrderbyHere,
                            Parameter{.name = "api_version",
                                      .kind = name,
                                      .otherwise = "2022-04-01",
                                      .summary = "The API's version; 2022-04-01 when absent"},
                            kCursor};
        }>,
        .reads_connection = true,
        .rpc_result = "roleAssignments",
        .summary = "Who may do what at a subscription, resource group or resource",
        .result = "{roleAssignments: AzureRoleAssignment[], next_cursor?: string}",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "GET /{+scope}/providers/Microsoft.Authorization/roleAssignments"
                           "?api-version={api_version}{?$filter}",
                 .list = "roleAssignments",
                 .shaped_here = true},
    },
    {
        .name = "query_resources",
        .http = "POST /resources/query",
        .permission = "resources:read",
        .parameters = kCallInTenant<[] {
          return std::array{
              Parameter{.name = "query",
                        .kind = text,
                        .place = body,
                        .required = true,
                        .summary = "In Kusto's language: `Resources | project name, type`"},
              Parameter{.name = "subscriptions",
                        .kind = words,
                        .place = body,
                        .summary = "Only these subscriptions; all of the directory when absent"},
              Parameter{.name = "top",
                        .kind = integer,
                        .place = body,
                        .summary = "At most so many rows; 100 when absent, 1,000 at most"},
              Parameter{.name = "skip",
                        .kind = integer,
                        .place = body,
                        .summary = "How many rows to leave out"},
              Parameter{.name = "skip_token",
                        .kind = text,
                        .place = body,
                        .summary = "The `$skipToken` of the answer before"},
              Parameter{.name = "api_version",
                        .kind = name,
                        .otherwise = "2021-03-01",
                        .summary = "The API's version; 2021-03-01 when absent"}};
        }>,
        .reads_connection = true,
        .summary = "Azure Resource Graph: resources of many subscriptions by a query",
        .result = "AzureQueryAnswer",
        .flow = resource_flow,
        .call = {.api = "arm",
                 .target = "POST /providers/Microsoft.ResourceGraph/resources"
                           "?api-version={api_version}",
                 .body = "query,subscriptions,options.$top=top,options.$skip=skip,"
                         "options.$skipToken=skip_token"},
    },
};

}  // namespace postern::resource
