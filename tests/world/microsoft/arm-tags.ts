/**
 * Tags: learn.microsoft.com/rest/api/resources/tags: get, create or update, update and delete at a scope, and the list
 * of all names in a subscription.
 */
import { isRecord } from "../faults.ts";
import { type Call, json, type Reply } from "../http.ts";
import { content, invalidContent, notAllowed, tagsOf } from "./arm-errors.ts";
import { list } from "./arm-lists.ts";
import { type Item, put } from "./azure.ts";
import type { Subscription } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

export interface Scope {
  readonly subscription: Subscription;
  readonly id: string;
  /** A group or a resource, and what it lies in; absent for the subscription itself. */
  readonly item?: Item;
  readonly among?: Item[];
}

const OPERATIONS = ["Merge", "Replace", "Delete"] as const;

export function tags(world: MicrosoftWorld, call: Call, scope: Scope): Reply {
  const before = scope.item?.tags ?? world.azure.tags(scope.subscription);
  const answer = (now: Record<string, string>) =>
    json(200, {
      id: `${scope.id}/providers/Microsoft.Resources/tags/default`,
      name: "default",
      type: "Microsoft.Resources/tags",
      properties: { tags: now },
    });
  const set = (now: Record<string, string>) => {
    if (scope.item === undefined || scope.among === undefined) world.azure.setTags(scope.subscription, now);
    else put(scope.among, { ...scope.item, tags: now });
    return answer(now);
  };
  if (call.method === "GET") return answer(before);
  if (call.method === "DELETE") {
    set({});
    return { status: 200, body: "" };
  }
  if (call.method !== "PUT" && call.method !== "PATCH") return notAllowed();
  const isPatch = call.method === "PATCH";
  const given = content(
    call,
    isPatch ? "TagsPatchResource" : "TagsResource",
    isPatch ? ["operation", "properties"] : ["id", "name", "type", "properties"],
  );
  if ("refused" in given) return given.refused;
  const { operation, properties } = given.body;
  const sent = tagsOf(isRecord(properties) ? (properties.tags ?? {}) : undefined);
  if (sent === undefined) return invalidContent("Required property 'properties' not found in JSON. Path ''.");
  if (!isPatch) return set(sent);
  switch (OPERATIONS.find((one) => one === operation)) {
    case "Merge":
      return set({ ...before, ...sent });
    case "Replace":
      return set(sent);
    case "Delete":
      // "The 'delete' option allows selectively deleting tags based on given names or name/value pairs."
      return set(
        Object.fromEntries(
          Object.entries(before).filter(([name, value]) => sent[name] !== value && sent[name] !== ""),
        ),
      );
    default:
      return invalidContent(
        `Error converting value "${String(operation)}" of 'operation'. Path 'operation'.`,
      );
  }
}

/** How often each name and each value is used by the subscription, its groups and its resources. */
export function tagNames(world: MicrosoftWorld, call: Call, subscription: Subscription): Reply {
  if (call.method !== "GET") return notAllowed();
  const all = [
    world.azure.tags(subscription),
    ...world.azure.groups(subscription).map((item) => item.tags),
    ...world.azure.resources(subscription).map((item) => item.tags),
  ];
  const names = new Map<string, Map<string, number>>();
  for (const [name, value] of all.flatMap((one) => Object.entries(one))) {
    const values = names.get(name) ?? new Map<string, number>();
    names.set(name, values.set(value, (values.get(value) ?? 0) + 1));
  }
  const count = (value: number) => ({ type: "Total", value });
  const entries = [...names].map(([tagName, values]) => ({
    id: `${subscription.id}/tagNames/${tagName}`,
    tagName,
    count: count([...values.values()].reduce((sum, one) => sum + one, 0)),
    values: [...values].map(([tagValue, times]) => ({
      id: `${subscription.id}/tagNames/${tagName}/tagValues/${tagValue}`,
      tagValue,
      count: count(times),
    })),
  }));
  return list(call, world.origins.arm, entries, 100);
}
