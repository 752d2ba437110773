/**
 * learn.microsoft.com/rest/api/resources/resources/move-resources: 202 with Location, 204 once they are moved. Only the
 * resources of one group at a time; the target may be in another subscription.
 */
import type { Call, Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { content, groupMissing, invalidContent, notAllowed, resourceMissing } from "./arm-errors.ts";
import { begin } from "./arm-operations.ts";
import { type Item, indexOf, put } from "./azure.ts";
import type { Subscription } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

/** `own`: the subscriptions that the caller has. */
export function moveResources(
  world: MicrosoftWorld,
  call: Call,
  own: readonly Subscription[],
  source: { readonly subscription: Subscription; readonly group: Item },
): Reply {
  if (call.method !== "POST") return notAllowed();
  const given = content(call, "ResourceBatchMoveParameters", ["resources", "targetResourceGroup"]);
  if ("refused" in given) return given.refused;
  const { resources, targetResourceGroup } = given.body;
  if (!Array.isArray(resources) || resources.length === 0 || typeof targetResourceGroup !== "string")
    return invalidContent(
      "Required property 'resources' or 'targetResourceGroup' not found in JSON. Path ''.",
    );
  const subscription = own.find(({ id }) =>
    targetResourceGroup.toLowerCase().startsWith(`${id}/`.toLowerCase()),
  );
  const groups = subscription === undefined ? [] : world.azure.groups(subscription);
  const target = groups[indexOf(groups, targetResourceGroup)];
  if (subscription === undefined || target === undefined)
    return groupMissing(targetResourceGroup.split("/").at(-1) ?? "");
  if (target.id === source.group.id)
    return apiError(
      400,
      "InvalidMoveTargetResourceGroup",
      "The source and the target resource group must not be the same.",
    );
  const all = world.azure.resources(source.subscription);
  const found: Item[] = [];
  for (const id of resources as unknown[]) {
    const item = all[indexOf(all, String(id))];
    if (item === undefined || !item.id.startsWith(`${source.group.id}/`)) return resourceMissing(String(id));
    found.push(item);
  }
  const finish = () => {
    const there = world.azure.resources(subscription);
    for (const item of found) {
      all.splice(indexOf(all, item.id), 1);
      put(there, { ...item, id: `${target.id}${item.id.slice(source.group.id.length)}` });
    }
  };
  const ends = (): Reply => ({ status: 204, body: "" });
  return begin(world, source.subscription.id, { polling: "Location", finish, result: () => undefined, ends });
}
