/**
 * Azure Resource Graph: learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources, and
 * learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data for the pages: there are none unless the
 * query projects the id; where a result is cut otherwise, `resultTruncated` says so and there is no token. Of the
 * language `where`, `project`, `order by` and `limit` are here.
 */
import { isRecord } from "../faults.ts";
import { type Call, json, type Reply } from "../http.ts";
import { apiError, slice } from "./api.ts";
import { content, notAllowed } from "./arm-errors.ts";
import type { Item } from "./azure.ts";
import { order } from "./odata.ts";
import type { Subscription } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

export const GRAPH_VERSIONS = ["2021-03-01", "2022-10-01", "2024-04-01"];

type Row = Record<string, unknown>;

const rowOf = (item: Item, { subscriptionId, tenantId }: Subscription): Row => ({
  id: item.id,
  name: item.name,
  type: item.type.toLowerCase(),
  tenantId,
  kind: item.kind ?? "",
  location: item.location,
  resourceGroup: item.id.split("/")[4]?.toLowerCase() ?? "",
  subscriptionId,
  managedBy: "",
  sku: item.sku ?? null,
  plan: null,
  properties: item.properties ?? {},
  tags: item.tags,
  identity: null,
  zones: null,
  extendedLocation: null,
});

/** A refusal has its reason in the details (learn.microsoft.com/azure/governance/resource-graph/troubleshoot/general). */
function refused(code: string, message: string): Reply {
  const whole = apiError(400, "BadRequest", "Please provide below info when asking for support.");
  const { error } = JSON.parse(String(whole.body)) as { error: Row };
  return json(400, { error: { ...error, details: [{ code, message }] } });
}

interface Query {
  rows: Row[];
  limit: number | undefined;
  projected: readonly string[] | undefined;
}

const words = (text: string) => text.split(",").map((word) => word.trim());

function step(query: Query, text: string): Query | undefined {
  const where = /^where\s+(\w+)\s*(=~|==|!=|contains)\s*['"]([^'"]*)['"]$/i.exec(text);
  if (where !== null) {
    const [, field = "", operator = "", wanted = ""] = where;
    const fits = (row: Row): boolean => {
      const value = String(row[field] ?? "");
      if (operator === "==") return value === wanted;
      if (operator === "!=") return value !== wanted;
      const [a, b] = [value.toLowerCase(), wanted.toLowerCase()];
      return operator === "=~" ? a === b : a.includes(b);
    };
    return { ...query, rows: query.rows.filter(fits) };
  }
  const project = /^project\s+(\w+(?:\s*,\s*\w+)*)$/i.exec(text);
  if (project !== null) {
    const names = words(project[1] ?? "");
    const rows = query.rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])));
    return { ...query, rows, projected: names };
  }
  const by = /^(?:order|sort)\s+by\s+(\w+)(?:\s+(asc|desc))?$/i.exec(text);
  if (by !== null) {
    const [, field = "", direction = "desc"] = by;
    const sign = direction.toLowerCase() === "asc" ? 1 : -1;
    return { ...query, rows: query.rows.toSorted((a, b) => sign * order(a[field], b[field])) };
  }
  const limit = /^(?:limit|take)\s+(\d{1,6})$/i.exec(text);
  if (limit !== null)
    return { ...query, limit: Number(limit[1]), rows: query.rows.slice(0, Number(limit[1])) };
  return undefined;
}

const MEMBERS = ["query", "subscriptions", "managementGroups", "options", "facets"];
const TOKEN = "ew0KICAi";

/** `own`: the subscriptions that the caller has. */
export function resourceGraph(world: MicrosoftWorld, call: Call, own: readonly Subscription[]): Reply {
  if (call.method !== "POST") return notAllowed();
  const given = content(call, "QueryRequest", MEMBERS);
  if ("refused" in given) return given.refused;
  const { query, subscriptions, options } = given.body;
  if (typeof query !== "string") return refused("InvalidQuery", "Query is missing.");
  const asked = Array.isArray(subscriptions) ? (subscriptions as unknown[]).map(String) : undefined;
  // Of those that the caller has none of, nothing is said, unless there is no other.
  const among = own.filter(({ subscriptionId }) => asked?.includes(subscriptionId) ?? true);
  if (among.length === 0)
    return refused(
      "NoValidSubscriptionsInQueryRequest",
      `There must be at least one subscription that is eligible to contain resources. Given: '${String(asked)}'.`,
    );
  const all = among.flatMap((one) => world.azure.resources(one).map((item) => rowOf(item, one)));
  const [table = "", ...steps] = query.split("|").map((text) => text.trim());
  let found: Query | undefined =
    table.toLowerCase() === "resources" ? { rows: all, limit: undefined, projected: undefined } : undefined;
  for (const text of steps) found = found === undefined ? undefined : step(found, text);
  if (found === undefined)
    return refused("InvalidQuery", "Query is invalid. Please refer to the documentation.");
  return page(found, isRecord(options) ? options : {});
}

function page({ rows, limit, projected }: Query, options: Row): Reply {
  const { $top: top = 100, $skip: skip = 0, $skipToken: token, resultFormat = "objectArray" } = options;
  const from = typeof token === "string" ? Number(token.replace(TOKEN, "")) : skip;
  const isIn = (value: unknown, least: number) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= 1000;
  if (!isIn(top, 1) || !Number.isInteger(from) || Number(from) < 0)
    return refused("InvalidOptions", "The value of $top, $skip or $skipToken is invalid.");
  const { items, next } = slice(rows, Number(from), Number(top));
  const pages = limit === undefined && (projected === undefined || projected.includes("id"));
  const more = next !== undefined && pages ? { $skipToken: `${TOKEN}${next}` } : {};
  return json(200, {
    totalRecords: rows.length,
    count: items.length,
    data: resultFormat === "table" ? tableOf(items) : items,
    facets: [],
    resultTruncated: next !== undefined && !pages ? "true" : "false",
    ...more,
  });
}

function tableOf(rows: readonly Row[]) {
  const names = Object.keys(rows[0] ?? {});
  return {
    columns: names.map((name) => ({
      name,
      type: name === "tags" || name === "properties" ? "object" : "string",
    })),
    rows: rows.map((row) => names.map((name) => row[name])),
  };
}
