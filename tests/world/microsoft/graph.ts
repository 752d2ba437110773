/** Microsoft Graph: profile, mail, calendar of exactly the token's person. */

import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError, apiHandler, nextLink, slice, wholeNumber } from "./api.ts";
import { type CalendarEvent, displayName, eventsOf, messagesOf, type Person } from "./people.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

export function graphHandler(world: MicrosoftWorld): Handler {
  const origin = world.origins.graph;
  return apiHandler(world, "graph", (call, person, token) => {
    switch (pathOfCall(call)) {
      case "/v1.0/me":
        return selected(call, me(origin, person));
      case "/v1.0/me/messages":
        return allowed(token, "Mail.") ?? list(call, origin, messagesOf(person), "receivedDateTime desc");
      case "/v1.0/me/events":
      case "/v1.0/me/calendar/events":
        return allowed(token, "Calendars.") ?? list(call, origin, eventsOf(person), "start/dateTime desc");
      case "/v1.0/me/calendarView":
      case "/v1.0/me/calendar/calendarView":
        return allowed(token, "Calendars.") ?? view(call, origin, eventsOf(person));
      default:
        return apiError(
          404,
          "ResourceNotFound",
          `Resource not found for the segment '${call.url.pathname}'.`,
        );
    }
  });
}

/** A slash too many changes nothing. */
const pathOfCall = (call: Call) => call.url.pathname.replace(/^\/+/, "/");

/** `$select`: those members of each item alone, and `id` (learn.microsoft.com/graph/query-parameters). */
function selected(call: Call, reply: Reply): Reply {
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

function allowed(token: AccessToken, prefix: string): Reply | undefined {
  const may = token.scopes.some((name) => name.startsWith(prefix) || name === ".default");
  return may
    ? undefined
    : apiError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
}

function me(origin: string, person: Person): Reply {
  return json(200, {
    "@odata.context": `${origin}/v1.0/$metadata#users/$entity`,
    id: person.oid,
    displayName: displayName(person),
    givenName: person.givenName,
    surname: person.surname,
    mail: person.email,
    userPrincipalName: person.email,
    jobTitle: null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: "en-GB",
    businessPhones: [],
  });
}

function view(call: Call, origin: string, events: CalendarEvent[]): Reply {
  const start = Date.parse(call.url.searchParams.get("startDateTime") ?? "");
  const end = Date.parse(call.url.searchParams.get("endDateTime") ?? "");
  if (Number.isNaN(start) || Number.isNaN(end) || end < start) {
    const text =
      "This request requires a time window specified by the query string parameters startDateTime and endDateTime.";
    return apiError(400, "ErrorInvalidParameter", text);
  }
  const at = (time: { dateTime: string }) => Date.parse(`${time.dateTime.slice(0, 19)}Z`);
  const inside = events.filter((event) => at(event.end) > start && at(event.start) < end);
  return list(call, origin, inside, "start/dateTime asc");
}

type Path = (item: unknown) => unknown;

function pathOf(name: string): Path {
  const steps = name.split("/");
  return (item) =>
    steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], item);
}

interface Clause {
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

/** The little of OData that mail and calendar need: comparisons and `contains`, joined by `and`. */
function parseFilter(filter: string): Clause[] | undefined {
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
function order(left: unknown, right: unknown): number {
  const [a, b] = [String(left), String(right)];
  const time = (text: string) =>
    /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.slice(0, 19)}Z`)
      : Number.NaN;
  const difference = time(a) - time(b);
  if (!Number.isNaN(difference)) return difference;
  return a === b ? 0 : a < b ? -1 : 1;
}

function list(call: Call, origin: string, all: unknown[], defaultOrder: string): Reply {
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
    value: items,
    ...(next === undefined ? {} : { "@odata.nextLink": nextLink(call, origin, "$skip", String(next)) }),
  };
  return selected(call, json(200, body));
}
