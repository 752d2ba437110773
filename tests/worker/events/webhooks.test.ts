/** Events sent to webhooks, on a simulated clock: signed, in order, each until it is taken. */
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, test } from "vitest";
import type { Connected } from "../support/client.ts";
import { connect, newOrg, refreshNow, rpc, send } from "../support/client.ts";
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
import {
  answers,
  type Delivery,
  idsInLog,
  listen,
  newSecret,
  Receiver,
  silence,
  subscribed,
  typesOf,
  webhooksOf,
} from "../support/receiver.ts";
import { configure } from "../support/stores.ts";
import { world } from "../support/world.ts";

beforeEach(leaveRealTime);

describe("a delivery", () => {
  test("is what the specification says, and what the log says", async () => {
    const receiver = new Receiver();
    listen(receiver);
    const who = await subscribed([receiver.entry()]);
    await pass(1234, who);
    expect(receiver.refused).toEqual([]);
    const [delivery] = receiver.taken;
    if (!delivery) throw new Error("nothing came");
    const { events } = (await rpc(who.org).listEvents({ userId: who.user })) as { events: unknown[] };
    const { type, timestamp, data } = JSON.parse(delivery.body);
    expect(events).toEqual([{ id: delivery.id, type, timestamp, data }]);
    expect([type, data]).toEqual([
      "connection.connected",
      {
        org_id: who.org,
        integration: "azure",
        provider: "microsoft",
        user_id: who.user,
        status: "connected",
        version: 1,
        attempt: expect.stringMatching(/^att_/),
      },
    ]);
    expect(delivery.id).toMatch(/^evt_[\w-]{16}$/);
    expect(delivery.headers).toEqual({
      "content-type": "application/json",
      "user-agent": expect.stringMatching(/^Postern\/\d+\.\d+\.\d+$/),
      "webhook-id": delivery.id,
      "webhook-timestamp": String(Math.floor(delivery.at / 1000)),
      "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    });
  });

  test("is signed with each secret while they change, and with nothing else", async () => {
    const receiver = new Receiver();
    const old = newSecret();
    listen(receiver);
    const who = await subscribed([receiver.entry({ secret: `${receiver.secret} ${old}` })]);
    await ring(who);
    const [first] = receiver.taken;
    expect(first?.headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    const readWith = (secret: string, { body, headers }: Delivery, changed: Record<string, string> = {}) =>
      new Webhook(secret).verify(body, { ...headers, ...changed });
    if (!first) throw new Error("nothing came");
    for (const secret of [receiver.secret, old])
      expect(readWith(secret, first)).toEqual(JSON.parse(first.body));
    expect(() => readWith(newSecret(), first)).toThrow();
    // Each part of it is signed.
    const later = String(Number(first.headers["webhook-timestamp"]) + 1);
    for (const changed of [{ "webhook-id": "evt_0000000000000000" }, { "webhook-timestamp": later }]) {
      expect(() => readWith(old, first, changed)).toThrow();
    }
    expect(() => readWith(old, { ...first, body: `${first.body} ` })).toThrow();

    await configure(who, webhooksOf(who.org, receiver.entry()));
    await refreshAgain(who);
    await ring(who);
    const second = receiver.taken[1];
    if (!second) throw new Error("nothing came");
    expect(second.headers["webhook-signature"]).toMatch(/^v1,\S+$/);
    expect(() => readWith(old, second)).toThrow();
    expect(receiver.refused).toEqual([]);
  });

  test("that is tried again keeps its id, and is signed for its own time", async () => {
    const receiver = new Receiver();
    listen(receiver);
    const statuses = [503, 404];
    receiver.answer = () => answers(statuses.shift() ?? 200);
    const who = await subscribed([receiver.entry()]);
    await pass(10 * MINUTE, who);
    expect(receiver.asked.map(({ id }) => id)).toEqual(Array(3).fill(receiver.taken[0]?.id));
    const times = receiver.asked.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(times).toEqual(receiver.asked.map(({ at }) => Math.floor(at / 1000)));
    expect(new Set(times).size).toBe(3);
    expect(new Set(receiver.asked.map(({ headers }) => headers["webhook-signature"])).size).toBe(3);
    // Some 5 s, then some 5 min, a tenth more or less.
    const [first = 0, second = 0, third = 0] = receiver.asked.map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(4.5 * SECOND);
    expect(second - first).toBeLessThanOrEqual(5.5 * SECOND);
    expect(third - second).toBeGreaterThanOrEqual(4.5 * MINUTE);
    expect(third - second).toBeLessThanOrEqual(5.5 * MINUTE);
    expect(receiver.refused).toEqual([]);
  });

  test("goes only to the webhooks that want its type", async () => {
    const [all, ends] = [new Receiver(), new Receiver()];
    listen(all, ends);
    const who = await subscribed([ends.entry({ events: ["needs_reauth", "disconnected"] }), all.entry()]);
    await refreshAgain(who);
    await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);
    await pass(MINUTE, who);
    expect(typesOf(all.taken)).toEqual(["connected", "refreshed", "disconnected"]);
    expect(typesOf(ends.taken)).toEqual(["disconnected"]);
    expect(ends.taken[0]?.id).toBe(all.taken[2]?.id);
  });
});

describe("a receiver that", () => {
  /** Each way to fail, one after another. */
  const FAILURES: Receiver["answer"][] = [
    () => answers(500),
    () => answers(429),
    () => Promise.reject(new TypeError("connection refused")),
    () => answers(404),
    silence,
  ];

  test("fails for an hour gets every event afterwards, in order for each connection", async () => {
    const receiver = new Receiver();
    listen(receiver);
    const org = newOrg();
    const everybody = await Promise.all([1, 2, 3].map(() => subscribed([receiver.entry()], { org })));
    hurry();
    let failures = 0;
    receiver.answer = (delivery, signal) =>
      (FAILURES[failures++ % FAILURES.length] ?? (() => answers(500)))(delivery, signal);
    const [one, two, three] = everybody as [Connected, Connected, Connected];
    for (let minute = 6; minute <= 60; minute += 6) {
      await pass(6 * MINUTE, ...everybody);
      await refreshAgain(one);
      // An end and a new beginning are told as well, and trouble with the provider.
      if (minute === 18) {
        await send("DELETE", `/v1/connections/azure?user_id=${two.user}`, two.key);
        await pass(SECOND);
        expect((await connect(two.key, two.user)).status).toBe(200);
      }
      if (minute === 54) {
        await world.control({ token: { kind: "status", status: 503 } });
        expect((await refreshNow(three)).status).toBe(503);
      }
    }
    expect(failures).toBeGreaterThan(9);
    expect(receiver.taken).toEqual([]);

    receiver.answer = () => answers(200);
    await pass(3 * HOUR, ...everybody);
    for (const who of everybody) {
      const log = await idsInLog(who);
      expect(receiver.idsOf(who.user)).toEqual(log);
      // None was asked about before the one before it was taken.
      const asked = receiver.asked.filter(({ user }) => user === who.user).map(({ id }) => log.indexOf(id));
      expect(asked).toEqual([...asked].sort((a, b) => a - b));
    }
    expect(receiver.idsOf(one.user)).toHaveLength(11);
    const taken = ({ user }: Connected) =>
      typesOf(receiver.taken.filter((delivery) => delivery.user === user));
    expect(taken(two)).toEqual(["connected", "disconnected", "connected"]);
    expect(taken(three)).toEqual(["connected", "refresh_retry", "refreshed", "recovered"]);
    expect(receiver.refused).toEqual([]);
  });

  test.each<[string, (now: number) => string, number]>([
    ["in seconds", () => "120", 2 * MINUTE],
    ["as a date", (now) => new Date(now + 3 * MINUTE).toUTCString(), 3 * MINUTE - SECOND],
    ["of a month, which is a day", () => String(30 * 86_400), DAY],
  ])("asks for patience %s gets it", async (_, text, patience) => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = ({ at }) => answers(503, { "retry-after": text(at) });
    const who = await subscribed([receiver.entry()]);
    await ring(who);
    await refreshAgain(who);
    await pass(patience - 10 * SECOND, who);
    expect(receiver.asked).toHaveLength(1);
    receiver.answer = () => answers(204);
    await pass(20 * SECOND, who);
    expect(typesOf(receiver.taken)).toEqual(["connected", "refreshed"]);
  });

  test("asks for less patience than there is anyway gets what there is", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(503, { "retry-after": "1" });
    const who = await subscribed([receiver.entry()]);
    await ring(who);
    await pass(4 * SECOND, who);
    expect(receiver.asked).toHaveLength(1);
    await pass(2 * SECOND, who);
    expect(receiver.asked).toHaveLength(2);
  });

  test.each<[string, () => BodyInit]>([
    ["of 10 MB", () => new Uint8Array(10_000_000)],
    ["without an end", () => new ReadableStream({ pull: () => new Promise(() => undefined) })],
  ])("answers 200 and a body %s has taken it", async (_, body) => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => new Response(body(), { status: 200 });
    const who = await subscribed([receiver.entry()]);
    await refreshAgain(who);
    const started = performance.now();
    await ring(who);
    expect(performance.now() - started).toBeLessThan(5_000);
    await pass(DAY, who);
    expect(typesOf(receiver.asked)).toEqual(["connected", "refreshed"]);
  });

  test.each([301, 302, 303, 307, 308])("redirects with %i is not followed", async (status) => {
    const [receiver, elsewhere] = [new Receiver(), new Receiver()];
    listen(receiver, elsewhere);
    receiver.answer = () => answers(status, { location: elsewhere.url });
    const who = await subscribed([receiver.entry()]);
    await pass(MINUTE, who);
    expect([receiver.asked.length, elsewhere.asked, elsewhere.refused]).toEqual([2, [], []]);
    receiver.answer = () => answers(200);
    await pass(10 * MINUTE, who);
    expect(receiver.taken).toHaveLength(1);
  });

  test("takes an event whose acknowledgement is lost gets it again, with the same id", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => Promise.reject(new TypeError("reset"));
    const who = await subscribed([receiver.entry()]);
    await ring(who);
    receiver.answer = () => answers(200);
    await pass(MINUTE, who);
    expect(receiver.asked.map(({ id }) => id)).toEqual(Array(2).fill((await idsInLog(who))[0]));
    expect(receiver.taken).toHaveLength(1);
  });
});
