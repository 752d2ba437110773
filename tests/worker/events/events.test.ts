/** The log of events: what is told of a connection, who may read it, and from where on. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Answer,
  type Connected,
  connect,
  connected,
  createKey,
  createLink,
  expectProblem,
  get,
  newOrg,
  newUser,
  refreshNow,
  rpc,
  send,
} from "../support/client.ts";
import { DAY, leaveRealTime, MINUTE, pass, refreshAgain, SECOND } from "../support/clock.ts";
import { authorityOf, configure, inD1 } from "../support/stores.ts";
import { ALICE, BOB, world } from "../support/world.ts";

beforeEach(leaveRealTime);

interface Told {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: Record<string, unknown>;
}
interface Page {
  readonly events: Told[];
  readonly cursor: string;
}

const list = (key: string, query: Record<string, string> = {}): Promise<Answer> =>
  get(`/v1/events?${new URLSearchParams(query)}`, key);
const page = async (key: string, query: Record<string, string> = {}) =>
  (await list(key, query)).json as unknown as Page;
const typesOf = ({ events }: Page) => events.map(({ type }) => type.replace(/^connection\./, ""));
const disconnect = (who: Connected) => send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);

/** From its beginning to its end, with whatever can happen in between. */
async function wholeLife(org = newOrg()): Promise<Connected> {
  const who = { org, key: (await createKey(org)).key, user: newUser() };
  await configure(who, {
    AZURE_REFRESH_MODE: "on_demand",
    AZURE_GRANT_LIFETIME_SECONDS: String((28 * DAY) / SECOND),
  });
  expect((await connect(who.key, who.user, BOB)).status).toBe(200);
  await pass(SECOND);
  await world.control({
    token: [
      { kind: "status", status: 503 },
      { kind: "error", status: 401, error: "invalid_client" },
    ],
  });
  expect((await refreshNow(who)).status).toBe(503);
  await pass(MINUTE, who);
  await refreshAgain(who);
  await pass(22 * DAY, who);
  await world.control({ token: { kind: "error", error: "invalid_grant" } });
  expect((await refreshNow(who)).json.code).toBe("needs_reauth");
  await disconnect(who);
  await pass(MINUTE, who);
  return who;
}

describe("the life of a connection", () => {
  test("is told with each of the eight types, once, in its order", async () => {
    const began = Date.now();
    const who = await wholeLife();
    const { events } = await page(who.key);
    const common = { org_id: who.org, integration: "azure", provider: "microsoft", user_id: who.user };
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["connection.connected", { ...common, status: "connected", version: 1, attempt: expect.any(String) }],
      [
        "connection.refresh_retry",
        {
          ...common,
          status: "connected",
          version: 1,
          reason: "http_5xx",
          attempts: "1",
          retry_at: expect.any(String),
        },
      ],
      [
        "connection.refresh_failed",
        {
          ...common,
          status: "connected",
          version: 1,
          reason: "invalid_client",
          resource: "graph",
          evidence: expect.stringMatching(/^invalid_client/),
          fix: "operator",
        },
      ],
      ["connection.refreshed", { ...common, status: "connected", version: 2, resource: "graph" }],
      [
        "connection.recovered",
        { ...common, status: "connected", version: 2, reason: "invalid_client", since: events[1]?.timestamp },
      ],
      [
        "connection.grant_expiring",
        {
          ...common,
          status: "connected",
          version: 2,
          expires_for_good_at: new Date(Date.parse(events[0]?.timestamp ?? "") + 28 * DAY).toISOString(),
        },
      ],
      [
        "connection.needs_reauth",
        {
          ...common,
          status: "needs_reauth",
          version: 3,
          cause: "invalid_grant",
          evidence: expect.stringMatching(/^invalid_grant/),
          fix: "user",
        },
      ],
      ["connection.disconnected", { ...common, status: "revoked", version: 4 }],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(8);
    const times = events.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const time of times) expect(time).toBeGreaterThanOrEqual(began);
    // A week ahead: a quarter of its lifetime, where two weeks would be more.
    expect((times[5] ?? 0) - (times[0] ?? 0)).toBe(21 * DAY);
  });

  test("is read on from a cursor, a few at a time, over HTTP and RPC alike", async () => {
    const other = await connected();
    const who = await wholeLife(other.org);
    const all = await page(who.key);
    expect(all.events).toHaveLength(9);
    const read: Told[] = [];
    let cursor: string | undefined;
    for (let n = 0; n < 3; n += 1) {
      const at = cursor === undefined ? {} : { cursor };
      const byHttp = await page(who.key, { ...at, limit: "4" });
      const byRpc = (await rpc(who.org).listEvents({ ...at, limit: 4 })) as unknown as Page;
      expect(byRpc).toEqual(byHttp);
      read.push(...byHttp.events);
      cursor = byHttp.cursor;
    }
    expect(read).toEqual(all.events);
    // Where nothing has happened since, the same cursor again.
    expect(await page(who.key, { cursor: all.cursor })).toEqual({ events: [], cursor: all.cursor });
    await refreshAgain(other);
    const next = await page(who.key, { cursor: all.cursor });
    expect(typesOf(next)).toEqual(["refreshed"]);
    expect(next.cursor).not.toBe(all.cursor);
  });

  test("is read by type, by user and by integration", async () => {
    const alice = await connected(ALICE);
    const bob: Connected = { ...alice, user: newUser() };
    expect((await connect(bob.key, bob.user, BOB)).status).toBe(200);
    await refreshAgain(alice);
    await disconnect(bob);
    const types = async (query: Record<string, string>) => typesOf(await page(alice.key, query));
    expect(await types({})).toEqual(["connected", "connected", "refreshed", "disconnected"]);
    expect(await types({ user_id: bob.user })).toEqual(["connected", "disconnected"]);
    expect(await types({ type: "connected" })).toEqual(["connected", "connected"]);
    expect(await types({ type: "connected", user_id: alice.user })).toEqual(["connected"]);
    expect(await types({ type: "grant_expiring" })).toEqual([]);
    expect(await types({ integration: "azure" })).toHaveLength(4);
    expect(await types({ integration: "other" })).toEqual([]);
  });
});

describe("an event", () => {
  test("is in the log once, though its batch is sent twice", async () => {
    const who = await connected();
    const database = Object.getPrototypeOf(env.DB) as D1Database;
    const { batch } = database;
    const spy = vi.spyOn(database, "batch").mockImplementation(async function lost(this: D1Database, all) {
      // Carried out, and nobody hears of it.
      await batch.call(this, all);
      throw new Error("D1_ERROR: lost");
    });
    await refreshAgain(who);
    await pass(10 * MINUTE, who);
    expect(spy.mock.calls.length).toBeGreaterThan(2);
    spy.mockRestore();
    await pass(30 * MINUTE, who);
    expect(typesOf(await page(who.key))).toEqual(["connected", "refreshed"]);
  });

  test("is not told of a change that was not stored, and is told when it is", async () => {
    const who = await connected();
    await pass(SECOND);
    let commits = 0;
    await runInDurableObject(await authorityOf(who), (_, { storage }) => {
      const real = storage.transactionSync.bind(storage);
      vi.spyOn(storage, "transactionSync").mockImplementation((work) => {
        commits += 1;
        // The journal is written, and the answer is kept; the new record is not stored.
        if (commits > 2) throw new Error("storage is down");
        return real(work);
      });
    });
    expect((await refreshNow(who)).status).toBe(503);
    expect(commits).toBeGreaterThan(2);
    expect(typesOf(await page(who.key))).toEqual(["connected"]);
    expect((await inD1(who))?.version).toBe(1);
    vi.restoreAllMocks();
    await pass(MINUTE, who);
    expect(typesOf(await page(who.key))).toEqual(["connected", "refreshed"]);
    expect((await inD1(who))?.version).toBe(2);
  });

  test("is swept after thirty days, when somebody connects", async () => {
    const who = await connected();
    await pass(20 * DAY, who);
    await refreshAgain(who);
    await pass(11 * DAY, who);
    await createLink(who.key, newUser());
    expect(typesOf(await page(who.key))).toEqual(["refreshed"]);
  });

  const insertOfType = (type: string) =>
    env.DB.prepare(
      `INSERT INTO events (id, org_id, integration, user_id, type, occurred_at, data)
       SELECT ?, org_id, integration, user_id, '${type}', occurred_at, data FROM events WHERE org_id = ? LIMIT 1`,
    );

  test("of a type that only a newer release knows is shown", async () => {
    const who = await connected();
    await insertOfType("married").bind(crypto.randomUUID(), who.org).run();
    expect(typesOf(await page(who.key))).toEqual(["connected", "married"]);
  });

  test("that cannot be read stops no reader", async () => {
    const who = await connected();
    const odd = insertOfType("Got married!");
    await env.DB.batch(Array.from({ length: 100 }, () => odd.bind(crypto.randomUUID(), who.org)));
    await refreshAgain(who);
    const first = await page(who.key);
    expect(typesOf(first)).toEqual(["connected"]);
    expect(typesOf(await page(who.key, { cursor: first.cursor }))).toEqual(["refreshed"]);
  });
});

describe("who may read and send again", () => {
  test("is said by two permissions", async () => {
    const who = await connected();
    const [event] = (await page(who.key)).events;
    const again = `/v1/events/${event?.id}/redeliver`;
    for (const [permission, reads, writes] of [
      ["events:read", 200, 403],
      ["events:write", 403, 409],
      ["connections:read", 403, 403],
      ["connections:write", 403, 403],
      ["tokens:read", 403, 403],
    ] as const) {
      const { key } = await createKey(who.org, [permission]);
      const service = rpc(who.org, [permission]);
      const answers = [await list(key), await get("/v1/dead-letters", key), await send("POST", again, key)];
      expect([permission, ...answers.map(({ status }) => status)]).toEqual([
        permission,
        reads,
        reads,
        writes,
      ]);
      for (const answer of answers)
        if (answer.status === 403) expectProblem(answer, 403, "permission_denied");
      const called = [
        await service.listEvents(),
        await service.listDeadLetters(),
        await service.redeliverEvent({ eventId: event?.id ?? "" }),
      ] as { status?: number }[];
      expect(called.map(({ status }) => status ?? 200)).toEqual([reads, reads, writes]);
    }
    expectProblem(await get("/v1/events", "pk_nobody"), 401, "unauthenticated");
  });

  test("stays inside an organization, whatever is asked for", async () => {
    const ours = await connected();
    const theirs = await connected();
    const [event] = (await page(ours.key)).events;
    for (const query of [{}, { cursor: "0" }, { user_id: ours.user }, { type: "connected" }] as Record<
      string,
      string
    >[]) {
      const { events } = await page(theirs.key, query);
      expect(events.filter(({ data }) => data.org_id !== theirs.org)).toEqual([]);
    }
    expect((await page(theirs.key, { user_id: ours.user })).events).toEqual([]);
    for (const org of [ours.org, "GLOBAL"])
      expectProblem(await list(theirs.key, { org_id: org }), 400, "invalid_request");
    const again = await send("POST", `/v1/events/${event?.id}/redeliver`, theirs.key);
    expectProblem(again, 404, "not_found");
    expect(await rpc(theirs.org).redeliverEvent({ eventId: event?.id ?? "" })).toMatchObject({
      code: "not_found",
    });
  });
});

test.each<[string, Record<string, string>[]]>([
  ["cursor", ["yesterday", "-1", "1.5", "1e3", " 1", "99999999999999999999"].map((cursor) => ({ cursor }))],
  ["limit", ["0", "101", "-1", "ten", "1.5"].map((limit) => ({ limit }))],
  ["type", ["married", "connection.connected", "CONNECTED"].map((type) => ({ type }))],
])("a bad %s is refused, and named", async (name, queries) => {
  const { key } = await createKey(newOrg());
  for (const query of queries) {
    const answer = await list(key, query);
    expectProblem(answer, 400, "invalid_request");
    expect(`${Object.values(query)}: ${answer.json.detail}`).toContain(name);
  }
});
