/** A flow that traps, and an authority that dies, cost one request: no token, no instance, no secret is left behind. */
import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import {
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  createLink,
  describeConnection,
  expectSafePage,
  get,
  nearExpiry,
  newestToken,
  newOrg,
  newUser,
  readToken,
  refreshNow,
} from "../support/client.ts";
import { contains, faultsOf, nothingLeaks, onResume, onStart } from "../support/instances.ts";
import { authorityOf, forget, later, storedKeys } from "../support/stores.ts";
import { ALICE, world } from "../support/world.ts";

/** The next flow of this operation runs out of memory at its n-th allocation after this moment. */
function failNext(operation: string, n: number): void {
  let armed = true;
  onStart((instance, started) => {
    if (!armed || started !== operation) return;
    armed = false;
    faultsOf(instance).postern_fail_allocation(n);
  });
}

/** The flow that is told this next traps instead of reading it. */
function trapWhenTold(word: string): { trapped: () => boolean } {
  let trapped = false;
  onResume((instance, message) => {
    if (!trapped && contains(message.bytes(), word)) {
      trapped = true;
      faultsOf(instance).postern_fail_allocation(0);
    }
    return message;
  });
  return { trapped: () => trapped };
}

describe("a trap", () => {
  test("costs its request alone: 503, and the next one works", async () => {
    const who = await connected();
    const before = pool.figures();
    failNext("get_user", 30);
    const answer = await get(`/user?user_id=${who.user}`, who.key);
    expect([answer.status, answer.json.code]).toEqual([503, "out_of_memory"]);
    expect(pool.figures()).toMatchObject({ live: 0, dropped: before.dropped + 1 });
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
    nothingLeaks();
  });

  test("in many requests at once leaves the others alone", async () => {
    const who = await connected();
    forget();
    let n = 0;
    onStart((instance, operation) => {
      if (operation !== "get_token") return;
      n += 1;
      if (n % 3 === 0) faultsOf(instance).postern_fail_allocation(n);
    });
    const answers = await Promise.all(Array.from({ length: 60 }, () => readToken(who)));
    const good = answers.filter((answer) => answer.status === 200);
    expect(good.length).toBeGreaterThan(15);
    expect(answers.length - good.length).toBeGreaterThan(5);
    for (const answer of answers) expect([200, 503]).toContain(answer.status);
    nothingLeaks();
  });

  test("says nothing of its request to a flow that goes on after it", async () => {
    const who = await connected();
    await readToken(who);
    await world.control({ graph: { kind: "delay", ms: 300 } });
    const waiting = get(`/user?user_id=${who.user}`, who.key);
    await scheduler.wait(100);
    let trapped = false;
    onResume((instance, message) => {
      if (!trapped) faultsOf(instance).postern_fail_allocation(0);
      trapped = true;
      return message;
    });
    expect((await get("/v1/connections", who.key)).status).toBe(503);
    const answer = await waiting;
    expect([answer.status, answer.json.mail]).toEqual([200, ALICE]);
  });

  test.each([
    ["bytes that are no reply", new FieldWriter().add("not a time", "x")],
    ["nothing", new FieldWriter()],
    [
      "a reply to an effect that nobody asked for",
      new FieldWriter().add(Date.now(), 999_999, new Uint8Array(4)),
    ],
    ["a length beyond the end", null],
  ])("a flow that is resumed with %s ends, and its instance with it", async (_, garbage) => {
    const who = await connected();
    let spoilt = false;
    onResume((_instance, message) => {
      if (spoilt) return message;
      spoilt = true;
      if (garbage) return garbage;
      const broken = new FieldWriter().add(message.bytes().slice());
      broken.bytes().set([0xff, 0xff, 0xff, 0x7f]);
      return broken;
    });
    const dropped = pool.figures().dropped;
    const answer = await get(`/v1/connections`, who.key);
    expect([answer.status, answer.json.code]).toEqual([503, "core_trap"]);
    expect(pool.figures().dropped).toBe(dropped + 1);
    expect((await get(`/v1/connections`, who.key)).status).toBe(200);
    nothingLeaks();
  });

  test("after the refreshed token arrived: the next request serves it, and no second request leaves", async () => {
    const { who, old } = await nearExpiry();
    const trap = trapWhenTold('"access_token"');
    const answer = await readToken(who);
    expect(trap.trapped()).toBe(true);
    expect([answer.status, answer.json.code]).toEqual([503, "out_of_memory"]);
    expect(await storedKeys(await authorityOf(who))).toEqual(
      expect.arrayContaining(["journal", "kept", "record"]),
    );
    const next = await readToken(who);
    expect(next.json.access_token).toBe(await newestToken());
    expect(next.json.access_token).not.toBe(old);
    expect(await world.tokenRequests()).toBe(1);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record", "version:1"]);
    // The rotated refresh token was in that answer too.
    expect((await refreshNow(who)).status).toBe(200);
    nothingLeaks();
  });

  test("after the refreshed token arrived, and nobody comes again: the alarm keeps it", async () => {
    const { who } = await nearExpiry();
    trapWhenTold('"access_token"');
    await readToken(who);
    expect(await runDurableObjectAlarm(await authorityOf(who))).toBe(true);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record", "version:1"]);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    expect(await world.tokenRequests()).toBe(1);
  });

  test("after the code's answer arrived: connected all the same, with one token request", async () => {
    for (const settle of [
      (who: Connected) => readToken(who),
      async (who: Connected) => runDurableObjectAlarm(await authorityOf(who)),
    ]) {
      const org = newOrg();
      const who: Connected = { org, key: (await createKey(org)).key, user: newUser() };
      await world.control({ reset_stats: true });
      trapWhenTold('"id_token"');
      const answer = await connect(who.key, who.user);
      expectSafePage(answer, 503, "outcome_unknown");
      vi.restoreAllMocks();
      await settle(who);
      expect((await readToken(who)).json.access_token).toBe(await newestToken());
      expect(await world.tokenRequests()).toBe(1);
      expect((await refreshNow(who)).status).toBe(200);
    }
    nothingLeaks();
  });

  test("shows a person a page: in front, and in the authority", async () => {
    for (const operation of ["show_consent", "callback", "authority.connect"]) {
      const { key } = await createKey(newOrg());
      const link = await createLink(key, newUser());
      const browser = new Browser();
      const url = operation === "show_consent" ? link.url : await browser.upToCallback(link.url, ALICE);
      failNext(operation, 30);
      const answer = await browser.open(url);
      vi.restoreAllMocks();
      const asked = operation === "authority.connect";
      expectSafePage(answer, 503, asked ? "outcome_unknown" : "service_unavailable");
    }
    nothingLeaks();
  });

  test("in an authority leaves its queue running", async () => {
    const { who } = await nearExpiry();
    failNext("authority.token", 40);
    const answers = await Promise.all([
      readToken(who),
      ...Array.from({ length: 10 }, () => describeConnection(who)),
      refreshNow(who),
    ]);
    expect(answers[0].status).toBe(503);
    for (const answer of answers.slice(1)) expect(answer.status).toBe(200);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    nothingLeaks();
  });

  test("one that traps while others wait leaves them their turn", async () => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "delay", when: "after", ms: 500 } });
    let trapped = false;
    onResume((instance, message) => {
      if (!trapped && contains(message.bytes(), '"access_token"')) {
        trapped = true;
        faultsOf(instance).postern_fail_allocation(0);
      }
      return message;
    });
    const first = readToken(who);
    await scheduler.wait(200);
    const others = [describeConnection(who), refreshNow(who)];
    expect((await first).status).toBe(503);
    for (const answer of await Promise.all(others)) expect(answer.status).toBe(200);
  });
});

describe("an authority that dies in the middle of an exchange", () => {
  async function dieMidway(who: Connected): Promise<void> {
    await world.control({ token: { kind: "delay", when: "after", ms: 500 } });
    const under = readToken(who).catch(() => undefined);
    await scheduler.wait(200);
    await abortAllDurableObjects();
    await under;
    await scheduler.wait(400);
  }

  /** What it sent may be on its way: the token that lives is served, and nothing leaves. Then it is over. */
  async function waitOut(who: Connected, old: string): Promise<void> {
    const requests = await world.tokenRequests();
    expect((await readToken(who)).json.access_token).toBe(old);
    const asked = await refreshNow(who);
    expect([asked.status, asked.json.code]).toEqual([503, "provider_unavailable"]);
    expect(Number(asked.headers.get("retry-after"))).toBeGreaterThan(20);
    expect(await world.tokenRequests()).toBe(requests);
    later(26_000);
    forget();
  }

  /** What the dead object held is nobody's after three minutes: the pool takes it back when it needs it. */
  function takenBack(): void {
    expect(pool.figures().live).toBe(1);
    later(181_000);
    const all = Array.from({ length: 64 }, () => pool.acquire());
    for (const instance of all) {
      expect(instance).toBeDefined();
      if (instance) pool.release(instance);
    }
    nothingLeaks();
  }

  test("finds its journal, and recovers where old tokens stay good", async () => {
    await world.control({ rotation: "reusable" });
    const { who, old } = await nearExpiry();
    await dieMidway(who);
    await waitOut(who, old);
    const next = await readToken(who);
    expect(next.json.access_token).toBe(await newestToken());
    expect(next.json.access_token).not.toBe(old);
    takenBack();
  });

  test("finds its journal, and says honestly under strict single use what nobody can know", async () => {
    const { who, old } = await nearExpiry();
    await dieMidway(who);
    await waitOut(who, old);
    expect((await readToken(who)).json.access_token).toBe(old);
    expect((await describeConnection(who)).json).toMatchObject({
      status: "needs_reauth",
      cause: "refresh_outcome_unknown",
    });
    takenBack();
  });
});
