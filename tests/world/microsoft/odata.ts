/** The little of OData that Graph's lists need (learn.microsoft.com/graph/query-parameters). */
import { type Call, json, type Reply } from "../http.ts";

/** `$select`: those members of each item alone, and `id`. */
export function selected(call: Call, reply: Reply): Reply {
  const select = call.url.searchParams.get("$select")?.split(",");
  if (select === undefined || reply.status !== 200) return reply;
  const body = JSON.parse(String(reply.body)) as Record<string, unknown>;
  const kept = (item: object) =>
    Object.fromEntries(
      Object.entries(item).filter(([name]) => name === "id" || name.startsWith("@") || select.includes(name)),
    );
  const items = body.value;
  return json(
    200,
    Array.isArray(items) ? { ...body, value: items.map((item) => kept(item as object)) } : kept(body),
  );
}

type Path = (item: unknown) => unknown;

export function pathOf(name: string): Path {
  const steps = name.split("/");
  return (item) =>
    steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], item);
}

export interface Clause {
  readonly property: string;
  readonly test: (item: unknown) => boolean;
}

const COMPARE: Record<string, (sign: number) => boolean> = {
  eq: (s) => s === 0,
  ne: (s) => s !== 0,
  gt: (s) => s > 0,
  ge: (s) => s >= 0,
  lt: (s) => s < 0,
  le: (s) => s <= 0,
};

/** Comparisons and `contains`, joined by `and`. */
export function parseFilter(filter: string): Clause[] | undefined {
  const clauses: Clause[] = [];
  // Brackets around a run of `and` change nothing.
  const flat = filter.replace(/(^|\s)\((?=\w)([^()]*|[^()]*\([^()]*\)[^()]*)\)(?=\s|$)/g, "$1$2");
  for (const part of flat.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i)) {
    const contains = /^contains\(([\w/]+),\s*'((?:[^']|'')*)'\)$/.exec(part.trim());
    const compared = /^([\w/]+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|[\w.:+-]+)$/.exec(part.trim());
    if (contains !== null) {
      const [, property = "", wanted = ""] = contains;
      const text = wanted.replaceAll("''", "'").toLowerCase();
      clauses.push({ property, test: (item) => String(pathOf(property)(item)).toLowerCase().includes(text) });
    } else if (compared !== null) {
      const [, property = "", operator = "", raw = ""] = compared;
      const wanted = raw.startsWith("'") ? raw.slice(1, -1).replaceAll("''", "'") : raw;
      const compare = COMPARE[operator];
      if (compare === undefined) return undefined;
      clauses.push({ property, test: (item) => compare(order(pathOf(property)(item), wanted)) });
    } else return undefined;
  }
  return clauses;
}

/** Times are compared as times: `…Z`, seven decimals and an offset all name the same instant. */
export function order(left: unknown, right: unknown): number {
  const [a, b] = [String(left), String(right)];
  const time = (text: string) =>
    /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.slice(0, 19)}Z`)
      : Number.NaN;
  const difference = time(a) - time(b);
  if (!Number.isNaN(difference)) return difference;
  return a === b ? 0 : a < b ? -1 : 1;
}
