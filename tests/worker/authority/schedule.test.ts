/** What is done unasked: on a simulated clock, for each way to refresh. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createApp } from "../../../worker-shim/src/app.ts";
import type { Fault } from "../../world/faults.ts";
import {
  type Connected,
  connect,
  connected,
  createKey,
  describeConnection,
  get,
  newestToken,
  newOrg,
  newUser,
  readToken,
  refreshNow,
  rpc,
  send,
} from "../support/client.ts";
import { DAY, HOUR, leaveRealTime, MINUTE, pass, refreshAgain, SECOND } from "../support/clock.ts";
import { listen, Receiver, webhooksOf } from "../support/receiver.ts";
import { alarmOf, authorityOf, configure, forget, inD1, storedKeys } from "../support/stores.ts";
import { ORIGIN } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";

beforeEach(leaveRealTime);

async function configured(variables: Record<string, string>): Promise<Connected> {
  const org = newOrg();
  const who = { org, key: (await createKey(org)).key, user: newUser() };
  await configure(who, variables);
  expect((await connect(who.key, who.user, ALICE)).status).toBe(200);
  await world.control({ reset_stats: true });
  return who;
}

const nextAlarm = async (who: Connected) => alarmOf(await authorityOf(who));
const connection = async (who: Connected) => (await describeConnection(who)).json;
const disconnect = (who: Connected) => send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);
const typesTold = async (who: Connected) => {
  const page = (await rpc(who.org).listEvents({ userId: who.user })) as { events: { type: string }[] };
  return page.events.map(({ type }) => type.replace(/^connection\./, ""));
};

describe("on_demand", () => {
  test("arms no alarm, after a sign-in or a refresh, and rings for nothing but what failed", async () => {
    const who = await configured({ AZURE_REFRESH_MODE: "on_demand" });
    expect(await nextAlarm(who)).toBe(0);
    await refreshAgain(who);
    expect(await nextAlarm(who)).toBe(0);
    expect(await connection(who)).not.toHaveProperty("refreshes_at");
    expect(await pass(365 * DAY, who)).toEqual([]);
    await world.control({ reset_stats: true, token: { kind: "status", status: 503 } });
    expect((await refreshNow(who)).status).toBe(503);
    expect(await nextAlarm(who)).toBeGreaterThan(0);
    await pass(MINUTE, who);
    expect([await world.tokenRequests(), await nextAlarm(who)]).toEqual([2, 0]);
    expect(await typesTold(who)).toContain("recovered");
  });
});

describe("keep_alive", () => {
  test("costs nothing for weeks, and refreshes before half of the idle time is over", async () => {
    const who = await configured({});
    const at = await nextAlarm(who);
    expect(at - Date.now()).toBeGreaterThan(40 * DAY);
    expect(at - Date.now()).toBeLessThan(45 * DAY);
    expect((await connection(who)).refreshes_at).toBe(new Date(at).toISOString());
    const used = [
      vi.spyOn(Object.getPrototypeOf(env.DB), "batch"),
      vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get"),
      vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "put"),
    ];
    expect(await pass(at - Date.now() - 1, who)).toEqual([]);
    expect(used.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
    expect(await pass(DAY, who)).toEqual([at]);
    expect(used.map(({ mock }) => mock.calls.length)).toEqual([1, 0, 1]);
    expect(await world.tokenRequests()).toBe(1);
    const { status, version } = await connection(who);
    expect([status, version]).toEqual(["connected", 2]);
    // And so on: nobody asks for two years, and the refresh token is never idle for more than half of its life.
    const rang = await pass(730 * DAY, who);
    expect(rang.length).toBe(await world.tokenRequests().then((all) => all - 1));
    for (const [n, time] of rang.entries()) expect(time - (rang[n - 1] ?? at)).toBeLessThan(45 * DAY);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    expect(await typesTold(who)).not.toContain("refresh_failed");
  });

  test("goes by what the operator says of idleness; 0 is never", async () => {
    const who = await configured({ AZURE_REFRESH_IDLE_SECONDS: String((10 * DAY) / SECOND) });
    const left = (await nextAlarm(who)) - Date.now();
    expect(left).toBeGreaterThan(4.5 * DAY - SECOND);
    expect(left).toBeLessThanOrEqual(5 * DAY);
    const never = await configured({ AZURE_REFRESH_IDLE_SECONDS: "0" });
    expect(await nextAlarm(never)).toBe(0);
  });

  test("spreads connections that were made together", async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => configured({})));
    const alarms = (await Promise.all(all.map(nextAlarm))).sort((a, b) => a - b);
    expect(new Set(alarms).size).toBe(12);
    // Of the four days and a half over which they are spread.
    expect((alarms.at(-1) ?? 0) - (alarms[0] ?? 0)).toBeGreaterThan(DAY);
  });

  test("outlives a provider that is down when it is time, for as long as the grant lives", async () => {
    const who = await configured({});
    await world.control({ token: { kind: "status", status: 503, times: "always" } });
    const at = await nextAlarm(who);
    await pass(at - Date.now() + 20 * DAY, who);
    const asked = await world.tokenRequests();
    // A day of trying often, then every six hours or so.
    expect(asked).toBeGreaterThan(24 + 19 * 3);
    expect(asked).toBeLessThan(24 + 21 * 4);
    expect((await connection(who)).status).toBe("connected");
    await world.control({ clear_faults: true });
    await pass(8 * HOUR, who);
    expect((await connection(who)).version).toBe(2);
    expect((await typesTold(who)).slice(-2)).toEqual(["refreshed", "recovered"]);
    expect((await nextAlarm(who)) - Date.now()).toBeGreaterThan(40 * DAY);
  });

  test("has nothing to keep alive once a person is needed, or it is over", async () => {
    const who = await configured({});
    await world.control({ token: { kind: "error", error: "invalid_grant" } });
    await pass(SECOND);
    expect((await refreshNow(who)).json.code).toBe("needs_reauth");
    expect(await nextAlarm(who)).toBe(0);
    const other = await configured({});
    await disconnect(other);
    expect(await nextAlarm(other)).toBe(0);
    expect(await pass(365 * DAY, who, other)).toEqual([]);
    expect(await connection(who)).not.toHaveProperty("refreshes_at");
  });
});

describe("keep_fresh", () => {
  test.each<[string, Record<string, string>, number]>([
    ["half an hour", { AZURE_REFRESH_AHEAD_SECONDS: "1800" }, 30 * MINUTE],
    ["what is asked for beyond a token's life: three quarters of it", {}, 45 * MINUTE],
  ])("whoever asks finds a token with %s of life, and waits for none", async (_, variables, ahead) => {
    const who = await configured({ AZURE_REFRESH_MODE: "keep_fresh", ...variables });
    forget();
    const request = vi.spyOn(globalThis, "fetch");
    const rings: number[] = [];
    for (let n = 0; n < 12 * 6; n += 1) {
      rings.push(...(await pass(10 * MINUTE, who)));
      const before = request.mock.calls.length;
      const { json } = await readToken(who);
      expect(request.mock.calls.length).toBe(before);
      expect(Date.parse(String(json.expires_at)) - Date.now()).toBeGreaterThanOrEqual(ahead);
    }
    // Once for each ring, and at most a sixteenth of a life too early.
    expect(await world.tokenRequests()).toBe(rings.length);
    const hours = 12;
    expect(rings.length).toBeGreaterThanOrEqual(Math.floor((hours * HOUR) / (HOUR - ahead)));
    expect(rings.length).toBeLessThanOrEqual((hours * HOUR) / (HOUR - ahead - HOUR / 16));
    expect((await connection(who)).refreshes_at).toBe(new Date(await nextAlarm(who)).toISOString());
  });

  test("each resource has a token of its own that is kept so", async () => {
    const who = await configured({
      AZURE_REFRESH_MODE: "keep_fresh",
      AZURE_REFRESH_AHEAD_SECONDS: "1800",
    });
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
    await world.control({ reset_stats: true });
    await pass(3 * HOUR, who);
    const requests = await world.tokenRequests();
    for (const resource of ["graph", "arm"]) {
      forget();
      const { json } = await readToken(who, { resource });
      expect(Date.parse(String(json.expires_at)) - Date.now()).toBeGreaterThanOrEqual(30 * MINUTE);
    }
    expect(await world.tokenRequests()).toBe(requests);
    expect(requests).toBeGreaterThanOrEqual(10);
  });
});

describe("resources that are refused for a whole day", () => {
  async function refusedFor(time: number, fault: Fault) {
    const receiver = new Receiver();
    listen(receiver);
    const org = newOrg();
    const who = { org, key: (await createKey(org)).key, user: newUser() };
    await configure(who, { AZURE_REFRESH_MODE: "keep_fresh", ...webhooksOf(org, receiver.entry()) });
    expect((await connect(who.key, who.user, ALICE)).status).toBe(200);
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
    await world.control({ reset_stats: true, token: { ...fault, times: "always" } });
    return { who, rings: await pass(time, who) };
  }

  test("by answers without an access token, are asked for ever more rarely, whatever else rings", async () => {
    const { who, rings } = await refusedFor(DAY, { kind: "patch", value: { access_token: null } });
    expect(await world.tokenRequests()).toBeGreaterThan(5);
    expect(await world.tokenRequests()).toBeLessThan(50);
    expect(rings.length).toBeLessThan(200);
    // What is asked for by somebody is not put off with it.
    await world.control({ clear_faults: true });
    forget();
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
  });

  test("for want of a person, all of them, end in a connection that says so", async () => {
    const { who } = await refusedFor(DAY, { kind: "error", error: "interaction_required" });
    expect(await world.tokenRequests()).toBeLessThan(20);
    expect(await connection(who)).toMatchObject({ status: "needs_reauth", cause: "needs_person" });
    expect((await typesTold(who)).filter((type) => type !== "refreshed")).toEqual([
      "connected",
      "refresh_failed", // of Graph
      "refresh_failed", // of ARM, while a token of Graph lives
      "needs_reauth",
    ]);
    expect(await pass(30 * DAY, who)).toEqual([]);
    expect((await readToken(who, { resource: "arm" })).json.code).toBe("needs_reauth");
  });
});

describe("a grant that ends for good", () => {
  test("says when, is told of ahead and once, and anew after a new sign-in", async () => {
    const lifetime = 20 * MINUTE;
    const who = await configured({
      AZURE_REFRESH_MODE: "on_demand",
      AZURE_GRANT_LIFETIME_SECONDS: String(lifetime / SECOND),
    });
    const granted = Date.parse(String((await connection(who)).created_at));
    expect((await connection(who)).expires_for_good_at).toBe(new Date(granted + lifetime).toISOString());
    // A quarter of its life ahead; a refresh does not put it off.
    await refreshAgain(who);
    expect(await nextAlarm(who)).toBe(granted + 15 * MINUTE);
    await pass(15 * MINUTE, who);
    await refreshAgain(who);
    await pass(MINUTE, who);
    expect(await nextAlarm(who)).toBe(0);
    expect(await typesTold(who)).toEqual(["connected", "refreshed", "grant_expiring", "refreshed"]);
    expect((await connect(who.key, who.user, ALICE)).status).toBe(200);
    expect(await nextAlarm(who)).toBe(Date.now() + 15 * MINUTE);
    await pass(DAY, who);
    expect((await typesTold(who)).filter((type) => type === "grant_expiring")).toHaveLength(2);
  });

  test("and is ended by its person is told of no more", async () => {
    const who = await configured({ AZURE_GRANT_LIFETIME_SECONDS: "86400" });
    await disconnect(who);
    await pass(2 * DAY, who);
    expect(await typesTold(who)).toEqual(["connected", "disconnected"]);
  });
});

describe("an integration", () => {
  const integration = async (who: Connected) => (await get("/v1/integrations/azure", who.key)).json;
  const WORKING = {
    integration: "azure",
    provider: "microsoft",
    status: "working",
    refresh_mode: "keep_alive",
    replay: "single_use",
  };

  test("is marked by a fault of its own, its connections are not, and unmarked when it works", async () => {
    const who = await connected();
    const bystander = await connected();
    expect(await integration(who)).toEqual(WORKING);
    await pass(SECOND);
    await world.control({ token: { kind: "error", status: 401, error: "invalid_client" } });
    const began = Date.now();
    expect((await refreshNow(who)).json.code).toBe("integration_fault");
    const marked = await integration(who);
    expect(marked).toEqual({
      ...WORKING,
      status: "faulty",
      fault: {
        reason: "invalid_client",
        error: expect.stringMatching(/^invalid_client/),
        reference: expect.any(String),
        fix: "operator",
        since: new Date(began).toISOString(),
        last_seen: new Date(began).toISOString(),
      },
    });
    expect(await rpc(who.org).getIntegration({ integration: "azure" })).toEqual(marked);
    expect((await connection(who)).status).toBe("connected");
    expect((await inD1(who))?.status).toBe("connected");
    // Another organization's client is none of this one's.
    expect(await integration(bystander)).toEqual(WORKING);

    await pass(MINUTE);
    await world.control({ token: { kind: "error", status: 401, error: "invalid_client" } });
    await refreshNow(who);
    const since = (await integration(who)).fault as { since: string; last_seen: string };
    expect(since).toMatchObject({
      since: new Date(began).toISOString(),
      last_seen: new Date(began + MINUTE).toISOString(),
    });
    await pass(MINUTE);
    await refreshAgain(who);
    expect(await integration(who)).toEqual(WORKING);
    expect(await storedKeys(await authorityOf(who))).not.toContain("trouble");
  });

  test("is unmarked by a sign-in too", async () => {
    const who = await connected();
    await pass(SECOND);
    await world.control({ token: { kind: "error", status: 401, error: "invalid_client" } });
    await refreshNow(who);
    expect((await integration(who)).status).toBe("faulty");
    expect((await connect(who.key, newUser())).status).toBe(200);
    expect(await integration(who)).toEqual(WORKING);
  });

  test("stays marked by a fault that came after what is told late of a refresh that worked", async () => {
    const who = await connected();
    const other = { ...who, user: newUser() };
    expect((await connect(who.key, other.user)).status).toBe(200);
    await pass(SECOND);
    const batch = vi
      .spyOn(Object.getPrototypeOf(env.DB), "batch")
      .mockImplementation(() => Promise.reject(new Error("D1_ERROR: down")));
    expect((await refreshNow(other)).status).toBe(200);
    batch.mockRestore();
    await pass(SECOND);
    await world.control({ token: { kind: "error", status: 401, error: "invalid_client" } });
    await refreshNow(who);
    await pass(SECOND);
    await disconnect(other);
    expect((await integration(who)).status).toBe("faulty");
  });

  test.each([
    ["AZURE_REFRESH_MODE", "hourly"],
    ["AZURE_REFRESH_AHEAD_SECONDS", "4h"],
    ["AZURE_REFRESH_IDLE_SECONDS", "-1"],
    ["AZURE_GRANT_LIFETIME_SECONDS", "1e9"],
    ["AZURE_REPLAY", "reuse_leeway"],
  ])("whose %s is not valid says so, and is refreshed by nobody unasked", async (name, value) => {
    // Who signs in and who asks is served all the same.
    const who = await configured({ [name]: value });
    expect((await readToken(who)).status).toBe(200);
    const headers = { authorization: `Bearer ${who.key}` };
    const request = new Request(`${ORIGIN}/v1/integrations/azure`, { headers });
    const answer = await createApp().fetch(
      request,
      { ...env, [name]: value } as never,
      createExecutionContext(),
    );
    const problem = (await answer.json()) as { code: string; detail: string };
    expect([answer.status, problem.code]).toEqual([503, "integration_not_configured"]);
    expect(problem.detail).toContain(name);
    expect(problem.detail).not.toContain(value);
    // What is due is made up for once it is mended.
    await pass(46 * DAY, who);
    expect(await world.tokenRequests()).toBe(0);
    expect((await connection(who)).status).toBe("connected");
    await configure(who, {});
    await pass(7 * HOUR, who);
    expect(await world.tokenRequests()).toBe(1);
  });
});
