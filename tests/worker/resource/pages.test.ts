/** Links to the next page as providers write them, and cursors as callers hold them. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { type Connected, connect, connected, expectProblem, get, newUser, rpc } from "../support/client.ts";
import { listsOf } from "../support/lists.ts";
import { BOB, CONTOSO, FABRIKAM, world } from "../support/world.ts";

type Item = Record<string, unknown>;

const list = (who: Connected, path: string, more: Record<string, string> = {}) =>
  get(`${path}?${new URLSearchParams({ user_id: who.user, ...more })}`, who.key);

/** One page after the other, by cursor. */
async function pagesOf(who: Connected, path: string, member: string, more: Record<string, string> = {}) {
  const pages: Item[][] = [];
  let cursor: string | undefined = "";
  while (cursor !== undefined && pages.length < 40) {
    const answer = await list(who, path, { ...more, cursor });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    pages.push(answer.json[member] as Item[]);
    cursor = answer.json.next_cursor as string | undefined;
  }
  return pages;
}

describe("a link to the next page", () => {
  test.each(["plain", "raw", "long"] as const)("that is %s is followed", async (links) => {
    const who = await connected();
    await world.control({ links });
    const answer = await list(who, "/subscriptions");
    expect([answer.status, (answer.json.subscriptions as Item[]).length]).toEqual([200, 7]);
    expect(((await list(who, "/calendar/events")).json.events as Item[]).length).toBe(60);
    const pages = await pagesOf(who, "/mail", "messages", { top: "20" });
    expect(pages.map((page) => page.length)).toEqual([20, 20, 7]);
  });

  test("that leads in a loop is told as one", async () => {
    const who = await connected();
    await world.control({ links: "loop", reset_stats: true });
    const answer = await list(who, "/subscriptions");
    expectProblem(answer, 502, "provider_rejected");
    expect(answer.json.detail).toContain("loop");
    expect((await world.stats()).arm.requests).toBe(2);
  });

  test("that leads in a loop is told page by page too, after what was read", async () => {
    const who = await connected();
    await world.control({ links: "loop" });
    let cursor = "";
    const statuses: number[] = [];
    for (let n = 0; n < 5 && statuses.at(-1) !== 502; n += 1) {
      const answer = await list(who, "/subscriptions", { cursor });
      statuses.push(answer.status);
      cursor = String(answer.json.next_cursor ?? "");
      if (answer.status === 502) expect(answer.json.detail).toContain("loop");
    }
    expect(statuses).toEqual([200, 200, 502]);
  });

  test.each([
    "https://api.example.com/subscriptions?page=1",
    "//api.example.com/subscriptions?page=1",
    "ORIGIN@api.example.com/subscriptions?page=1",
    "ORIGIN\\\\@api.example.com/subscriptions?page=1",
    "https://localhost./subscriptions?page=1",
  ])("to another origin (%s) is refused, and the token stays here", async (link) => {
    const who = await connected();
    expect((await list(who, "/subscriptions")).status).toBe(200);
    const asked = listsOf(["", ""], { next: () => link.replace("ORIGIN", env.ARM_ORIGIN) });
    const answer = await list(who, "/subscriptions");
    expectProblem(answer, 502, "provider_rejected");
    expect(answer.json.detail).toContain("another origin");
    expect(asked.requests()).toBe(1);
  });
});

describe("page by page", () => {
  test("every list comes whole, in the pages that were asked for", async () => {
    const who = await connected();
    const [first] = (await list(who, "/subscriptions", { top: "1" })).json.subscriptions as Item[];
    const below = `/subscriptions/${String(first?.subscriptionId)}`;
    for (const [path, member, sizes] of [
      ["/subscriptions", "subscriptions", [2, 1, 2, 1, 1]],
      [`${below}/resourceGroups`, "resourceGroups", [2, 2, 1]],
      [`${below}/resources`, "resources", [2, 2, 2, 2, 2, 2, 2, 1]],
      ["/calendar/events", "events", Array(30).fill(2)],
    ] as const) {
      const pages = await pagesOf(who, path, member, { top: "2" });
      expect(pages.map((page) => page.length)).toEqual(sizes);
      const all = (await list(who, path)).json[member] as Item[];
      expect(pages.flat()).toEqual(all);
    }
  });

  test("directories too, cut into pages here or made into pages by the provider", async () => {
    const bob = { ...(await connected()), user: newUser() };
    await connect(bob.key, bob.user, BOB);
    const ids = (pages: Item[][]) => pages.map((page) => page.map(({ tenantId }) => tenantId));
    expect(ids(await pagesOf(bob, "/tenants", "tenants", { top: "1" }))).toEqual([[CONTOSO], [FABRIKAM]]);
    const tenant = (n: number) => `{"tenantId":"${n}"}`;
    const { requests } = listsOf([`${tenant(1)},${tenant(2)}`, "", tenant(3)], { at: "tenants" });
    expect(ids([(await list(bob, "/tenants")).json.tenants as Item[]])).toEqual([["1", "2", "3"]]);
    expect(requests()).toBe(3);
    expect(ids(await pagesOf(bob, "/tenants", "tenants"))).toEqual([["1", "2"], ["3"]]);
  });

  test("a page that fails loses nothing: its cursor works again", async () => {
    const who = await connected();
    const first = await list(who, "/subscriptions", { cursor: "" });
    const cursor = String(first.json.next_cursor);
    await world.control({ arm: { kind: "status", status: 503 } });
    expect((await list(who, "/subscriptions", { cursor })).status).toBe(503);
    const again = await list(who, "/subscriptions", { cursor });
    expect([again.status, (again.json.subscriptions as Item[]).length]).toEqual([200, 3]);
  });

  test("all pages at once, of which one fails, say how far they came and where to go on", async () => {
    const who = await connected();
    await world.control({ arm: { kind: "status", status: 503, path: "" } });
    expect((await list(who, "/subscriptions")).json.next_cursor).toBeUndefined();
    const real = (await list(who, "/subscriptions")).json.subscriptions as Item[];
    await world.control({
      arm: [
        { kind: "delay", ms: 0 },
        { kind: "status", status: 503 },
      ],
    });
    const stopped = await list(who, "/subscriptions");
    expectProblem(stopped, 503, "provider_unavailable");
    expect(stopped.json.pages_read).toBe("1");
    const rest = await list(who, "/subscriptions", { cursor: String(stopped.json.next_cursor) });
    expect(rest.json.subscriptions).toEqual(real.slice(3, 6));
  });

  test("a cursor is of one list of one connection, and of nobody's making", async () => {
    const [who, other] = [await connected(), await connected()];
    const cursor = String((await list(who, "/mail")).json.next_cursor);
    await world.control({ reset_stats: true });
    const forged = btoa("/v1.0/me/drive/recent").replaceAll("=", "");
    for (const [by, path, value] of [
      [who, "/calendar/events", cursor],
      [who, "/subscriptions", cursor],
      [other, "/mail", cursor],
      [who, "/mail", forged],
      [who, "/mail", "https://evil.example/"],
      [who, "/mail", `${cursor}x`],
      [who, "/mail", cursor.slice(0, -1)],
      [who, "/mail", "x".repeat(15_361)],
    ] as const)
      expectProblem(await list(by, path, { cursor: value }), 400, "invalid_request");
    const { graph, arm } = await world.stats();
    expect([graph.requests, arm.requests]).toEqual([0, 0]);
    expect((await list(who, "/mail", { cursor })).status).toBe(200);
  });

  test("a cursor is of one subscription, group and directory, and of one connection of its organization", async () => {
    const bob = { ...(await connected()), user: newUser() };
    await connect(bob.key, bob.user, BOB);
    const beside = { ...bob, user: newUser() };
    await connect(beside.key, beside.user, BOB);
    const subscriptions = async (more = {}) =>
      ((await list(bob, "/subscriptions", more)).json.subscriptions as Item[]).map(
        ({ subscriptionId }) => `/subscriptions/${String(subscriptionId)}`,
      );
    const [one = "", two = ""] = await subscriptions();
    const [away = ""] = await subscriptions({ tenant: FABRIKAM });
    const cursorOf = async (path: string, more = {}) =>
      String((await list(bob, path, { ...more, top: "1" })).json.next_cursor);
    const ofAll = await cursorOf(`${one}/resources`);
    const ofGroup = await cursorOf(`${one}/resources`, { resource_group: "rg-1" });
    const ofGuest = await cursorOf(`${away}/resourceGroups`, { tenant: FABRIKAM });
    await world.control({ reset_stats: true });
    for (const [by, path, more] of [
      [bob, `${two}/resources`, { cursor: ofAll }],
      [bob, `${one}/resources`, { cursor: ofAll, resource_group: "rg-1" }],
      [bob, `${one}/resources`, { cursor: ofGroup }],
      [bob, `${one}/resources`, { cursor: ofGroup, resource_group: "rg-2" }],
      [beside, `${one}/resources`, { cursor: ofAll }],
      [bob, `${away}/resourceGroups`, { cursor: ofGuest }],
      [bob, `${away}/resourceGroups`, { cursor: ofGuest, tenant: CONTOSO }],
    ] as const) {
      const answer = await list(by, path, more);
      expectProblem(answer, 400, "invalid_request");
      expect(answer.json.detail).toContain("`cursor`");
    }
    expect([(await world.stats()).arm.requests, await world.tokenRequests()]).toEqual([0, 0]);
    for (const [path, more] of [
      [`${one}/resources`, { cursor: ofAll }],
      [`${one}/resources`, { cursor: ofGroup, resource_group: "RG-1" }],
      [`${away}/resourceGroups`, { cursor: ofGuest, tenant: FABRIKAM }],
    ] as const)
      expect((await list(bob, path, more)).status).toBe(200);
  });

  test("over RPC: the list alone, and with a cursor the whole", async () => {
    const who = await connected();
    const { org, user } = who;
    expect(await rpc(org).getMail({ userId: user, top: 3 })).toHaveLength(3);
    const first = (await rpc(org).getMail({ userId: user, top: 3, cursor: "" })) as Item;
    expect(first).toMatchObject({ messages: [{}, {}, {}], next_cursor: expect.any(String) });
    const next = (await rpc(org).getMail({ userId: user, cursor: String(first.next_cursor) })) as Item;
    expect((next.messages as Item[]).map(({ id }) => id)).toEqual([
      "msg-alice-43",
      "msg-alice-42",
      "msg-alice-41",
    ]);
  });
});

describe("asking for less", () => {
  test("mail has no body, unless it is selected", async () => {
    const who = await connected();
    const [plain] = (await list(who, "/mail")).json.messages as Item[];
    expect(plain).toMatchObject({ subject: expect.any(String), bodyPreview: expect.any(String) });
    expect(plain).not.toHaveProperty("body");
    const [chosen] = (await list(who, "/mail", { select: "subject, body" })).json.messages as Item[];
    expect(Object.keys(chosen ?? {}).sort()).toEqual(["body", "id", "subject"]);
  });

  test("select and orderby reach every list", async () => {
    const who = await connected();
    const oldest = await list(who, "/mail", { orderby: "receivedDateTime", top: "1", select: "id" });
    expect(oldest.json.messages).toEqual([{ id: "msg-alice-0" }]);
    const events = await list(who, "/calendar/events", {
      orderby: "start/dateTime desc",
      top: "1",
      select: "subject",
    });
    expect(events.json.events).toEqual([{ id: "event-alice-59", subject: "Meeting 59 of Alice" }]);
    const names = await list(who, "/subscriptions", { orderby: "displayName desc", select: "displayName" });
    expect((names.json.subscriptions as Item[])[0]).toEqual({ displayName: "Alice subscription 6" });
    expect((await list(who, "/user", { select: "displayName,id" })).json.displayName).toBe("Alice Anders");
    const [one] = (await list(who, "/subscriptions", { select: "id" })).json.subscriptions as Item[];
    const byName = { orderby: "name desc", select: "name" };
    const groups = await list(who, `${String(one?.id)}/resourceGroups`, byName);
    expect(groups.json.resourceGroups).toEqual([4, 3, 2, 1, 0].map((n) => ({ name: `rg-${n}` })));
    const resources = await list(who, `${String(one?.id)}/resources`, { ...byName, resource_group: "rg-3" });
    expect(resources.json.resources).toEqual([2, 1, 0].map((n) => ({ name: `store3${n}` })));
    const ids = { orderby: "tenantId", select: "tenantId" };
    expect((await list(who, "/tenants", ids)).json.tenants).toEqual([{ tenantId: CONTOSO }]);
  });

  test.each([
    ["/mail", { select: "a&$expand=attachments" }],
    ["/mail", { select: "" }],
    ["/mail", { orderby: "a down" }],
    ["/mail", { top: "0" }],
    ["/calendar/events", { select: "a b" }],
    ["/subscriptions", { orderby: "displayName", top: "2" }],
    ["/subscriptions", { orderby: "displayName", cursor: "" }],
    ["/user", { select: "*" }],
  ])("%s with %o is refused", async (path, more) => {
    const who = await connected();
    await world.control({ reset_stats: true });
    expectProblem(await list(who, path, more as Record<string, string>), 400, "invalid_request");
    expect((await world.stats()).graph.requests).toBe(0);
  });

  test("an answer that is too large names what makes it smaller", async () => {
    const who = await connected();
    await world.control({ graph: [{ kind: "huge" }, { kind: "huge" }, { kind: "huge" }] });
    for (const [path, words] of [
      ["/mail", ["`top`", "`select`"]],
      ["/calendar/events", ["`cursor`", "`top`", "`select`"]],
      ["/user", ["`select`"]],
    ] as const) {
      const answer = await list(who, path);
      expectProblem(answer, 502, "answer_too_large");
      for (const word of words) expect(answer.json.detail).toContain(word);
    }
  });
});
