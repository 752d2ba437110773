/** What subscriptions hold, and the operations on it that take their time. */
import { randomUUID } from "node:crypto";
import type { Reply } from "../http.ts";
import { type AzureItem, groupsOf, resourcesOf, type Subscription } from "./people.ts";

/** By which header a client is told where to ask (arm-operations.ts). */
export const POLLING = ["Azure-AsyncOperation", "Location", "Operation-Location"] as const;
export type Polling = (typeof POLLING)[number];

/** A resource or a resource group, as it was put. */
export interface Item extends AzureItem {
  readonly [member: string]: unknown;
  readonly properties?: Record<string, unknown>;
}

export interface Operation {
  readonly id: string;
  /** Where the client is told to ask. */
  readonly path: string;
  readonly polling: Polling;
  /** How often it is still said to run. */
  left: number;
  readonly fails: boolean;
  /** What becomes true once it has ended. */
  readonly finish: () => void;
  /** What becomes true where it fails. */
  readonly failed?: (() => void) | undefined;
  /** What there is then; of a deletion nothing. */
  readonly result: () => Item | undefined;
  /** How it is answered then by Location, where that is no item. */
  readonly ends?: (() => Reply) | undefined;
}

/** A client that asks once has not waited. */
const RUNS = 2;

export class Azure {
  readonly #groups = new Map<string, Item[]>();
  readonly #resources = new Map<string, Item[]>();
  readonly #operations = new Map<string, Operation>();
  readonly #deployments = new Map<string, Item[]>();
  readonly #tags = new Map<string, Record<string, string>>();

  groups(subscription: Subscription): Item[] {
    return kept(this.#groups, subscription, () => groupsOf(subscription) as Item[]);
  }

  resources(subscription: Subscription): Item[] {
    return kept(this.#resources, subscription, () => resourcesOf(subscription) as Item[]);
  }

  /** Of the resource group of that id. */
  deployments(group: string): Item[] {
    return kept(this.#deployments, { id: group.toLowerCase() }, () => []);
  }

  /** Of subscriptions, which are no items. */
  tags(subscription: Subscription): Record<string, string> {
    return this.#tags.get(subscription.id) ?? {};
  }

  setTags(subscription: Subscription, tags: Record<string, string>): void {
    this.#tags.set(subscription.id, tags);
  }

  begin(about: Omit<Operation, "id" | "path" | "left">, under: string): Operation {
    const id = randomUUID();
    const kind = about.polling === "Location" ? "operationresults" : "operationstatuses";
    const operation = { ...about, id, path: `${under}/${kind}/${id}`, left: RUNS };
    this.#operations.set(id, operation);
    return operation;
  }

  operation(id: string): Operation | undefined {
    return this.#operations.get(id);
  }
}

function kept(all: Map<string, Item[]>, { id }: { readonly id: string }, first: () => Item[]): Item[] {
  const known = all.get(id) ?? first();
  all.set(id, known);
  return known;
}

/** ARM's names are the same in any case. */
export function indexOf(items: readonly Item[], id: string): number {
  return items.findIndex((item) => item.id.toLowerCase() === id.toLowerCase());
}

/** Puts it in place of the one of that id, or behind all. Answers whether there was none. */
export function put(items: Item[], item: Item): boolean {
  const at = indexOf(items, item.id);
  if (at < 0) items.push(item);
  else items[at] = item;
  return at < 0;
}
