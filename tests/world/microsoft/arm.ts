/**
 * Azure Resource Manager: subscriptions, resource groups, resources; small pages, so that paging is always used. What is written and
 * how, as Azure/azure-rest-api-specs has it (specification/resources/resource-manager/Microsoft.Resources): a resource group is put at
 * once, and deleted by a long-running operation; resources are put and deleted by one.
 */

import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError, apiHandler, bodyOf, nextLink, slice, wholeNumber } from "./api.ts";
import { begin, poll, provisioned } from "./arm-operations.ts";
import { type Item, indexOf, put } from "./azure.ts";
import { type Person, type Subscription, subscriptionsOf, tenantsOf } from "./people.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

const SUBSCRIPTION_VERSIONS = ["2020-01-01", "2022-12-01"];
const TENANT_VERSIONS = ["2022-12-01"];
const RESOURCE_VERSIONS = ["2021-04-01", "2025-04-01"];

export function armHandler(world: MicrosoftWorld): Handler {
  return apiHandler(world, "arm", (call, person, token) => route(world, call, person, token));
}

const unknownType = () => apiError(404, "InvalidResourceType", "The resource type could not be found.");

function route(world: MicrosoftWorld, call: Call, person: Person, token: AccessToken): Reply {
  const origin = world.origins.arm;
  const parts = call.url.pathname.replace(/^\/+/, "").split("/").map(decodeURIComponent);
  // ARM reads its paths without regard to case.
  const [root = "", id, kind] = parts.map((part) => part.toLowerCase());
  if (root !== "subscriptions" && root !== "tenants") return unknownType();
  const isOthers = parts[4]?.toLowerCase() === "providers";
  const versions =
    root === "tenants" ? TENANT_VERSIONS : kind === undefined ? SUBSCRIPTION_VERSIONS : RESOURCE_VERSIONS;
  const refused = refuseVersion(call.url.searchParams.get("api-version"), isOthers ? undefined : versions);
  if (refused !== undefined) return refused;
  if (root === "tenants") return list(call, origin, tenantsOf(person), 3);
  // A token is good for one directory, and shows what is there (learn.microsoft.com, "Tenants - List").
  const own = subscriptionsOf(person, token.tid ?? person.tid);
  if (id === undefined) return list(call, origin, own, 3);
  const subscription = own.find((candidate) => candidate.subscriptionId === id);
  if (subscription === undefined)
    return apiError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
  if (kind === undefined) return call.method === "GET" ? json(200, subscription) : notAllowed();
  return within(world, call, subscription, parts.slice(2));
}

const notAllowed = () =>
  apiError(405, "HttpMethodNotAllowed", "The request does not support the HTTP method.");

/** `versions`: undefined where each provider has its own. */
function refuseVersion(version: string | null, versions: readonly string[] | undefined): Reply | undefined {
  if (version === null)
    return apiError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required.",
    );
  if (versions?.includes(version) ?? /^\d{4}-\d\d-\d\d(-preview)?$/.test(version)) return undefined;
  return apiError(
    400,
    "InvalidApiVersionParameter",
    `The api-version '${version}' is invalid. Supported: '${versions?.join(", ") ?? "dates"}'.`,
  );
}

/** `parts`: the path behind the subscription. */
function within(world: MicrosoftWorld, call: Call, subscription: Subscription, parts: string[]): Reply {
  const [kind = "", name] = parts;
  const all = world.azure.resources(subscription);
  const groups = world.azure.groups(subscription);
  const listed = (items: Item[], size: number) =>
    call.method === "GET" ? list(call, world.origins.arm, items, size) : notAllowed();
  switch (kind.toLowerCase()) {
    case "operationstatuses":
    case "operationresults":
      return call.method === "GET" ? poll(world, name) : notAllowed();
    case "resources":
      return name === undefined ? listed(all, 4) : unknownType();
    case "resourcegroups":
      break;
    default:
      return unknownType();
  }
  if (name === undefined) return listed(groups, 2);
  const id = `${subscription.id}/resourceGroups/${name}`;
  const group = groups[indexOf(groups, id)];
  if (parts.length === 2) return resourceGroup(world, call, subscription, { id, name, group });
  if (group === undefined) return groupMissing(name);
  if (parts[2]?.toLowerCase() === "resources" && parts.length === 3)
    return listed(
      all.filter((item) => item.id.startsWith(`${group.id}/`)),
      2,
    );
  if (parts[2]?.toLowerCase() !== "providers" || parts.length < 6) return unknownType();
  return resource(world, call, subscription, `${group.id}/${parts.slice(2).join("/")}`);
}

const groupMissing = (name: string) =>
  apiError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);

interface Named {
  readonly id: string;
  readonly name: string;
  readonly group: Item | undefined;
}

function resourceGroup(
  world: MicrosoftWorld,
  call: Call,
  subscription: Subscription,
  { id, name, group }: Named,
): Reply {
  const groups = world.azure.groups(subscription);
  if (call.method === "PUT") {
    const made = itemOf(call, id, name, "Microsoft.Resources/resourceGroups");
    if (made === undefined) return locationMissing();
    return json(put(groups, provisioned(made, "Succeeded")) ? 201 : 200, provisioned(made, "Succeeded"));
  }
  // "Checks whether a resource group exists."
  if (call.method === "HEAD") return { status: group === undefined ? 404 : 204, body: "" };
  if (group === undefined) return groupMissing(name);
  if (call.method === "GET") return json(200, group);
  if (call.method !== "DELETE") return notAllowed();
  put(groups, provisioned(group, "Deleting"));
  const finish = () => {
    groups.splice(indexOf(groups, group.id), 1);
    const all = world.azure.resources(subscription);
    all.splice(0, all.length, ...all.filter((item) => !item.id.startsWith(`${group.id}/`)));
  };
  return begin(world, subscription.id, { finish, result: () => undefined });
}

const locationMissing = () =>
  apiError(400, "LocationRequired", "The location property is required for this definition.");

function resource(world: MicrosoftWorld, call: Call, subscription: Subscription, id: string): Reply {
  const all = world.azure.resources(subscription);
  const there = all[indexOf(all, id)];
  if (call.method === "PUT") {
    const [namespace, type, name = ""] = id.split("/").slice(-3);
    const made = itemOf(call, id, name, `${namespace}/${type}`);
    if (made === undefined) return locationMissing();
    const isNew = put(all, provisioned(made, "Accepted"));
    return begin(world, subscription.id, {
      item: provisioned(made, "Accepted"),
      isNew,
      finish: () => void put(all, provisioned(made, "Succeeded")),
      result: () => all[indexOf(all, id)],
    });
  }
  if (call.method === "HEAD") return { status: there === undefined ? 404 : 204, body: "" };
  // "204 No Content": there was nothing to delete.
  if (there === undefined && call.method === "DELETE") return { status: 204, body: "" };
  if (there === undefined) return apiError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);
  if (call.method === "GET") return json(200, there);
  if (call.method !== "DELETE") return notAllowed();
  put(all, provisioned(there, "Deleting"));
  return begin(world, subscription.id, {
    finish: () => void all.splice(indexOf(all, id), 1),
    result: () => undefined,
  });
}

/** What a PUT makes; undefined where it says no location. */
function itemOf(call: Call, id: string, name: string, type: string): Item | undefined {
  const body = bodyOf(call);
  if (typeof body?.location !== "string") return undefined;
  const { location, tags = {}, ...rest } = body;
  return { ...rest, id, name, type, location, tags: tags as Record<string, string> };
}

function list(call: Call, origin: string, all: readonly unknown[], size: number): Reply {
  const token = call.url.searchParams.get("$skiptoken");
  const from = wholeNumber(token === null ? null : token.replace(/^page-/, ""), 0, 0, 999_999);
  if (from === undefined) return apiError(400, "InvalidSkipToken", "The skip token is invalid.");
  // `$top` is taken of the lists of a subscription (learn.microsoft.com/rest/api/resources/resources/list).
  const top = wholeNumber(call.url.searchParams.get("$top"), size, 1, 1000);
  if (top === undefined) return apiError(400, "InvalidTopParameter", "The value of $top is invalid.");
  const { items, next } = slice(all, from, top);
  return json(200, {
    value: items,
    ...(next === undefined ? {} : { nextLink: nextLink(call, origin, "$skiptoken", `page-${next}`) }),
  });
}
