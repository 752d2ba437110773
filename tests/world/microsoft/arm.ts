/** Azure Resource Manager: subscriptions, resource groups, resources; small pages, so that paging is always used. */

import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError, apiHandler, nextLink, slice, wholeNumber } from "./api.ts";
import { groupsOf, type Person, resourcesOf, subscriptionsOf, tenantsOf } from "./people.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

const SUBSCRIPTIONS_VERSION = "2020-01-01";
const TENANTS_VERSION = "2022-12-01";
const RESOURCES_VERSION = "2021-04-01";

export function armHandler(world: MicrosoftWorld): Handler {
  return apiHandler(world, "arm", (call, person, token) => route(call, person, token, world.origins.arm));
}

function route(call: Call, person: Person, token: AccessToken, origin: string): Reply {
  // ARM reads its paths without regard to case.
  const parts = call.url.pathname.replace(/^\/+/, "").split("/").map(decodeURIComponent);
  const [root = "", id, kind, name, last] = parts.map((part) => part.toLowerCase());
  if (root !== "subscriptions" && root !== "tenants")
    return apiError(404, "InvalidResourceType", "The resource type could not be found.");
  const version = call.url.searchParams.get("api-version");
  if (version === null)
    return apiError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required.",
    );
  const expected =
    root === "tenants" ? TENANTS_VERSION : kind === undefined ? SUBSCRIPTIONS_VERSION : RESOURCES_VERSION;
  if (version !== expected)
    return apiError(
      400,
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. Supported: '${expected}'.`,
    );
  if (root === "tenants") return list(call, origin, tenantsOf(person), 3);
  // A token is good for one directory, and shows what is there (learn.microsoft.com, "Tenants - List").
  const own = subscriptionsOf(person, token.tid ?? person.tid);
  if (id === undefined) return list(call, origin, own, 3);
  const subscription = own.find((candidate) => candidate.subscriptionId === id);
  if (subscription === undefined)
    return apiError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
  if (kind === "resourcegroups" && name === undefined) return list(call, origin, groupsOf(subscription), 2);
  if (kind === "resources" && name === undefined) return list(call, origin, resourcesOf(subscription), 4);
  if (kind === "resourcegroups" && last === "resources" && parts.length === 5) {
    const group = groupsOf(subscription).find((candidate) => candidate.name === name);
    if (group === undefined)
      return apiError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
    const inside = resourcesOf(subscription).filter((item) => item.id.startsWith(`${group.id}/`));
    return list(call, origin, inside, 2);
  }
  return apiError(404, "InvalidResourceType", "The resource type could not be found.");
}

function list(call: Call, origin: string, all: unknown[], size: number): Reply {
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
