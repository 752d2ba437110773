/** Lists of Graph: Exchange pages by `$skip` (learn.microsoft.com/graph/query-parameters), the directory by `$skiptoken`. */
import { type Call, json, type Reply } from "../http.ts";
import { apiError, nextLink, slice, wholeNumber } from "./api.ts";
import { order, parseFilter, pathOf, selected } from "./odata.ts";

/** A slash too many changes nothing. */
export const pathOfCall = (call: Call) => call.url.pathname.replace(/^\/+/, "/");

const bare = (item: unknown) =>
  Object.fromEntries(Object.entries(item as object).filter(([name]) => name !== "@odata.etag"));

/** What is found, sorted and cut, of mail, calendar and contacts. */
export function exchangeList(
  call: Call,
  origin: string,
  all: readonly unknown[],
  defaultOrder: string,
): Reply {
  const query = call.url.searchParams;
  const top = wholeNumber(query.get("$top"), 10, 1, 1000);
  const skip = wholeNumber(query.get("$skip"), 0, 0, 999_999);
  if (top === undefined || skip === undefined)
    return apiError(400, "BadRequest", "Invalid value for $top or $skip.");
  const filter = query.get("$filter");
  const clauses = filter === null || filter === "" ? [] : parseFilter(filter);
  if (clauses === undefined) return apiError(400, "BadRequest", "Invalid filter clause.");
  const asked = query.get("$orderby");
  const [property = "", direction = "asc"] = (asked ?? defaultOrder).trim().split(/\s+/);
  // Exchange's own rule, easily missed: what orders has to be what filters first.
  if (asked !== null && clauses[0] !== undefined && clauses[0].property !== property)
    return apiError(
      400,
      "InefficientFilter",
      "The restriction or sort order is too complex for this operation.",
    );
  const key = pathOf(property);
  const sign = direction.toLowerCase() === "desc" ? -1 : 1;
  const found = all
    .filter((item) => clauses.every((clause) => clause.test(item)))
    .sort((a, b) => sign * order(key(a), key(b)));
  const { items, next } = slice(found, skip, top);
  const body = {
    "@odata.context": `${origin}/v1.0/$metadata#${pathOfCall(call).slice("/v1.0/".length)}`,
    ...(query.get("$count") === "true" ? { "@odata.count": found.length } : {}),
    // Exchange leaves the tags there when members are selected; here what was selected is all that comes.
    value: query.has("$select") ? items.map(bare) : items,
    ...(next === undefined ? {} : { "@odata.nextLink": nextLink(call, origin, "$skip", String(next)) }),
  };
  return selected(call, json(200, body));
}

/** The first ones' defaults and bounds: 100 a page, 999 at most. */
const PAGE = 100;
const MOST = 999;
/** Continuation tokens of the directory begin so. */
const TOKEN = "RFNwdAIAAQAAAA";

/**
 * learn.microsoft.com/graph/aad-advanced-queries, /graph/search-query-parameter. `context`: what stands behind
 * `$metadata#`.
 */
export function directoryList(call: Call, origin: string, context: string, all: readonly unknown[]): Reply {
  const query = call.url.searchParams;
  const eventual = call.headers.consistencylevel === "eventual";
  const invalid = (text: string) => apiError(400, "Request_BadRequest", text);
  const top = wholeNumber(query.get("$top"), PAGE, 1, MOST);
  if (top === undefined) return invalid(`Invalid page size specified: '${query.get("$top")}'.`);
  const sent = query.get("$skiptoken");
  const from = wholeNumber(sent?.startsWith(TOKEN) ? sent.slice(TOKEN.length) : sent, 0, 1, 999_999);
  if (from === undefined)
    return apiError(400, "Directory_ExpiredPageToken", "The specified page token value has expired.");
  const search = query.get("$search");
  if (search !== null && !eventual)
    return apiError(
      400,
      "Request_UnsupportedQuery",
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    );
  const wanted = /^"([A-Za-z]+):([^"]+)"$/.exec(search ?? "");
  if (search !== null && wanted === null)
    return invalid("Clause is not in the form of '\"property:value\"'.");
  const clauses = parseFilter(query.get("$filter") ?? "displayName ne ''");
  if (clauses === undefined) return invalid("Invalid filter clause.");
  const [, property = "", text = ""] = wanted ?? [];
  const [by = "", direction = "asc"] = (query.get("$orderby") ?? "").trim().split(/\s+/);
  const sign = direction.toLowerCase() === "desc" ? -1 : 1;
  const found = all.filter(
    (item) =>
      clauses.every((clause) => clause.test(item)) &&
      (wanted === null || words(pathOf(property)(item)).some((word) => word.startsWith(text.toLowerCase()))),
  );
  if (by !== "") found.sort((a, b) => sign * order(pathOf(by)(a), pathOf(by)(b)));
  const { items, next } = slice(found, from, top);
  // Without the header the count is not given, and nobody is told.
  const count = query.get("$count") === "true" && eventual ? { "@odata.count": found.length } : {};
  const link =
    next === undefined ? {} : { "@odata.nextLink": nextLink(call, origin, "$skiptoken", `${TOKEN}${next}`) };
  return selected(
    call,
    json(200, {
      "@odata.context": `${origin}/v1.0/$metadata#${context}`,
      ...count,
      ...link,
      value: items,
    }),
  );
}

/** The whole, and what begins in it: `$search` finds words by their beginnings. */
function words(value: unknown): string[] {
  const text = String(value ?? "").toLowerCase();
  return [text, ...text.split(/[\s\-@._]+/)];
}
