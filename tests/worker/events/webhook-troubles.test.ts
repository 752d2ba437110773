/** Webhooks that are slow, dead, wrong or somebody else's: nobody waits for them, and nothing is lost. */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { connect, createKey, newOrg, newUser, readToken, send } from "../support/client.ts";
import {
  DAY,
  HOUR,
  hurry,
  leaveRealTime,
  MINUTE,
  pass,
  refreshAgain,
  ring,
  SECOND,
} from "../support/clock.ts";
import { nothingLeaks } from "../support/instances.ts";
import { eventsLogged, logLines } from "../support/logs.ts";
import {
  answers,
  idsInLog,
  listen,
  newSecret,
  Receiver,
  silence,
  subscribed,
  typesOf,
  webhooksOf,
} from "../support/receiver.ts";
import { alarmOf, authorityOf, configure, forget, storedKeys } from "../support/stores.ts";

beforeEach(leaveRealTime);

describe("one receiver", () => {
  test("that never answers holds up neither a caller nor the other", async () => {
    const [slow, quick] = [new Receiver(), new Receiver()];
    listen(slow, quick);
    slow.answer = silence;
    const who = await subscribed([slow.entry(), quick.entry()]);
    let rung = false;
    const ringing = ring(who).then(() => {
      rung = true;
    });
    await vi.waitFor(() => expect(slow.asked).toHaveLength(1));
    const started = performance.now();
    expect((await readToken(who)).status).toBe(200);
    await refreshAgain(who);
    forget();
    expect((await readToken(who)).json.version).toBe(2);
    expect((await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key)).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(rung).toBe(false);
    // Its deadline is 10 s, by a clock that is not simulated.
    await ringing;
    expect(performance.now() - started).toBeLessThan(12_000);
    hurry();
    await pass(MINUTE, who);
    expect(typesOf(quick.taken)).toEqual(["connected", "refreshed", "disconnected"]);
    expect(slow.taken).toEqual([]);
    slow.answer = () => answers(200);
    await pass(DAY, who);
    expect(slow.idsOf(who.user)).toEqual(quick.idsOf(who.user));
    nothingLeaks();
  });

  test("that takes its time for each of many events does not make the other wait for all of them", async () => {
    const [slow, quick] = [new Receiver(), new Receiver()];
    listen(slow, quick);
    slow.answer = () => answers(503);
    const who = await subscribed([slow.entry(), quick.entry()]);
    for (let n = 0; n < 9; n += 1) {
      await refreshAgain(who);
      await pass(SECOND, who);
    }
    expect(quick.taken).toHaveLength(10);
    // It is up again, has ten to catch up with, and an eleventh comes for both.
    await pass(3 * 60 * MINUTE, who);
    slow.asked.length = 0;
    await refreshAgain(who);
    const order: string[] = [];
    slow.answer = () => {
      order.push("slow");
      return answers(200);
    };
    quick.answer = () => {
      order.push("quick");
      return answers(200);
    };
    await pass(DAY, who);
    expect(order.indexOf("quick")).toBe(0);
    expect(order.filter((which) => which === "slow")).toHaveLength(11);
  });

  test("that is dead for many connections leaves instances to callers", async () => {
    const dead = new Receiver();
    listen(dead);
    dead.answer = silence;
    const org = newOrg();
    const everybody = await Promise.all(
      Array.from({ length: 36 }, () => subscribed([dead.entry()], { org })),
    );
    hurry();
    const ringing = Promise.all(everybody.map(ring));
    await vi.waitFor(() => expect(pool.figures().live).toBe(8));
    for (const who of everybody.slice(0, 5)) {
      forget();
      expect((await readToken(who)).status).toBe(200);
    }
    await ringing;
    await pass(MINUTE, ...everybody);
    dead.answer = () => answers(200);
    await pass(DAY, ...everybody);
    for (const who of everybody) expect(dead.idsOf(who.user)).toEqual(await idsInLog(who));
    nothingLeaks();
  });
});

test("two organizations' events do not mix", async () => {
  const [ours, theirs] = [new Receiver(), new Receiver()];
  listen(ours, theirs);
  const variables = (a: string, b: string) => ({
    WEBHOOKS: JSON.stringify({ [a]: [ours.entry()], [b]: [theirs.entry()] }),
  });
  const [a, b] = [newOrg(), newOrg()];
  const user = newUser();
  for (const org of [a, b]) {
    const { key } = await createKey(org);
    const who = { org, key, user };
    await configure(who, variables(a, b));
    expect((await connect(key, user)).status).toBe(200);
    await refreshAgain(who);
    await pass(MINUTE, who);
  }
  for (const [receiver, org] of [
    [ours, a],
    [theirs, b],
  ] as const) {
    // What another's secret had signed would have been refused.
    expect(receiver.refused).toEqual([]);
    expect(typesOf(receiver.taken)).toEqual(["connected", "refreshed"]);
    expect(receiver.taken.map((delivery) => delivery.org)).toEqual([org, org]);
  }
});

describe("a webhook that is not valid", () => {
  const good = new Receiver();
  const short = `whsec_${btoa("too short")}`;
  const SECRET_IN_URL = "https://user:a-password-in-a-url-1234@hooks.example/in";
  test.each<[string, Record<string, unknown>]>([
    ["http", { url: "http://hooks.example/in", secret: newSecret() }],
    ["a private address", { url: "https://127.0.0.1/in", secret: newSecret() }],
    ["no URL", { url: "hooks", secret: newSecret() }],
    ["a password in its URL", { url: SECRET_IN_URL, secret: newSecret() }],
    ["no secret", { url: "https://hooks.example/in" }],
    ["a short secret", { url: "https://hooks.example/in", secret: short }],
    ["a secret without its prefix", { url: "https://hooks.example/in", secret: btoa("x".repeat(32)) }],
    ["one good secret and a bad one", { url: "https://hooks.example/in", secret: `${newSecret()} ${short}` }],
    [
      "a type that there is not",
      { url: "https://hooks.example/in", secret: newSecret(), events: ["married"] },
    ],
    ["no type at all", { url: "https://hooks.example/in", secret: newSecret(), events: [] }],
    ["the URL of another", { url: good.url, secret: newSecret() }],
  ])("because of %s is left out with a line, and the other works", async (_, entry) => {
    const asked: string[] = [];
    listen(good);
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", (input: RequestInfo, init?: RequestInit) => {
      asked.push(String(input));
      return real(input, init);
    });
    const [taken, lines] = [good.taken.length, eventsLogged("webhook_not_valid").length];
    const who = await subscribed([good.entry(), entry]);
    await pass(MINUTE, who);
    expect(good.taken.slice(taken).map(({ user }) => user)).toEqual([who.user]);
    expect(good.refused).toEqual([]);
    expect(asked.filter((url) => url === entry.url && url !== good.url)).toEqual([]);
    expect(eventsLogged("webhook_not_valid").slice(lines)).toEqual([
      { level: "error", event: "webhook_not_valid", place: `WEBHOOKS.${who.org}[1]` },
    ]);
    const secrets = [short, "a-password-in-a-url-1234"];
    // Without its prefix, as a line might hold it. An entry without a secret has none to look for.
    if (typeof entry.secret === "string") secrets.push(entry.secret.replace("whsec_", ""));
    for (const secret of secrets) expect(logLines().join("\n")).not.toContain(secret);
  });

  test.each([
    ["that is no JSON", "[{", "WEBHOOKS"],
    ["that is a list", "[]", "WEBHOOKS"],
    ["without a list", '{"ORG":{"url":"https://hooks.example/in"}}', "WEBHOOKS.ORG"],
    ["whose only webhook is not valid", '{"ORG":[{"url":"https://hooks.example/in"}]}', "WEBHOOKS.ORG[0]"],
  ])(
    "in a variable %s: everything else goes on, and what happened is told once it is mended",
    async (_, text, place) => {
      const org = newOrg();
      const { key } = await createKey(org);
      const who = { org, key, user: newUser() };
      await configure(who, { WEBHOOKS: text.replace("ORG", org) });
      const lines = eventsLogged("webhook_not_valid").length;
      expect((await connect(key, who.user)).status).toBe(200);
      await refreshAgain(who);
      await pass(MINUTE, who);
      const [line, ...more] = eventsLogged("webhook_not_valid").slice(lines);
      expect(line).toMatchObject({ place: place.replace("ORG", org) });
      expect(more).toEqual([]);
      expect((await readToken(who)).status).toBe(200);
      const receiver = new Receiver();
      listen(receiver);
      await configure(who, webhooksOf(org, receiver.entry()));
      await pass(HOUR, who);
      expect(receiver.idsOf(who.user)).toEqual(await idsInLog(who));
      expect(typesOf(receiver.taken)).toEqual(["connected", "refreshed"]);
    },
  );

  test("because of a typo loses nothing of what waited for it", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(500);
    const who = await subscribed([receiver.entry()]);
    await pass(MINUTE, who);
    await configure(who, webhooksOf(who.org, receiver.entry({ secret: "whsec_oops" })));
    await refreshAgain(who);
    await pass(DAY, who);
    receiver.answer = () => answers(200);
    await configure(who, webhooksOf(who.org, receiver.entry()));
    await pass(3 * 60 * MINUTE, who);
    expect(receiver.idsOf(who.user)).toEqual(await idsInLog(who));
    expect(receiver.taken).toHaveLength(2);
  });

  test.each([
    ["was there before", true],
    ["never was", false],
  ])("keeps the last thousand events at most for one that %s", async (_, before) => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(500);
    const typo = receiver.entry({ secret: "whsec_oops" });
    const who = await subscribed([before ? receiver.entry() : typo]);
    await pass(MINUTE, who);
    await configure(who, webhooksOf(who.org, typo));
    await refreshAgain(who);
    // As 1,500 events would have left it.
    await runInDurableObject(await authorityOf(who), (_object, { storage }) => {
      const row = storage.kv.get("event:1");
      for (let n = 2; n < 1_500; n += 1) storage.kv.put(`event:${n}`, row);
      storage.kv.put("events", new TextEncoder().encode("1500"));
    });
    await refreshAgain(who);
    await pass(DAY, who);
    const rows = (await storedKeys(await authorityOf(who))).filter((key) => key.startsWith("event:"));
    expect(rows).toHaveLength(1_000);
    expect(rows).toContain("event:1500");
  });

  test("and is gone is owed nothing; one that is new begins where the others are", async () => {
    const [gone, fresh] = [new Receiver(), new Receiver()];
    listen(gone, fresh);
    gone.answer = () => answers(500);
    const who = await subscribed([gone.entry()]);
    await pass(MINUTE, who);
    await configure(who, webhooksOf(who.org, fresh.entry()));
    await refreshAgain(who);
    await pass(DAY, who);
    const asked = gone.asked.length;
    expect(typesOf(fresh.taken)).toEqual(["connected", "refreshed"]);
    expect(fresh.idsOf(who.user)).toEqual(await idsInLog(who));
    await configure(who, {});
    await refreshAgain(who);
    await pass(DAY, who);
    expect([gone.asked.length, fresh.taken.length]).toEqual([asked, 2]);
    expect(await storedKeys(await authorityOf(who))).toEqual([
      "delivery",
      "events",
      "record",
      "version:1",
      "version:2",
    ]);
    expect((await alarmOf(await authorityOf(who))) - Date.now()).toBeGreaterThan(30 * DAY);
  });
});
