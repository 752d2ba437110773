/**
 * Lists of ARM, in pages by `$skiptoken`; `$filter` and `$expand` as learn.microsoft.com/rest/api/resources/resources/list
 * and resource-groups/list have them.
 */
import { type Call, json, type Reply } from "../http.ts";
import { apiError, nextLink, slice, wholeNumber } from "./api.ts";
import type { Item } from "./azure.ts";

export function list(call: Call, origin: string, all: readonly unknown[], size: number): Reply {
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

type Test = (item: Item) => boolean;

const groupOf = (item: Item) => item.id.split("/")[4] ?? "";

/** What may stand in a filter. Names and values of tags stand alone, or with one another. */
const PROPERTIES: Readonly<Record<string, (item: Item) => string>> = {
  name: ({ name }) => name,
  location: ({ location }) => location,
  resourceType: ({ type }) => type,
  resourceGroup: groupOf,
};

const quoted = (text: string) => text.replaceAll("''", "'").toLowerCase();

function clause(text: string): Test | undefined {
  const compared = /^(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'$/.exec(text);
  const held = /^substringof\('((?:[^']|'')*)',\s*(\w+)\)$/.exec(text);
  const read = PROPERTIES[compared?.[1] ?? held?.[2] ?? ""];
  if (read === undefined) return undefined;
  const wanted = quoted(compared?.[3] ?? held?.[1] ?? "");
  if (held !== null) return (item) => read(item).toLowerCase().includes(wanted);
  return (item) => (read(item).toLowerCase() === wanted) === (compared?.[2] === "eq");
}

function tagged(filter: string): Test | undefined {
  const found = /^tagName eq '((?:[^']|'')*)'(?: and tagValue eq '((?:[^']|'')*)')?$/.exec(filter);
  if (found === null) return undefined;
  const [, name = "", value] = found;
  return ({ tags }) =>
    Object.entries(tags).some(
      ([key, one]) =>
        key.toLowerCase() === quoted(name) && (value === undefined || one.toLowerCase() === quoted(value)),
    );
}

/** The list of those that fit. `of`: groups are found by their tags alone. */
export function filteredList(
  call: Call,
  origin: string,
  all: readonly Item[],
  size: number,
  of: "groups" | "resources",
): Reply {
  const filter = call.url.searchParams.get("$filter")?.trim() ?? "";
  const byTag = tagged(filter);
  const clauses = filter.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i).map(clause);
  const tests = filter === "" ? [] : byTag !== undefined ? [byTag] : of === "groups" ? [undefined] : clauses;
  if (tests.includes(undefined))
    return apiError(
      400,
      "InvalidFilterInQueryString",
      `Invalid $filter '${filter}' specified in the query string.`,
    );
  const found = all.filter((item) => tests.every((test) => test?.(item)));
  const asked = (call.url.searchParams.get("$expand") ?? "").split(",").map((name) => name.trim());
  return list(call, origin, of === "groups" ? found : found.map((item) => expanded(item, asked)), size);
}

/** What `$expand` adds, with commas between the names. */
function expanded(item: Item, asked: readonly string[]): Item {
  const all: Record<string, unknown> = {
    createdTime: "2025-11-03T09:00:00.0000000Z",
    changedTime: "2026-01-05T08:00:00.0000000Z",
    provisioningState: item.properties?.provisioningState ?? "Succeeded",
  };
  const more = Object.entries(all).filter(([name]) => asked.includes(name));
  return more.length === 0 ? item : { ...item, ...Object.fromEntries(more) };
}
