/**
 * Azure Resource Manager: each path to its topic; small pages, so that paging is always used. Paths and versions as
 * Azure/azure-rest-api-specs has them (specification/resources/resource-manager/Microsoft.Resources).
 */

import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError, apiHandler } from "./api.ts";
import { deployments } from "./arm-deployments.ts";
import { groupMissing, notAllowed, resourceMissing, unknownType } from "./arm-errors.ts";
import { filteredList, list } from "./arm-lists.ts";
import { moveResources } from "./arm-moves.ts";
import { poll } from "./arm-operations.ts";
import { providers } from "./arm-providers.ts";
import { resource, resourceGroup } from "./arm-resources.ts";
import { ROLE_VERSIONS, roleAssignments } from "./arm-roles.ts";
import { type Scope, tagNames, tags } from "./arm-tags.ts";
import { indexOf } from "./azure.ts";
import { type Person, type Subscription, subscriptionsOf, tenantsOf } from "./people.ts";
import { GRAPH_VERSIONS, resourceGraph } from "./resource-graph.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

const SUBSCRIPTION_VERSIONS = ["2020-01-01", "2022-12-01"];
const TENANT_VERSIONS = ["2022-12-01"];
const RESOURCE_VERSIONS = ["2021-04-01", "2025-04-01"];

export function armHandler(world: MicrosoftWorld): Handler {
  return apiHandler(world, "arm", (call, person, token) => route(world, call, person, token));
}

/** Extension resources: what stands at the end of a path, behind a scope. */
const EXTENSION =
  /^(?<scope>.*)\/providers\/(?:(?<tags>microsoft\.resources\/tags\/default)|microsoft\.authorization\/roleassignments(?:\/(?<name>[^/]+))?)\/?$/i;

/** Of which versions a path is; undefined where each resource provider has its own. */
function versionsOf(parts: readonly string[], path: string): readonly string[] | undefined {
  const [root, , kind, , below, namespace, type] = parts.map((part) => part.toLowerCase());
  if (root === "tenants") return TENANT_VERSIONS;
  if (root === "providers") return GRAPH_VERSIONS;
  if (kind === undefined) return SUBSCRIPTION_VERSIONS;
  const extension = EXTENSION.exec(path)?.groups;
  if (extension !== undefined) return extension.tags === undefined ? ROLE_VERSIONS : RESOURCE_VERSIONS;
  const isDeployment = namespace === "microsoft.resources" && type === "deployments";
  return below === "providers" && !isDeployment ? undefined : RESOURCE_VERSIONS;
}

function route(world: MicrosoftWorld, call: Call, person: Person, token: AccessToken): Reply {
  const origin = world.origins.arm;
  // Clients leave a segment empty where a resource has no parent.
  const parts = call.url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const path = `/${parts.join("/")}`;
  // ARM reads its paths without regard to case.
  const [root = "", id, kind] = parts.map((part) => part.toLowerCase());
  const isGraph = path.toLowerCase() === "/providers/microsoft.resourcegraph/resources";
  if (root !== "subscriptions" && root !== "tenants" && !isGraph) return unknownType();
  const refused = refuseVersion(call.url.searchParams.get("api-version"), versionsOf(parts, path));
  if (refused !== undefined) return refused;
  if (root === "tenants") return list(call, origin, tenantsOf(person), 3);
  // A token is good for one directory, and shows what is there (learn.microsoft.com, "Tenants - List").
  const own = subscriptionsOf(person, token.tid ?? person.tid);
  if (isGraph) return resourceGraph(world, call, own);
  if (id === undefined) return list(call, origin, own, 3);
  const subscription = own.find((candidate) => candidate.subscriptionId === id);
  if (subscription === undefined)
    return apiError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
  if (kind === undefined) return call.method === "GET" ? json(200, subscription) : notAllowed();
  const extension = EXTENSION.exec(path)?.groups;
  if (extension === undefined) return within(world, call, { subscription, own, parts: parts.slice(2) });
  const scope = scopeOf(world, subscription, (extension.scope ?? "").split("/").slice(3));
  if ("status" in scope) return scope;
  if (extension.tags !== undefined) return tags(world, call, scope);
  return roleAssignments(call, origin, person, { subscription, id: scope.id, name: extension.name });
}

/** `versions`: undefined where each provider has its own. */
function refuseVersion(version: string | null, versions: readonly string[] | undefined): Reply | undefined {
  if (version === null)
    return apiError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required.",
    );
  if (versions?.includes(version) ?? /^\d{4}-\d\d-\d\d(-preview)?$/.test(version)) return undefined;
  const supported = versions === undefined ? "" : ` The supported versions are '${versions.join(",")}'.`;
  return apiError(400, "InvalidApiVersionParameter", `The api-version '${version}' is invalid.${supported}`);
}

/** `below`: the path behind the subscription: nothing, a group, a resource. */
function scopeOf(world: MicrosoftWorld, subscription: Subscription, below: readonly string[]): Scope | Reply {
  if (below.length === 0) return { subscription, id: subscription.id };
  const among = below.length === 2 ? world.azure.groups(subscription) : world.azure.resources(subscription);
  const id = `${subscription.id}/${below.join("/")}`;
  const item = among[indexOf(among, id)];
  if (item !== undefined) return { subscription, id: item.id, item, among };
  return below.length === 2 ? groupMissing(below[1] ?? "") : resourceMissing(id);
}

interface Asked {
  readonly subscription: Subscription;
  readonly own: readonly Subscription[];
  /** The path behind the subscription. */
  readonly parts: readonly string[];
}

function within(world: MicrosoftWorld, call: Call, { subscription, own, parts }: Asked): Reply {
  const [kind = "", name] = parts;
  const origin = world.origins.arm;
  const all = world.azure.resources(subscription);
  const groups = world.azure.groups(subscription);
  const isGet = call.method === "GET";
  switch (kind.toLowerCase()) {
    case "operationstatuses":
    case "operationresults":
      return isGet ? poll(world, name) : notAllowed();
    case "resources":
      if (name !== undefined) return unknownType();
      return isGet ? filteredList(call, origin, all, 4, "resources") : notAllowed();
    case "providers":
      return parts.length > 2 ? unknownType() : providers(call, origin, subscription, name);
    case "tagnames":
      return name === undefined ? tagNames(world, call, subscription) : unknownType();
    case "resourcegroups":
      break;
    default:
      return unknownType();
  }
  if (name === undefined) return isGet ? filteredList(call, origin, groups, 2, "groups") : notAllowed();
  const id = `${subscription.id}/resourceGroups/${name}`;
  const group = groups[indexOf(groups, id)];
  if (parts.length === 2) return resourceGroup(world, call, subscription, { id, name, group });
  if (group === undefined) return groupMissing(name);
  const [, , below, namespace, type] = parts.map((part) => part.toLowerCase());
  if (below === "resources" && parts.length === 3) {
    const inside = all.filter((item) => item.id.startsWith(`${group.id}/`));
    return isGet ? filteredList(call, origin, inside, 2, "resources") : notAllowed();
  }
  if (below === "moveresources" && parts.length === 3)
    return moveResources(world, call, own, { subscription, group });
  if (below !== "providers") return unknownType();
  if (namespace === "microsoft.resources" && type === "deployments")
    return deployments(world, call, { subscription, group }, parts.slice(5));
  if (parts.length < 6) return unknownType();
  const path = `${group.id}/${parts.slice(2).join("/")}`;
  return resource(world, call, subscription, { id: path, name, group });
}
