/** What an alarm could not do is owed until it is done: when the object rings again, and what it leaves as it is. */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ConnectionObject } from "../../../worker-shim/src/connection-object.ts";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { type Connected, connected } from "../support/client.ts";
import { leaveRealTime, MINUTE, pass, refreshAgain, SECOND } from "../support/clock.ts";
import { nothingLeaks } from "../support/instances.ts";
import { answers, listen, Receiver, subscribed } from "../support/receiver.ts";
import { alarmOf, authorityOf } from "../support/stores.ts";

beforeEach(leaveRealTime);

/** Rings, with no alarm armed or with this one; answers in how many milliseconds it rings again, 0: never. */
async function ringOnce(who: Connected, armedIn?: number): Promise<number> {
  return runInDurableObject(await authorityOf(who), async (object, { storage }) => {
    await storage.deleteAlarm();
    if (armedIn !== undefined) await storage.setAlarm(Date.now() + armedIn);
    // What it throws makes the platform repeat it besides.
    await (object as ConnectionObject).alarm().catch(() => undefined);
    const armed = await storage.getAlarm();
    return armed === null ? 0 : armed - Date.now();
  });
}

/** Its storage cannot be read, until what this answers is called. */
async function breakStorage(who: Connected): Promise<() => void> {
  return runInDurableObject(await authorityOf(who), (_, { storage }) => {
    const spy = vi.spyOn(storage.kv, "get").mockImplementation(() => {
      throw new Error("storage is down");
    });
    return () => spy.mockRestore();
  });
}

describe("an alarm that fails", () => {
  test("rings again after a minute, then ever more rarely, and after one that worked as soon as before", async () => {
    const who = await connected();
    const mend = await breakStorage(who);
    const pauses: number[] = [];
    for (let n = 0; n < 7; n += 1) pauses.push(await ringOnce(who));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 16, 16].map((minutes) => minutes * MINUTE));
    mend();
    await ringOnce(who);
    const again = await breakStorage(who);
    expect(await ringOnce(who)).toBe(MINUTE);
    again();
  });

  test("leaves an alarm as it is that was armed meanwhile, for a time before that", async () => {
    const who = await connected();
    const mend = await breakStorage(who);
    expect(await ringOnce(who, 25 * SECOND)).toBe(25 * SECOND);
    expect(await ringOnce(who, -SECOND)).toBe(2 * MINUTE);
    expect(await ringOnce(who, 60 * MINUTE)).toBe(4 * MINUTE);
    mend();
  });

  test("since others deliver is tried again every minute", async () => {
    const receiver = new Receiver();
    listen(receiver);
    const who = await subscribed([receiver.entry()]);
    const all = Array.from({ length: 8 }, () => pool.acquire("aside"));
    expect(all).not.toContain(undefined);
    const pauses = [await ringOnce(who), await ringOnce(who), await ringOnce(who)];
    expect(pauses).toEqual([MINUTE, MINUTE, MINUTE]);
    expect(receiver.asked).toHaveLength(0);
    for (const instance of all) if (instance) pool.release(instance);
    await pass(2 * MINUTE, who);
    expect(receiver.taken).toHaveLength(1);
    nothingLeaks();
  });
});

test("a hundred events that waited are delivered within a minute, in their order", async () => {
  const receiver = new Receiver();
  listen(receiver);
  receiver.answer = () => answers(503);
  const who = await subscribed([receiver.entry()]);
  for (let n = 0; n < 100; n += 1) await refreshAgain(who);
  receiver.answer = () => answers(204);
  const before = receiver.asked.length;
  // The first was refused, so nothing is tried before its time.
  const due = (await alarmOf(await authorityOf(who))) - Date.now();
  await pass(due + MINUTE, who);
  expect(receiver.taken).toHaveLength(101);
  expect(receiver.asked).toHaveLength(before + 101);
  const versions = receiver.taken.map(({ body }) => JSON.parse(body).data.version as number);
  expect(versions).toEqual(Array.from({ length: 101 }, (_, n) => n + 1));
});
