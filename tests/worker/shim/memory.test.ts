/** How much memory flows may take, one by one and together, and what is told to whom there is none for. */
import { describe, expect, test } from "vitest";
import module from "../../../dist/postern.wasm";
import { CoreInstance, CorePool } from "../../../worker-shim/src/core.ts";
import type { Outcome } from "../../../worker-shim/src/effects.ts";
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { payloadFor, runAuthority, runFront } from "../support/bench-hands.ts";
import { type Connected, connected, get, newUser, readToken } from "../support/client.ts";
import { memoryOf, onResume, onStart } from "../support/instances.ts";
import { items, listsOf, repeated } from "../support/lists.ts";
import { world } from "../support/world.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 64 * KIB;

const list = (who: Connected) => get(`/subscriptions?user_id=${who.user}`, who.key);

/** A token for ARM is there already: what is asked for then is the list alone. */
async function reader(): Promise<Connected> {
  const who = await connected();
  expect((await list(who)).status).toBe(200);
  return who;
}

describe("a list", () => {
  test.each([
    ["one page", [1000]],
    ["two pages", [500, 500]],
    ["60 small pages", Array.from({ length: 60 }, () => 16)],
    ["99 pages", Array.from({ length: 99 }, () => 9)],
  ])("of nearly 1 MiB in %s is answered whole", async (_, sizes) => {
    const who = await reader();
    const pages = sizes.map((size) => items(size * KIB));
    listsOf(pages);
    const answer = await list(who);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ subscriptions: JSON.parse(`[${pages.join(",")}]`) });
    expect(pool.figures().live).toBe(0);
  });

  test.each<[string, string[], number]>([
    ["one page of more than 1 MiB", [items(1025 * KIB)], 1],
    ["pages that are more than 1 MiB together", Array.from({ length: 6 }, () => items(256 * KIB)), 5],
    ["many MiB", Array.from({ length: 40 }, () => items(250 * KIB)), 5],
    ["more than 100 pages", Array.from({ length: 101 }, () => "{}"), 100],
    // Values of two bytes, of which each takes forty to fifty in memory.
    ["numbers, a page full of them", [repeated("0", 1000 * KIB)], 1],
    ["empty objects, a page full of them", [repeated("{}", 1000 * KIB)], 1],
    ["empty lists, in many pages", Array.from({ length: 60 }, () => repeated("[]", 16 * KIB)), 27],
    ["characters that are escaped", [repeated(`"${"<".repeat(1000)}"`, 1000 * KIB)], 1],
  ])("%s: too large, in so many words, and the next request works", async (_, pages, most) => {
    const who = await reader();
    const asked = listsOf(pages);
    const answer = await list(who);
    expect([answer.status, answer.json.code]).toEqual([502, "answer_too_large"]);
    expect(asked.requests()).toBeLessThanOrEqual(most);
    listsOf(["{}"]);
    expect((await list(who)).json).toEqual({ subscriptions: [{}] });
    expect(pool.figures().live).toBe(0);
  });

  test("empty pages are pages too, and leave no comma", async () => {
    const who = await reader();
    listsOf(["", '{"a":1}', "", '{"a":"<"}', ""]);
    expect((await list(who)).text).toBe('{"subscriptions":[{"a":1},{"a":"\\u003c"}]}');
    listsOf(["", ""]);
    expect((await list(who)).text).toBe('{"subscriptions":[]}');
  });
});

describe("all instances together", () => {
  /** Pages of an instance that is new. */
  const FIRST = new CoreInstance(module).memory().length / PAGE;
  /** So many instances, and as much memory as they begin with. */
  const share = (live: number) => ({ live, bytes: live * FIRST * PAGE });

  test("hold no more than they may, and who calls or waits leaves a part to the others", () => {
    const small = new CorePool(
      module,
      { all: share(9), waiting: share(5), calling: share(4), brief: share(1) },
      2,
    );
    const take = (standing: "brief" | "authority" = "brief") => {
      const instance = small.acquire(standing);
      if (!instance) throw new Error("no instance");
      return instance;
    };
    const calling = Array.from({ length: 3 }, () => take());
    for (const instance of calling) expect(small.mayWait(instance, "calling")).toBe(true);
    expect(small.hasRoomTo("calling")).toBe(true);
    const [first, second] = calling;
    if (!first || !second) throw new Error("no instance");
    // It grew by what one more may have; what is once calling stays it, and may wait too.
    first.exports.memory.grow(FIRST);
    expect([small.fits(first), small.mayWait(first, "waiting")]).toEqual([true, true]);
    expect([small.hasRoomTo("calling"), small.hasRoomTo("waiting")]).toEqual([false, true]);
    second.exports.memory.grow(1);
    expect(small.fits(second)).toBe(false);
    small.release(second);
    const more = take();
    expect(small.mayWait(more, "calling")).toBe(true);
    small.release(more);
    // Who waits has a place that who calls cannot have.
    const waiting = [take(), take()];
    for (const instance of waiting) expect(small.mayWait(instance, "waiting")).toBe(true);
    const late = take();
    expect([small.mayWait(late, "waiting"), small.hasRoomTo("waiting")]).toEqual([false, false]);
    expect(small.mayWait(late, "calling")).toBe(false);
    small.release(late);
    // All but the last to authorities, and the last to who ends at once.
    const authorities = Array.from({ length: 3 }, () => take("authority"));
    expect(small.acquire("authority")).toBeUndefined();
    const brief = take();
    expect(small.acquire()).toBeUndefined();
    const all = [...calling, ...waiting, ...authorities, brief];
    // What was dropped is not counted any more, what is kept is.
    for (const instance of all) small.release(instance);
    expect(small.figures()).toMatchObject({ live: 0, free: 2, bytes: 2 * FIRST * PAGE });
    // What was given back is nobody's, and may do nothing.
    expect([small.fits(brief), small.mayWait(brief, "waiting")]).toEqual([false, false]);
  });

  const told = (outcome: { body?: Uint8Array }) => new TextDecoder().decode(outcome.body);
  const held = (count: number, standing: "waiting" | "calling" | "authority") =>
    Array.from({ length: count }, () => {
      const instance = pool.acquire(standing === "authority" ? standing : "brief");
      if (!instance) throw new Error("no instance");
      if (standing !== "authority") expect(pool.mayWait(instance, standing)).toBe(true);
      return instance;
    });
  function heavy(standing: "calling" | "authority", total: number): CoreInstance[] {
    const instances = held(2, standing);
    for (const instance of instances) {
      instance.exports.memory.grow(Math.floor(total / PAGE / 2) - FIRST);
      expect(pool.fits(instance)).toBe(true);
    }
    return instances;
  }

  test.each<[string, string, () => CoreInstance[]]>([
    ["instances", "waits", () => held(44, "waiting")],
    [
      "bytes",
      "calls",
      () => [...heavy("calling", 18 * MIB), ...held(Math.floor((4 * MIB) / (FIRST * PAGE)), "waiting")],
    ],
  ])("leave the last %s to authorities, whoever %s in front", async (_, __, take) => {
    const azure = { integration: "azure", userId: newUser() };
    const call = await payloadFor("get_token", "acme", azure);
    const instances = take();
    try {
      expect(told((await runFront("get_token", "acme", azure)) as Outcome)).toContain('"overloaded"');
      expect(told(await runAuthority(call.operation, call.payload, new Map()))).toContain('"not_connected"');
    } finally {
      for (const instance of instances) pool.release(instance);
    }
    expect((await runFront("get_token", "acme", azure)).kind).toBe("authority");
    expect(pool.figures().live).toBe(0);
  });

  test.each<[string, () => CoreInstance[]]>([
    ["waits", () => [...held(32, "calling"), ...held(12, "waiting")]],
    ["is an authority", () => held(60, "authority")],
    ["is a large authority", () => heavy("authority", 23 * MIB)],
  ])("leave room to who ends at once, whoever else %s", async (_, take) => {
    const who = await connected();
    expect((await readToken(who)).status).toBe(200);
    const instances = take();
    try {
      const started = performance.now();
      expect((await readToken(who)).status).toBe(200);
      expect((await get("/health", "")).status).toBe(200);
      expect(performance.now() - started).toBeLessThan(1_000);
    } finally {
      for (const instance of instances) pool.release(instance);
    }
  });

  test("a hundred large lists at once: some are refused, none kills the isolate, an authority goes on", async () => {
    await world.control({ expires_in: 200 });
    const waiting = await connected();
    await world.control({ expires_in: 3600 });
    const who = await reader();
    listsOf([items(400 * KIB), items(400 * KIB)], { delay: 30 });
    let [most, largest] = [0, 0];
    const watch = () => {
      most = Math.max(most, pool.figures().bytes);
    };
    onStart(watch);
    onResume((instance, message) => {
      watch();
      largest = Math.max(largest, memoryOf(instance).length);
      return message;
    });
    const lists = Array.from({ length: 100 }, () => list(who));
    await scheduler.wait(60);
    const refreshed = await readToken(waiting);
    expect(refreshed.status).toBe(200);
    expect(refreshed.json.access_token).toBe((await world.secrets()).access_tokens?.at(-1));
    const answers = await Promise.all(lists);
    const codes = new Set(answers.map((answer) => answer.json.code ?? "answered"));
    expect([...codes].sort()).toEqual(["answered", "overloaded"]);
    for (const answer of answers) {
      if (answer.status === 200) continue;
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    }
    expect(largest).toBeGreaterThan(3 * MIB);
    expect(most).toBeLessThan(32 * MIB + 16 * MIB);
    expect(pool.figures().live).toBe(0);
    expect(pool.figures().bytes).toBeLessThan(4 * MIB);
    expect((await list(who)).status).toBe(200);
  });

  test("what a large answer was put together in is not kept", () => {
    const writer = new FieldWriter(8 * KIB);
    writer.add(new Uint8Array(40 * KIB));
    writer.clear();
    expect(writer.room).toBeGreaterThanOrEqual(40 * KIB);
    writer.add(new Uint8Array(MIB));
    writer.clear();
    expect(writer.room).toBe(8 * KIB);
  });
});
