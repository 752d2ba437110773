/** Microsoft Graph: profile, mail, calendar and drive of exactly the token's person, and the users of the directory. */

import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError, apiHandler, nextLink, slice, wholeNumber } from "./api.ts";
import { batch } from "./batch.ts";
import { drive } from "./drive.ts";
import { order, parseFilter, pathOf, selected } from "./odata.ts";
import { type CalendarEvent, displayName, eventsOf, messagesOf, type Person } from "./people.ts";
import { users } from "./users.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

export function graphHandler(world: MicrosoftWorld): Handler {
  const origin = world.origins.graph;
  return apiHandler(world, "graph", async (call, person, token) => {
    const path = pathOfCall(call);
    if (path === "/v1.0/$batch")
      return batch(call, origin, "v1.0", async (part) => single(world, part, person, token));
    return single(world, call, person, token);
  });
}

function single(world: MicrosoftWorld, call: Call, person: Person, token: AccessToken): Reply {
  const origin = world.origins.graph;
  const path = pathOfCall(call);
  const [, user] = /^\/v1\.0\/users(?:\/([^/]+))?$/.exec(path) ?? [undefined, undefined];
  if (path.startsWith("/v1.0/users") && (user !== undefined || path === "/v1.0/users"))
    return users(world, call, person, token, user === undefined ? undefined : decodeURIComponent(user));
  if (path.startsWith("/v1.0/me/drive/"))
    return allowed(token, "Files.") ?? drive(world, call, person, path.slice("/v1.0/me/drive/".length));
  return read(call, origin, person, token);
}

function read(call: Call, origin: string, person: Person, token: AccessToken): Reply {
  if (call.method !== "GET") return apiError(405, "MethodNotAllowed", "Only GET is served here.");
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
      return apiError(404, "ResourceNotFound", `Resource not found for the segment '${call.url.pathname}'.`);
  }
}

/** A slash too many changes nothing. */
const pathOfCall = (call: Call) => call.url.pathname.replace(/^\/+/, "/");

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
