/**
 * Role assignments: learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope (2022-04-01) and
 * learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest, which says what each filter finds. What
 * another filter is answered: Azure/azure-rest-api-specs#28255.
 */
import { type Call, json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { notAllowed } from "./arm-errors.ts";
import { list } from "./arm-lists.ts";
import { groupsOfTenant } from "./groups.ts";
import { oidOf, PEOPLE, type Person, type Subscription } from "./people.ts";

export const ROLE_VERSIONS = ["2022-04-01"];

/** learn.microsoft.com/azure/role-based-access-control/built-in-roles. */
const ROLES = {
  Owner: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  Contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  Reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
} as const;

function assignmentsOf(person: Person, subscription: Subscription) {
  const other =
    PEOPLE.find(({ tid, oid }) => tid === person.tid && oid !== person.oid)?.oid ?? oidOf("nobody");
  const group =
    groupsOfTenant(subscription.tenantId).find((one) => one.securityEnabled)?.id ?? oidOf("no group");
  const at = (below: string) => `${subscription.id}${below}`;
  const storage = "/resourceGroups/rg-0/providers/Microsoft.Storage/storageAccounts/store00";
  const all = [
    [at(""), "Owner", person.oid, "User"],
    [at(""), "Reader", group, "Group"],
    [at("/resourceGroups/rg-0"), "Contributor", other, "User"],
    [at(storage), "Reader", person.oid, "User"],
  ] as const;
  return all.map(([scope, role, principalId, principalType]) => {
    const name = oidOf(`assignment of ${role} at ${scope} to ${principalId}`);
    return {
      id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      name,
      type: "Microsoft.Authorization/roleAssignments",
      properties: {
        roleDefinitionId: `${subscription.id}/providers/Microsoft.Authorization/roleDefinitions/${ROLES[role]}`,
        principalId,
        principalType,
        scope,
        condition: null,
        conditionVersion: null,
        createdOn: "2025-11-03T09:00:00.0000000Z",
        updatedOn: "2025-11-03T09:00:00.0000000Z",
        createdBy: person.oid,
        updatedBy: person.oid,
        delegatedManagedIdentityResourceId: null,
        description: null,
      },
    };
  });
}

/** `id`: of the scope. `name`: of one assignment. */
export function roleAssignments(
  call: Call,
  origin: string,
  person: Person,
  { subscription, id, name }: { subscription: Subscription; id: string; name: string | undefined },
): Reply {
  if (call.method !== "GET") return notAllowed();
  const all = assignmentsOf(person, subscription);
  if (name !== undefined) {
    const one = all.find((assignment) => assignment.name === name.toLowerCase());
    return one === undefined
      ? apiError(404, "RoleAssignmentNotFound", `The role assignment '${name}' is not found.`)
      : json(200, one);
  }
  const scope = id.toLowerCase();
  const isAbove = (of: string) => scope === of || scope.startsWith(`${of}/`);
  const related = all.filter(({ properties }) => {
    const of = properties.scope.toLowerCase();
    return isAbove(of) || of.startsWith(`${scope}/`);
  });
  const atScope = related.filter(({ properties }) => isAbove(properties.scope.toLowerCase()));
  const filter = call.url.searchParams.get("$filter")?.trim() ?? "";
  const principal = /^principalId eq '([0-9a-f-]+)'$/i.exec(filter)?.[1];
  const assigned = /^(atScope\(\) and )?assignedTo\('([0-9a-f-]+)'\)$/i.exec(filter);
  // Whoever is in a group has what the group has; of the groups here everybody is in the one of each assignment.
  const to = (who: string) => (one: (typeof all)[number]) =>
    one.properties.principalId === who || one.properties.principalType === "Group";
  if (filter === "") return list(call, origin, related, 3);
  if (/^atScope\(\)$/i.test(filter)) return list(call, origin, atScope, 3);
  if (principal !== undefined)
    return list(
      call,
      origin,
      related.filter(({ properties }) => properties.principalId === principal.toLowerCase()),
      3,
    );
  if (assigned !== null) {
    const from = assigned[1] === undefined ? related : atScope;
    return list(call, origin, from.filter(to(String(assigned[2]).toLowerCase())), 3);
  }
  return apiError(
    400,
    "UnsupportedQuery",
    `The filter '${filter}' is not supported. Supported filters are either 'atScope()' or 'principalId eq '{value}' ` +
      "or assignedTo('{value}')'.",
  );
}
