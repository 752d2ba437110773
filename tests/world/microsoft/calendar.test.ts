import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import {
  ALICE,
  type Ask,
  BOB,
  CAROL,
  codeIn,
  DAVE,
  graphAs,
  type Item,
  itemsIn,
  pagesOf,
} from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
before(async () => {
  microsoft = await startMicrosoft();
  ask = await graphAs(microsoft, "Calendars.ReadWrite Contacts.Read");
});
after(() => microsoft.close());
afterEach(() => microsoft.control({ reset: true }));

const at = (dateTime: string, timeZone = "UTC") => ({ dateTime, timeZone });
const meeting = (more: object = {}) => ({
  subject: "Planning",
  start: at("2027-02-01T09:00:00"),
  end: at("2027-02-01T10:00:00"),
  ...more,
});
const path = (item: Item) => `/me/events/${encodeURIComponent(String(item.id))}`;

test("calendars are listed, the default one first", async () => {
  const calendars = itemsIn(await ask("GET", "/me/calendars"));
  assert.deepEqual(
    calendars.map(({ name, isDefaultCalendar }) => [name, isDefaultCalendar]),
    [
      ["Calendar", true],
      ["Birthdays", false],
    ],
  );
  assert.equal((await ask("GET", "/me/calendar")).body.name, "Calendar");
  assert.equal((await ask("POST", "/me/calendars", {})).status, 405);
});

for (const collection of ["/me/events", "/me/calendar/events"])
  test(`an event is created at ${collection}, read, changed and deleted`, async () => {
    const made = await ask("POST", collection, meeting());
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(made.body.start, at("2027-02-01T09:00:00.0000000"));
    assert.match(String(made.body.id), /[-_=]/);
    assert.equal(made.headers.get("location"), `${microsoft.graphOrigin}/v1.0${path(made.body)}`);
    const read = await ask("GET", path(made.body));
    assert.equal(read.body["@odata.etag"], made.body["@odata.etag"]);
    const changed = await ask("PATCH", path(made.body), { subject: "Other" });
    assert.deepEqual([changed.status, changed.body.subject, changed.body.end], [200, "Other", made.body.end]);
    assert.notEqual(changed.body["@odata.etag"], made.body["@odata.etag"]);
    const window = "startDateTime=2027-02-01T00:00:00Z&endDateTime=2027-02-02T00:00:00Z";
    assert.deepEqual(
      itemsIn(await ask("GET", `/me/calendarView?${window}`)).map(({ id }) => id),
      [made.body.id],
    );
    assert.deepEqual(
      [(await ask("DELETE", path(made.body))).status, (await ask("GET", path(made.body))).status],
      [204, 404],
    );
  });

test("a tag that is no longer the event's changes nothing", async () => {
  const made = (await ask("POST", "/me/events", meeting())).body;
  const tag = String(made["@odata.etag"]);
  assert.equal((await ask("PATCH", path(made), { subject: "a" }, { "if-match": tag })).status, 200);
  for (const [method, body] of [
    ["PATCH", { subject: "b" }],
    ["DELETE", undefined],
  ] as const) {
    const late = await ask(method, path(made), body, { "if-match": tag });
    assert.deepEqual([late.status, codeIn(late)], [412, "ErrorIrresolvableConflict"]);
  }
  assert.equal((await ask("GET", path(made))).body.subject, "a");
  assert.equal((await ask("DELETE", path(made), undefined, { "if-match": "*" })).status, 204);
});

test("events that Graph would refuse are refused", async () => {
  const refused = async (body: object) => {
    const answer = await ask("POST", "/me/events", body);
    assert.equal(answer.status, 400, answer.text);
    return codeIn(answer);
  };
  assert.equal(await refused(meeting({ title: "x" })), "RequestBodyRead");
  assert.equal(await refused(meeting({ start: { date: "2027-02-01" } })), "RequestBodyRead");
  assert.equal(await refused({ subject: "No time" }), "ErrorPropertyValidationFailure");
  assert.equal(await refused(meeting({ end: at("2027-02-01T08:00:00") })), "ErrorPropertyValidationFailure");
  assert.equal(await refused(meeting({ start: at("soon") })), "ErrorPropertyValidationFailure");
  const [event = {}] = itemsIn(await ask("GET", "/me/events?$top=1"));
  assert.equal((await ask("PATCH", path(event), { end: at("2020-01-01T00:00:00") })).status, 400);
  assert.equal((await ask("PATCH", path(event), { nothing: 1 })).status, 400);
  assert.equal((await ask("PATCH", path({ id: "none" }), {})).status, 404);
  assert.equal((await ask("PUT", path(event), {})).status, 405);
});

test("schedules tell who is busy when", async () => {
  const body = {
    schedules: [ALICE, BOB, CAROL],
    startTime: at("2026-01-05T07:00:00"),
    endTime: at("2026-01-05T10:00:00"),
    availabilityViewInterval: 60,
  };
  const answer = await ask("POST", "/me/calendar/getSchedule", body);
  assert.equal(answer.status, 200, answer.text);
  const [alice, bob, carol] = itemsIn(answer);
  assert.deepEqual([alice?.availabilityView, bob?.availabilityView], ["020", "020"]);
  assert.equal((alice?.scheduleItems as Item[])?.[0]?.subject, "Meeting 0 of Alice");
  assert.equal((carol?.error as Item)?.responseCode, "ErrorMailRecipientNotFound");
  for (const bad of [
    { schedules: [] },
    { endTime: body.startTime },
    { availabilityViewInterval: 4 },
    { x: 1 },
  ])
    assert.equal((await ask("POST", "/me/calendar/getSchedule", { ...body, ...bad })).status, 400);
  assert.equal((await ask("GET", "/me/calendar/getSchedule")).status, 405);
  const dave = await graphAs(microsoft, "Calendars.ReadWrite", DAVE);
  assert.equal((await dave("POST", "/me/calendar/getSchedule", body)).status, 403);
});

test("contacts come in pages", async () => {
  const pages = await pagesOf(ask, "/me/contacts");
  assert.deepEqual(
    pages.map(({ length }) => length),
    [10, 4],
  );
  assert.match(String(pages[0]?.[0]?.displayName), /^Contact 00 of Alice/);
  const [one] = itemsIn(await ask("GET", "/me/contacts?$select=displayName&$top=1"));
  assert.deepEqual(Object.keys(one ?? {}), ["id", "displayName"]);
  assert.equal((await ask("POST", "/me/contacts", {})).status, 405);
});

test("each permission opens its own calls", async () => {
  const reader = await graphAs(microsoft, "Calendars.Read");
  const other = await graphAs(microsoft, "User.Read");
  const [event = {}] = itemsIn(await reader("GET", "/me/events?$top=1"));
  assert.equal((await reader("GET", path(event))).status, 200);
  for (const [by, method, where] of [
    [reader, "POST", "/me/events"],
    [reader, "PATCH", path(event)],
    [reader, "DELETE", path(event)],
    [reader, "GET", "/me/contacts"],
    [other, "GET", path(event)],
    [other, "GET", "/me/calendars"],
    [other, "POST", "/me/calendar/getSchedule"],
  ] as const) {
    const answer = await by(method, where, method === "GET" || method === "DELETE" ? undefined : meeting());
    assert.deepEqual([answer.status, codeIn(answer)], [403, "ErrorAccessDenied"], `${method} ${where}`);
  }
});

test("where there is no mailbox, calendar and contacts are not found", async () => {
  microsoft.control({ mailbox: "missing" });
  for (const where of [
    "/me/events",
    "/me/events/event-alice-0",
    "/me/calendars",
    "/me/calendarView",
    "/me/contacts",
  ])
    assert.equal(codeIn(await ask("GET", where)), "MailboxNotEnabledForRESTAPI", where);
});
