/** Typed calls of Graph, all the way: what is done there, and what a caller is told. */
import { beforeAll, describe, expect, test } from "vitest";
import azure from "../../../docs/azure.md?raw";
import { agreed, ok, PERMISSIONS } from "../support/agreed.ts";
import {
  Browser,
  type Connected,
  createKey,
  createLink,
  expectProblem,
  get,
  http,
  newUser,
  rpc,
  send,
} from "../support/client.ts";
import { linesOf, requestOf } from "../support/pasted.ts";
import { CAROL } from "../support/world.ts";

let who: Connected;
beforeAll(async () => {
  who = await agreed();
});

type Item = Record<string, unknown>;
const own = () => `user_id=${who.user}`;
const service = () => rpc(who.org, PERMISSIONS);
const mine = () => ({ userId: who.user });
const ADDRESS = { emailAddress: { address: "bob.brandt@contoso.example" } };

describe("mail", () => {
  test("is sent, found among what was sent, answered and moved", async () => {
    const message = {
      subject: "Lunch on Friday",
      body: { contentType: "text", content: "At one?" },
      toRecipients: [ADDRESS],
    };
    const sent = await send("POST", `/mail?${own()}`, who.key, { message });
    expect([sent.status, sent.json]).toEqual([200, { status: 202 }]);
    const folders = ok(await service().listMailFolders(mine()));
    expect(folders.map(({ displayName }) => displayName)).toContain("Sent Items");
    const [first] = ok(await service().getMail({ ...mine(), folder: "sentitems", top: 1 }));
    expect(first?.subject).toBe("Lunch on Friday");
    const one = await get(`/mail/${encodeURIComponent(String(first?.id))}?${own()}`, who.key);
    expect(one.json.body).toMatchObject({ content: expect.stringContaining("At one?") });
    const [inbox] = ok(await service().getMail({ ...mine(), top: 1 }));
    const id = String(inbox?.id);
    const reply = { ...mine(), messageId: id, comment: "Yes" };
    expect(ok(await service().replyToMessage(reply))).toEqual({ status: 202 });
    expect(ok(await service().replyAllToMessage(reply))).toEqual({ status: 202 });
    const forward = { ...mine(), messageId: id, toRecipients: message.toRecipients };
    expect(ok(await service().forwardMessage(forward))).toEqual({ status: 202 });
    const moved = ok(await service().moveMessage({ ...mine(), messageId: id, destinationId: "archive" }));
    expect(moved.id).not.toBe(id);
    expectProblem(await get(`/mail/${encodeURIComponent(id)}?${own()}`, who.key), 404, "provider_not_found");
  });

  test("has attachments, with their content", async () => {
    const attachments = [
      { "@odata.type": "#microsoft.graph.fileAttachment", name: "a.txt", contentBytes: btoa("content") },
    ];
    const message = {
      subject: "With a file",
      body: { contentType: "text", content: "x" },
      toRecipients: [ADDRESS],
      attachments,
    };
    ok(await service().sendMail({ ...mine(), message, saveToSentItems: true }));
    const inSent = { ...mine(), folder: "sentitems", search: "With a file" };
    const [sent] = ok(await service().getMail(inSent));
    const messageId = String(sent?.id);
    const [file] = ok(await service().listAttachments({ ...mine(), messageId }));
    const attachment = { ...mine(), messageId, attachmentId: String(file?.id) };
    expect(ok(await service().getAttachment(attachment)).contentBytes).toBe(btoa("content"));
  });

  test("is searched, and not beside a filter", async () => {
    const found = await get(`/mail?${own()}&search=${encodeURIComponent("Lunch on Friday")}`, who.key);
    expect([found.status, (found.json.messages as Item[]).length > 0]).toEqual([200, true]);
    expectProblem(await get(`/mail?${own()}&search=x&filter=isRead`, who.key), 400, "invalid_request");
  });

  test("without the scope is refused, in words that say who can change it", async () => {
    const { key } = await createKey(who.org, ["mail:write"]);
    const plain = newUser();
    const browser = new Browser();
    const link = await createLink(who.key, plain);
    await browser.open(await browser.upToCallback(link.url, CAROL));
    const answer = await send("POST", `/mail?user_id=${plain}`, key, { message: { subject: "x" } });
    expectProblem(answer, 403, "provider_forbidden");
    expect(answer.json).toMatchObject({ provider_code: "ErrorAccessDenied", fix: "operator" });
  });
});

describe("the calendar", () => {
  const event = {
    subject: "Planning",
    start: { dateTime: "2026-12-03T09:00:00", timeZone: "UTC" },
    end: { dateTime: "2026-12-03T10:00:00", timeZone: "UTC" },
  };

  test("has an event made, changed and taken out, each against the ETag that its caller knows", async () => {
    const made = await send("POST", `/calendar/events?${own()}`, who.key, { event });
    expect([made.status, made.json.subject]).toEqual([200, "Planning"]);
    const eventId = String(made.json.id);
    const etag = String(made.json["@odata.etag"]);
    const change = { ...mine(), eventId, event: { subject: "Planning, moved" }, ifMatch: etag };
    expect(ok(await service().updateCalendarEvent(change)).subject).toBe("Planning, moved");
    expect(await service().updateCalendarEvent(change)).toMatchObject({ code: "provider_conflict" });
    expect(await service().updateCalendarEvent({ ...change, ifMatch: 'W/"ä"' })).toMatchObject({
      code: "invalid_request",
    });
    expect(ok(await service().getCalendarEvent({ ...mine(), eventId })).subject).toBe("Planning, moved");
    expect(ok(await service().deleteCalendarEvent({ ...mine(), eventId }))).toEqual({ status: 204 });
    expect(await service().getCalendarEvent({ ...mine(), eventId })).toMatchObject({
      code: "provider_not_found",
    });
  });

  test("is listed, and says when people are free", async () => {
    expect(ok(await service().listCalendars(mine())).length).toBeGreaterThan(0);
    const asked = {
      schedules: [CAROL],
      start: "2026-12-01T09:00:00+01:00",
      end: "2026-12-01T18:00:00+01:00",
    };
    const free = ok(await service().getFreeBusy({ ...mine(), ...asked, interval: 60 }));
    expect(free.value[0]?.scheduleId).toBe(CAROL);
  });
});

describe("the directory", () => {
  test("lists, searches and counts its users", async () => {
    const page = await get(`/users?${own()}&top=3&count=true&select=id,displayName`, who.key);
    expect([page.status, (page.json.users as Item[]).length, Number(page.json.count) > 3]).toEqual([
      200,
      3,
      true,
    ]);
    const next = await get(
      `/users?${own()}&cursor=${encodeURIComponent(String(page.json.next_cursor))}`,
      who.key,
    );
    expect((next.json.users as Item[]).length).toBeGreaterThan(0);
    const found = ok(await service().listUsers({ ...mine(), search: "displayName:Carol" }));
    expect(found.length).toBeGreaterThan(0);
    const id = String(found[0]?.id);
    expect(ok(await service().getDirectoryUser({ ...mine(), id })).id).toBe(id);
  });

  test("lists groups and who is in them, contacts, teams and sites", async () => {
    const [group] = ok(await service().listGroups(mine()));
    const groupId = String(group?.id);
    expect(ok(await service().getGroup({ ...mine(), groupId })).id).toBe(groupId);
    expect(ok(await service().listGroupMembers({ ...mine(), groupId })).length).toBeGreaterThan(0);
    expect(ok(await service().listContacts(mine())).length).toBeGreaterThan(0);
    const [site] = ok(await service().searchSites({ ...mine(), query: "*" }));
    expect(ok(await service().getSite({ ...mine(), siteId: String(site?.id) })).id).toBe(site?.id);
  });

  test("has teams, in whose channels is written", async () => {
    const [team] = ok(await service().listTeams(mine()));
    const teamId = String(team?.id);
    const [channel] = ok(await service().listChannels({ ...mine(), teamId }));
    const place = { ...mine(), teamId, channelId: String(channel?.id) };
    const message = ok(
      await service().sendChannelMessage({ ...place, content: "Deployed", contentType: "text" }),
    );
    const listed = ok(await service().listChannelMessages(place));
    expect(listed.map(({ id }) => id)).toContain(message.id);
  });
});

describe("files", () => {
  test("are put, listed, found, read, by id and by path", async () => {
    const path = "Reports/plan b.txt";
    const put = await send(
      "PUT",
      `/files/by-path/content?${own()}&path=${encodeURIComponent(path)}`,
      who.key,
      "the plan",
    );
    expect([put.status, put.json.name]).toEqual([201, "plan b.txt"]);
    const itemId = String(put.json.id);
    expect(ok(await service().getFile({ ...mine(), itemId })).name).toBe("plan b.txt");
    expect(ok(await service().getFileByPath({ ...mine(), path })).id).toBe(itemId);
    const listed = ok(await service().listFiles({ ...mine(), path: "Reports" }));
    expect(listed.map(({ name }) => name)).toContain("plan b.txt");
    expect(ok(await service().listFiles(mine())).length).toBeGreaterThan(0);
    const found = ok(await service().searchFiles({ ...mine(), query: "plan b" }));
    expect(found.map(({ id }) => id)).toContain(itemId);
    expect(ok(await service().searchFiles({ ...mine(), query: "it's" }))).toEqual([]);
    expect((await get(`/files/${itemId}/content?${own()}`, who.key)).text).toBe("the plan");
    const read = await service().downloadFileByPath({ ...mine(), path });
    expect([read.status, await read.text()]).toEqual([200, "the plan"]);
  });
});

describe("a key", () => {
  test.each([
    ["mail:write", "POST", "/mail", { message: {} }],
    ["calendar:write", "POST", "/calendar/events", { event: {} }],
    ["users:read", "GET", "/users", undefined],
    ["groups:read", "GET", "/groups", undefined],
    ["contacts:read", "GET", "/contacts", undefined],
    ["files:read", "GET", "/files", undefined],
    ["files:write", "PUT", "/files/by-path/content?path=a", "x"],
    ["teams:read", "GET", "/teams", undefined],
    ["sites:read", "GET", "/sites?query=a", undefined],
    ["arm:write", "DELETE", "/resource?resource_id=/a/b&api_version=2023-01-01", undefined],
    ["roles:read", "GET", "/roleAssignments?scope=/a", undefined],
  ])("with all that there was at first is not allowed %s", async (permission, method, path, body) => {
    const { key } = await createKey(who.org);
    const url = `${path}${path.includes("?") ? "&" : "?"}${own()}`;
    const answer = await send(method, url, key, body);
    expectProblem(answer, 403, "permission_denied");
    expect(answer.text).toContain(permission);
  });
});

test("the lines of docs/azure.md that change something do", async () => {
  // Those of the application itself are in tests/worker/grant/app-only.test.ts and integration/certificate.test.ts.
  const lines = linesOf(azure).filter((line) => line.startsWith("-X ") && line.includes("user_id=you"));
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    const [url, init] = requestOf(line.replace("user_id=you", own()), { KEY: who.key });
    const answer = await http(url, init);
    expect([line, answer.status]).toEqual([line, expect.toBeOneOf([200, 201])]);
  }
});

test("a draft is written, changed, sent, and deleted", async () => {
  const draft = ok(
    await service().createDraft({ ...mine(), message: { subject: "First", toRecipients: [ADDRESS] } }),
  );
  expect(draft).toMatchObject({ subject: "First", isDraft: true });
  const messageId = String(draft.id);
  const changed = await send("PATCH", `/mail/${encodeURIComponent(messageId)}?${own()}`, who.key, {
    message: { subject: "Second" },
  });
  expect([changed.status, changed.json.subject]).toEqual([200, "Second"]);
  expect(ok(await service().sendDraft({ ...mine(), messageId }))).toEqual({ status: 202 });
  expect(await service().sendDraft({ ...mine(), messageId })).toMatchObject({ code: "provider_not_found" });
  const sent = ok(await service().getMail({ ...mine(), folder: "sentitems" })).filter(
    ({ subject }) => subject === "Second",
  );
  expect(sent).toHaveLength(1);
  const one = { ...mine(), messageId: String(sent[0]?.id) };
  expect(await service().updateMessage({ ...one, message: { subject: "Third" } })).toMatchObject({
    code: "invalid_request",
  });
  expect(ok(await service().deleteMessage(one))).toEqual({ status: 204 });
  expect(await service().getMessage(one)).toMatchObject({ code: "provider_not_found" });
});

test("another calendar than the default one has events of its own", async () => {
  const other = ok(await service().listCalendars(mine())).find(({ isDefaultCalendar }) => !isDefaultCalendar);
  const calendarId = String(other?.id);
  const time = (hour: string) => ({ dateTime: `2026-12-24T${hour}:00:00`, timeZone: "UTC" });
  const event = { subject: "Elsewhere", start: time("10"), end: time("11") };
  const made = ok(await service().createEventInCalendar({ ...mine(), calendarId, event }));
  expect(made).toMatchObject({ subject: "Elsewhere" });
  const all = ok(await service().listEventsOfCalendar({ ...mine(), calendarId }));
  expect(all.map(({ subject }) => subject)).toEqual(["Elsewhere"]);
  const view = { start: "2026-12-24T00:00:00Z", end: "2026-12-25T00:00:00Z" };
  expect(ok(await service().listEventsOfCalendar({ ...mine(), calendarId, ...view }))).toHaveLength(1);
  const subjects = ok(await service().getCalendarEvents(mine())).map(({ subject }) => subject);
  expect(subjects).not.toContain("Elsewhere");
  const missing = await get(`/calendars/nowhere/events?${own()}`, who.key);
  expectProblem(missing, 404, "provider_not_found");
});
