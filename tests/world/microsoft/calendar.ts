/**
 * Graph's calendar: learn.microsoft.com/graph/api/user-list-calendars, calendar-list-events, calendar-list-calendarview,
 * calendar-post-events, user-post-events, event-get, event-update, event-delete, calendar-getschedule. A tag that is no longer the event's
 * is answered 412 with the code and text of mguessan/davmail#463 and msgraph-sdk-dotnet#1195.
 */
import { json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import type { Agenda, EventItem } from "./events.ts";
import { exchangeList } from "./lists.ts";
import { selected } from "./odata.ts";
import { EVENT, payload, SCHEDULE } from "./payload.ts";
import { isPersonal, PEOPLE } from "./people.ts";
import { type Asked, exchangeDenied, holds, itemMissing, mailboxMissing, methodNotAllowed } from "./topic.ts";

const MAY_WRITE = ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"];
const MAY_READ = ["Calendars.ReadBasic", "Calendars.Read", "Calendars.Read.Shared", ...MAY_WRITE];

export function calendar(asked: Asked): Reply | undefined {
  const [me, ...below] = asked.segments;
  const path = below.join("/");
  const isEvent = below[0] === "events" && below.length === 2;
  const isIn = below[0] === "calendars" && below.length === 3 && IN_CALENDAR.includes(below[2] ?? "");
  if (me !== "me" || !(isEvent || isIn || PATHS.includes(path))) return undefined;
  const missing = mailboxMissing(asked);
  if (missing !== undefined) return missing;
  const agenda = asked.world.agendas.of(asked.person);
  if (isEvent) return event(asked, agenda, below[1] ?? "");
  if (isIn) return inCalendar(asked, agenda, below[1] ?? "", below[2] === "calendarView");
  switch (path) {
    case "calendars":
      return read(asked, () => list(asked, agenda.calendars(), "name desc"));
    case "calendar":
      return read(asked, () =>
        json(200, { "@odata.context": contextOf(asked, "calendar"), ...agenda.calendars()[0] }),
      );
    case "calendar/getSchedule":
      return schedule(asked);
    case "calendarView":
    case "calendar/calendarView":
      return read(asked, () => view(asked, agenda.all()));
    default:
      return asked.call.method === "POST"
        ? create(asked, agenda)
        : read(asked, () => list(asked, agenda.all(), "start/dateTime desc"), "GET and POST");
  }
}

const IN_CALENDAR = ["events", "calendarView"];

function inCalendar(asked: Asked, agenda: Agenda, id: string, views: boolean): Reply {
  const known = agenda.calendars().some((calendar) => calendar.id === id);
  if (asked.call.method === "POST" && !views) return known ? create(asked, agenda, id) : itemMissing();
  return read(asked, () => {
    if (!known) return itemMissing();
    return views ? view(asked, agenda.all(id)) : list(asked, agenda.all(id), "start/dateTime desc");
  });
}

const PATHS = [
  "events",
  "calendars",
  "calendar",
  "calendar/events",
  "calendarView",
  "calendar/calendarView",
  "calendar/getSchedule",
];

const contextOf = ({ world }: Asked, of: string) =>
  `${world.origins.graph}/v1.0/$metadata#users('me')/${of}/$entity`;

function read({ call, token }: Asked, reply: () => Reply, methods = "GET"): Reply {
  if (call.method !== "GET") return methodNotAllowed(methods);
  return holds(token, MAY_READ) ? reply() : exchangeDenied();
}

const list = ({ call, world }: Asked, all: readonly unknown[], by: string) =>
  exchangeList(call, world.origins.graph, all, by);

const instant = (time: { dateTime: string }) => Date.parse(`${time.dateTime.slice(0, 19)}Z`);

const within = (events: EventItem[], start: number, end: number) =>
  events.filter((one) => instant(one.end) > start && instant(one.start) < end);

function view(asked: Asked, events: EventItem[]): Reply {
  const start = Date.parse(asked.call.url.searchParams.get("startDateTime") ?? "");
  const end = Date.parse(asked.call.url.searchParams.get("endDateTime") ?? "");
  if (Number.isNaN(start) || Number.isNaN(end) || end < start) {
    const text =
      "This request requires a time window specified by the query string parameters startDateTime and endDateTime.";
    return apiError(400, "ErrorInvalidParameter", text);
  }
  return list(asked, within(events, start, end), "start/dateTime asc");
}

const entity = (asked: Asked, item: EventItem, status = 200): Reply => {
  const { id, ...rest } = item;
  const headers: Record<string, string> =
    status === 201
      ? { location: `${asked.world.origins.graph}/v1.0/me/events/${encodeURIComponent(id)}` }
      : {};
  return json(status, { "@odata.context": contextOf(asked, "events"), id, ...rest }, headers);
};

interface Time {
  readonly dateTime: string;
  readonly timeZone: string;
}

/** Seven decimals, as Exchange writes times; undefined where it is no time. */
function timeOf(value: unknown): Time | undefined {
  const { dateTime, timeZone = "UTC" } = (value ?? {}) as { dateTime?: unknown; timeZone?: unknown };
  if (typeof dateTime !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(dateTime)) return undefined;
  if (typeof timeZone !== "string" || timeZone === "") return undefined;
  const at = Date.parse(`${dateTime.replace(/(\.\d+)?Z?$/, "")}Z`);
  if (Number.isNaN(at)) return undefined;
  return { dateTime: `${new Date(at).toISOString().slice(0, 19)}.0000000`, timeZone };
}

/** An event needs a beginning and an end, in this order. */
function timed(body: Record<string, unknown>, before?: EventItem): { start: Time; end: Time } | undefined {
  const start = timeOf(body.start ?? before?.start);
  const end = timeOf(body.end ?? before?.end);
  return start === undefined || end === undefined || instant(end) < instant(start)
    ? undefined
    : { start, end };
}

const invalidTimes = () =>
  apiError(400, "ErrorPropertyValidationFailure", "At least one property failed validation.");

function create(asked: Asked, agenda: Agenda, calendarId?: string): Reply {
  if (!holds(asked.token, MAY_WRITE)) return exchangeDenied();
  const given = payload(asked.call, EVENT);
  if ("refused" in given) return given.refused;
  const times = timed(given.body);
  if (times === undefined) return invalidTimes();
  return entity(asked, agenda.add({ ...given.body, ...times }, calendarId), 201);
}

function event(asked: Asked, agenda: Agenda, id: string): Reply {
  const { call, token } = asked;
  if (!["GET", "PATCH", "DELETE"].includes(call.method)) return methodNotAllowed("GET, PATCH and DELETE");
  const may = call.method === "GET" ? MAY_READ : MAY_WRITE;
  if (!holds(token, may)) return exchangeDenied();
  const there = agenda.find(id);
  if (there === undefined) return itemMissing();
  if (call.method === "GET") return selected(call, entity(asked, there));
  const tag = call.headers["if-match"];
  if (tag !== undefined && tag !== "*" && tag !== there["@odata.etag"])
    return apiError(
      412,
      "ErrorIrresolvableConflict",
      "The send or update operation could not be performed because the change key passed in the request does not " +
        "match the current change key for the item.",
    );
  if (call.method === "DELETE") {
    agenda.remove(id);
    return { status: 204, body: "" };
  }
  const given = payload(call, EVENT);
  if ("refused" in given) return given.refused;
  const times = timed(given.body, there);
  if (times === undefined) return invalidTimes();
  return entity(asked, agenda.change(id, { ...given.body, ...times }) ?? there);
}

const MINUTE = 60_000;

/** Reading, although it is a POST. "Delegated (personal Microsoft account): not supported." */
function schedule(asked: Asked): Reply {
  const { call, token, person, world } = asked;
  if (call.method !== "POST") return methodNotAllowed("POST");
  if (!holds(token, MAY_READ) || isPersonal(person)) return exchangeDenied();
  const given = payload(call, SCHEDULE);
  if ("refused" in given) return given.refused;
  const { schedules, startTime, endTime, availabilityViewInterval: every = 30 } = given.body;
  const [start, end] = [timeOf(startTime), timeOf(endTime)];
  const invalid = (text: string) => apiError(400, "ErrorInvalidParameter", text);
  if (!Array.isArray(schedules) || schedules.length === 0) return invalid("The schedules are missing.");
  if (start === undefined || end === undefined || instant(end) <= instant(start))
    return invalid("The time period is missing or ends before it begins.");
  if (!Number.isInteger(every) || Number(every) < 5 || Number(every) > 1440)
    return invalid("The interval must be from 5 to 1440 minutes.");
  const slots = Math.ceil((instant(end) - instant(start)) / (Number(every) * MINUTE));
  const value = schedules.map((scheduleId: unknown) => {
    const who = PEOPLE.find(
      ({ email, tid }) => email === String(scheduleId).toLowerCase() && tid === person.tid,
    );
    if (who === undefined) {
      const message = `Unable to resolve e-mail address ${String(scheduleId)} to an Active Directory object.`;
      return {
        scheduleId,
        availabilityView: "",
        error: { message, responseCode: "ErrorMailRecipientNotFound" },
      };
    }
    const busy = within(world.agendas.of(who).all(), instant(start), instant(end));
    const view = Array.from({ length: slots }, (_, n) => {
      const from = instant(start) + n * Number(every) * MINUTE;
      const inside = within(busy, from, from + Number(every) * MINUTE);
      return inside.length === 0 ? "0" : (CODES[inside[0]?.showAs ?? ""] ?? "2");
    });
    return {
      scheduleId,
      availabilityView: view.join(""),
      scheduleItems: busy.map(asItem),
      workingHours: HOURS,
    };
  });
  const context = `${world.origins.graph}/v1.0/$metadata#Collection(microsoft.graph.scheduleInformation)`;
  return json(200, { "@odata.context": context, value });
}

/** learn.microsoft.com/graph/api/resources/scheduleinformation, `availabilityView`. */
const CODES: Record<string, string> = {
  free: "0",
  tentative: "1",
  busy: "2",
  oof: "3",
  workingElsewhere: "4",
};

const asItem = ({ start, end, subject, showAs }: EventItem) => ({
  isPrivate: false,
  status: showAs,
  subject,
  location: "",
  start,
  end,
});

const HOURS = {
  daysOfWeek: ["monday", "tuesday", "wednesday", "thursday", "friday"],
  startTime: "08:00:00.0000000",
  endTime: "17:00:00.0000000",
  timeZone: { name: "UTC" },
};
