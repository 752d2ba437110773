/** A store that is down for a whole run: many connections, many refreshes, many callers; and what is there afterwards. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ConnectionObject } from "../../../worker-shim/src/connection-object.ts";
import { toBase64Url } from "../../../worker-shim/src/sealing.ts";
import {
  type Connected,
  connect,
  createKey,
  describeConnection,
  get,
  newOrg,
  newUser,
  readToken,
  refreshNow,
  rpc,
  send,
} from "../support/client.ts";
import { HOUR, leaveRealTime, MINUTE, pass, SECOND } from "../support/clock.ts";
import { nothingLeaks } from "../support/instances.ts";
import { authorityOf, forget, inD1, inKv, storedKeys } from "../support/stores.ts";
import { world } from "../support/world.ts";

beforeEach(leaveRealTime);

type Failing = "fails" | "never answers";
const HOW: Record<Failing, () => Promise<never>> = {
  fails: () => Promise.reject(new Error("down")),
  "never answers": () => new Promise<never>(() => undefined),
};

/** Deadlines of our own stores come a hundred times sooner; the provider's and a caller's stay what they are. */
function hurryStores(): void {
  const real = globalThis.setTimeout;
  const shorter = (ms: number) => (ms > SECOND && ms < 10 * SECOND ? ms / 100 : ms);
  vi.stubGlobal("setTimeout", (work: () => void, ms = 0) => real(work, shorter(ms)));
}

const D1_METHODS = ["batch", "exec"] as const;
const KV_METHODS = ["get", "put", "delete"] as const;

interface Outage {
  calls(): number;
  over(): void;
}
function outage(prototype: object, methods: readonly string[], how: Failing): Outage {
  hurryStores();
  const spies = methods.map((name) => vi.spyOn(prototype as Record<string, () => unknown>, name));
  for (const spy of spies) spy.mockImplementation(HOW[how]);
  return {
    calls: () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0),
    over: () => {
      for (const spy of spies) spy.mockRestore();
      vi.unstubAllGlobals();
    },
  };
}
const d1Down = (how: Failing) => outage(Object.getPrototypeOf(env.DB), D1_METHODS, how);
const kvDown = (how: Failing) => outage(Object.getPrototypeOf(env.AZURE_TOKENS), KV_METHODS, how);

/** Connections of two organizations. Keys are in KV as they are for a minute after their last use, here for longer. */
async function crowd(size: number): Promise<Connected[]> {
  const orgs = await Promise.all(
    [newOrg(), newOrg()].map(async (org) => ({ org, key: (await createKey(org)).key })),
  );
  const all: Connected[] = [];
  for (let n = 0; n < size; n += 1) {
    const who = { ...(orgs[n % 2] as { org: string; key: string }), user: newUser() };
    expect((await connect(who.key, who.user)).status).toBe(200);
    all.push(who);
  }
  for (const { name } of (await env.AZURE_TOKENS.list({ prefix: "apikey:" })).keys) {
    const record = await env.AZURE_TOKENS.get(name, "arrayBuffer");
    if (record) await env.AZURE_TOKENS.put(name, record);
  }
  await world.control({ reset_stats: true });
  return all;
}

const overRpc = async ({ org, user }: Connected) =>
  (await rpc(org).getToken({ integration: "azure", userId: user })) as unknown as Record<string, unknown>;
const overHttp = async (who: Connected) => {
  const answer = await readToken(who);
  expect(answer.status).toBe(200);
  return answer.json;
};

/** Everybody reads at once, both ways and twice each: all of one connection get the same token, and it is a live one. */
async function everybodyReads(
  all: readonly Connected[],
  ways: readonly ((who: Connected) => Promise<Record<string, unknown>>)[],
): Promise<string[]> {
  return Promise.all(
    all.map(async (who) => {
      const answers = await Promise.all([...ways, ...ways].map((read) => read(who)));
      const tokens = new Set(answers.map(({ access_token }) => String(access_token)));
      expect(tokens.size).toBe(1);
      for (const { expires_at } of answers) {
        expect(Date.parse(String(expires_at)) - Date.now()).toBeGreaterThan(5 * MINUTE);
      }
      return [...tokens].join();
    }),
  );
}

/** An hour after hour everybody reads, which refreshes what is about to end; then half of them are refreshed by force. */
async function run(
  all: readonly Connected[],
  hours: number,
  ways: readonly ((who: Connected) => Promise<Record<string, unknown>>)[],
): Promise<void> {
  let before: readonly string[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    await pass(57 * MINUTE, ...all);
    await world.control({ reset_stats: true });
    const tokens = await everybodyReads(all, ways);
    expect(await world.tokenRequests()).toBe(all.length);
    expect(tokens.filter((token) => before.includes(token))).toEqual([]);
    before = tokens;
    // Another isolate, which remembers nothing.
    const remember = forget();
    expect(await everybodyReads(all, ways)).toEqual(tokens);
    expect(await world.tokenRequests()).toBe(all.length);
    remember();
    await pass(SECOND);
    for (const [n, who] of all.entries()) {
      if (n % 4 === 0) expect((await refreshNow(who)).status).toBe(200);
      if (n % 4 === 1)
        expect(await rpc(who.org).refresh({ integration: "azure", userId: who.user })).toMatchObject({
          status: "connected",
        });
    }
  }
}

/** Each connection's truth is in its authority; the backup, the cache and the log say the same. */
async function expectAgreement(
  all: readonly Connected[],
  told: (who: Connected, n: number) => string[],
): Promise<void> {
  for (const [n, who] of all.entries()) {
    const object = await authorityOf(who);
    const record = await runInDurableObject(object, (_, state) => state.storage.kv.get<Uint8Array>("record"));
    if (!record) throw new Error("no record");
    const row = await inD1(who);
    expect(row?.record).toBe(toBase64Url(record));
    expect(await inKv(who)).toEqual(record);
    expect(await storedKeys(object)).not.toContain("outbox");
    const { events } = (await rpc(who.org).listEvents({ userId: who.user })) as {
      events: { id: string; type: string; data: { version: number } }[];
    };
    expect(events.map(({ type }) => type.replace("connection.", ""))).toEqual(told(who, n));
    expect(events.map(({ data }) => data.version)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(row?.version).toBe(events.length);
  }
}

const HOURS: Record<Failing, number> = { fails: 3, "never answers": 1 };
const CROWD = 6;
/** In each hour one that somebody's read brought about, and for half of them one by force. */
const refreshes = (hours: number) => (_: Connected, n: number) => [
  "connected",
  ...Array.from({ length: n % 4 < 2 ? 2 * hours : hours }, () => "refreshed"),
];

describe("D1", () => {
  test.each(["fails", "never answers"] as const)(
    "that %s for a whole run stops no read and no refresh, and catches up afterwards",
    async (how) => {
      const all = await crowd(CROWD);
      const down = d1Down(how);
      await run(all, HOURS[how], [overHttp, overRpc]);
      expect(down.calls()).toBeGreaterThan(CROWD * HOURS[how]);
      for (const who of all) {
        // The cache is as new as the truth; what only D1 knows is not made up.
        const record = await runInDurableObject(await authorityOf(who), (_, state) =>
          state.storage.kv.get<Uint8Array>("record"),
        );
        expect(await inKv(who)).toEqual(record);
        expect((await describeConnection(who)).json.status).toBe("connected");
      }
      for (const path of ["/v1/connections", "/v1/events", "/v1/integrations/azure"]) {
        expect((await get(path, all[0]?.key ?? "")).json.code).toBe("store_unavailable");
      }
      down.over();
      await pass(30 * MINUTE, ...all);
      await expectAgreement(all, refreshes(HOURS[how]));
      nothingLeaks();
    },
    120_000,
  );

  test("that is down while much happens to one connection is told all of it, in its order", async () => {
    const [who] = await crowd(1);
    if (!who) throw new Error("nobody");
    const down = d1Down("fails");
    // More than goes into one batch.
    for (let n = 0; n < 45; n += 1) {
      await pass(SECOND);
      await rpc(who.org).refresh({ integration: "azure", userId: who.user });
    }
    await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);
    forget();
    expect((await overRpc(who)).code).toBe("not_connected");
    expect((await inD1(who))?.version).toBe(1);
    down.over();
    await pass(HOUR, who);
    await expectAgreement([who], () => ["connected", ...Array(45).fill("refreshed"), "disconnected"]);
    expect((await inD1(who))?.status).toBe("revoked");
  }, 120_000);
});

describe("KV", () => {
  test.each(["fails", "never answers"] as const)(
    "that %s for a whole run stops nobody: reads go on through the authority, and KV catches up afterwards",
    async (how) => {
      const all = await crowd(CROWD);
      const before = await Promise.all(all.map(inKv));
      const asked = vi.spyOn(ConnectionObject.prototype, "run");
      const down = kvDown(how);
      await run(all, HOURS[how], [overHttp, overRpc]);
      expect(down.calls()).toBeGreaterThan(CROWD * HOURS[how]);
      expect(asked.mock.calls.length).toBeGreaterThan(CROWD * HOURS[how] * 4);
      down.over();
      expect(await Promise.all(all.map(inKv))).toEqual(before);
      await pass(30 * MINUTE, ...all);
      await expectAgreement(all, refreshes(HOURS[how]));
      // And from there it is read again.
      asked.mockClear();
      forget();
      await pass(SECOND);
      await Promise.all(all.map(overRpc));
      expect(asked).not.toHaveBeenCalled();
      nothingLeaks();
    },
    120_000,
  );

  test("that is down shows what was ended to nobody once it is up again", async () => {
    const [who] = await crowd(1);
    if (!who) throw new Error("nobody");
    const down = kvDown("fails");
    await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);
    forget();
    expect((await overRpc(who)).code).toBe("not_connected");
    down.over();
    await pass(MINUTE, who);
    forget();
    expect((await overRpc(who)).code).toBe("not_connected");
    await pass(MINUTE, who);
    await expectAgreement([who], () => ["connected", "disconnected"]);
  });
});

test("both at once: who calls over RPC reads and refreshes, and all stores catch up afterwards", async () => {
  const all = await crowd(CROWD);
  const outages = [d1Down("fails"), kvDown("fails")];
  for (let hour = 0; hour < HOURS.fails; hour += 1) {
    await pass(57 * MINUTE, ...all);
    await world.control({ reset_stats: true });
    forget();
    await everybodyReads(all, [overRpc]);
    expect(await world.tokenRequests()).toBe(CROWD);
  }
  for (const { over } of outages.reverse()) over();
  await pass(30 * MINUTE, ...all);
  await expectAgreement(all, () => ["connected", ...Array(HOURS.fails).fill("refreshed")]);
}, 120_000);
