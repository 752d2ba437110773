/**
 * Resource groups and resources, as Azure/azure-rest-api-specs has them (specification/resources/resource-manager/
 * Microsoft.Resources): a resource group is put at once, changed at once, and deleted by a long-running operation;
 * resources are put, changed and deleted by one.
 */
import { type Call, json, type Reply } from "../http.ts";
import { apiError, bodyOf } from "./api.ts";
import { content, groupMissing, invalidContent, notAllowed, resourceMissing, tagsOf } from "./arm-errors.ts";
import { begin, provisioned } from "./arm-operations.ts";
import { refusedVersion } from "./arm-providers.ts";
import { type Item, indexOf, put } from "./azure.ts";
import { lockedScope } from "./locks.ts";
import type { Subscription } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
  readonly group: Item | undefined;
}

export function resourceGroup(
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
  if (call.method === "PATCH") return patchGroup(call, groups, group);
  if (call.method !== "DELETE") return notAllowed();
  const locked = lockedScope(world, group.id);
  if (locked !== undefined) return locked;
  put(groups, provisioned(group, "Deleting"));
  const finish = () => {
    groups.splice(indexOf(groups, group.id), 1);
    const all = world.azure.resources(subscription);
    all.splice(0, all.length, ...all.filter((item) => !item.id.startsWith(`${group.id}/`)));
  };
  return begin(world, subscription.id, { finish, result: () => undefined });
}

/** "ResourceGroupPatchable": what else a group has cannot be changed. */
function patchGroup(call: Call, groups: Item[], group: Item): Reply {
  const given = content(call, "ResourceGroupPatchable", ["name", "properties", "managedBy", "tags"]);
  if ("refused" in given) return given.refused;
  const tags = tagsOf(given.body.tags ?? group.tags);
  if (tags === undefined) return invalidContent("Error converting value of 'tags'. Path 'tags'.");
  const { managedBy } = given.body;
  const changed = { ...group, ...(managedBy === undefined ? {} : { managedBy }), tags };
  put(groups, changed);
  return json(200, changed);
}

const locationMissing = () =>
  apiError(400, "LocationRequired", "The location property is required for this definition.");

/** `Microsoft.Web/sites/slots`: the names between the types are left out. */
export function typeOf(id: string): { namespace: string; type: string; name: string } {
  const [namespace = "", ...rest] =
    id
      .split(/\/providers\//i)
      .at(-1)
      ?.split("/") ?? [];
  return {
    namespace,
    type: rest.filter((_, n) => n % 2 === 0).join("/"),
    name: rest.at(-1) ?? "",
  };
}

const GENERIC = ["sku", "kind", "plan", "identity", "managedBy", "extendedLocation", "zones"];
const PATCHABLE = ["id", "name", "type", "location", "tags", "properties", ...GENERIC];

export function resource(
  world: MicrosoftWorld,
  call: Call,
  subscription: Subscription,
  { id, group }: Named,
): Reply {
  const all = world.azure.resources(subscription);
  const there = all[indexOf(all, id)];
  const { namespace, type, name } = typeOf(id);
  const version = call.url.searchParams.get("api-version") ?? "";
  const place = String(bodyOf(call)?.location ?? there?.location ?? group?.location ?? "");
  const refused = refusedVersion(namespace, type, version, place);
  if (refused !== undefined) return refused;
  const result = () => all[indexOf(all, id)];
  if (call.method === "PUT") {
    const made = itemOf(call, id, name, `${namespace}/${type}`);
    if (made === undefined) return locationMissing();
    const isNew = put(all, provisioned(made, "Accepted"));
    return begin(world, subscription.id, {
      item: provisioned(made, "Accepted"),
      isNew,
      finish: () => void put(all, provisioned(made, "Succeeded")),
      result,
    });
  }
  if (call.method === "HEAD") return { status: there === undefined ? 404 : 204, body: "" };
  // "204 No Content": there was nothing to delete.
  if (there === undefined && call.method === "DELETE") return { status: 204, body: "" };
  if (there === undefined) return resourceMissing(id);
  if (call.method === "GET") return json(200, there);
  if (call.method === "PATCH") {
    const given = content(call, "ResourceDefinition", PATCHABLE);
    if ("refused" in given) return given.refused;
    const tags = tagsOf(given.body.tags ?? there.tags);
    if (tags === undefined) return invalidContent("Error converting value of 'tags'. Path 'tags'.");
    const properties = { ...there.properties, ...(given.body.properties as object | undefined) };
    const kept = { id: there.id, name: there.name, type: there.type, location: there.location };
    const changed: Item = { ...there, ...given.body, ...kept, tags, properties };
    const finish = () => void put(all, provisioned(changed, "Succeeded"));
    return begin(world, subscription.id, { finish, result });
  }
  if (call.method !== "DELETE") return notAllowed();
  const locked = lockedScope(world, there.id);
  if (locked !== undefined) return locked;
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
