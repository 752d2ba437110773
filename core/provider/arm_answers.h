// What Azure Resource Manager answers to typed calls and takes with them: what its reference says
// of every answer, and whatever else it sends.
#pragma once

#include "core/base/shape.h"

namespace postern {

inline constexpr Shape kArmShapes[] = {
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
    {.name = "AzureResourceInput",
     .type = "{location?: string, tags?: {[tag: string]: string}, kind?: string, sku?: {name?: "
             "string, [member: string]: unknown}, properties?: unknown, [member: string]: unknown}",
     .summary =
         "A resource as its provider takes it "
         "(https://learn.microsoft.com/rest/api/resources/resources/create-or-update-by-id)"},
    {.name = "AzureOperation",
     .type = "{state: \"done\" | \"running\", result?: {[member: string]: unknown}, operation?: "
             "string, retry_after_seconds?: number}",
     .summary = "What Azure accepted: done, with what came of it, or running, with the "
                "`operation` to ask for again"},
    {.name = "AzureProvider",
     .type = "{namespace: string, id?: string, registrationState?: string, resourceTypes?: "
             "{resourceType?: string, locations?: string[], apiVersions?: string[], [member: "
             "string]: unknown}[], [member: string]: unknown}",
     .summary = "Its resource provider "
                "(https://learn.microsoft.com/rest/api/resources/providers/list)"},
    {.name = "AzureTag",
     .type = "{id?: string, tagName?: string, count?: {[member: string]: unknown}, values?: "
             "{tagValue?: string, [member: string]: unknown}[], [member: string]: unknown}",
     .summary = "A tag's name with its values "
                "(https://learn.microsoft.com/rest/api/resources/tags/list)"},
    {.name = "AzureTags",
     .type = "{id?: string, name?: string, type?: string, properties: {tags?: {[tag: string]: "
             "string}}, [member: string]: unknown}",
     .summary = "The tags of one thing "
                "(https://learn.microsoft.com/rest/api/resources/tags/get-at-scope)"},
    {.name = "AzureDeployment",
     .type = "{id: string, name: string, type?: string, location?: string, properties?: "
             "{provisioningState?: string, timestamp?: string, mode?: string, [member: string]: "
             "unknown}, [member: string]: unknown}",
     .summary = "Its deployment (https://learn.microsoft.com/rest/api/resources/deployments/get)"},
    {.name = "AzureRoleAssignment",
     .type = "{id: string, name: string, type: string, properties?: {roleDefinitionId?: string, "
             "principalId?: string, principalType?: string, scope?: string, [member: string]: "
             "unknown}, [member: string]: unknown}",
     .summary =
         "Who may do what "
         "(https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope)"},
    {.name = "AzureQueryAnswer",
     .type = "{totalRecords: number, count: number, resultTruncated: string, data: unknown, "
             "\"$skipToken\"?: string, [member: string]: unknown}",
     .summary = "What a query finds "
                "(https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/"
                "resources)"},
};

}  // namespace postern
