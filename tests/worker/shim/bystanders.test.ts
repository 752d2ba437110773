/** Whoever waits, for a provider or a store, leaves instances to who need not wait. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { type Answer, type Connected, connected, get, readToken } from "../support/client.ts";
import { nothingLeaks } from "../support/instances.ts";
import { listsOf } from "../support/lists.ts";
import { forget } from "../support/stores.ts";

const CALLING = 32;
const WAITING = 44;

/** Answers that are there at once, whatever else goes on. */
async function quickly(...asked: (() => Promise<Answer>)[]): Promise<void> {
  for (const ask of asked) {
    const started = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(500);
  }
}

const list = (who: Connected) => get(`/subscriptions?user_id=${who.user}`, who.key);
const health = () => get("/health", "");

function slowD1(ms: number): void {
  const database = Object.getPrototypeOf(env.DB) as D1Database;
  const batch = database.batch;
  vi.spyOn(database, "batch").mockImplementation(async function slow(this: D1Database, statements) {
    await scheduler.wait(ms);
    return batch.call(this, statements);
  } as typeof batch);
}

/** As many as may have begun to wait, and no more do. */
async function allWaiting(count: number): Promise<void> {
  await vi.waitFor(() => expect(pool.figures().live).toBe(count), { timeout: 2_000, interval: 20 });
  await scheduler.wait(100);
  expect(pool.figures().live).toBe(count);
}

const codesOf = (answers: Answer[]) => answers.map(({ json }) => json.code ?? "answered");

describe("a bystander", () => {
  test("is answered while another organization's lists wait for a slow provider", async () => {
    const [a, b] = [await connected(), await connected()];
    expect((await list(a)).status).toBe(200);
    expect((await readToken(b)).status).toBe(200);
    const asked = listsOf(["{}"], { delay: 3_000 });
    const lists = Promise.all(Array.from({ length: 80 }, () => list(a)));
    await allWaiting(CALLING);
    await quickly(() => readToken(b), health);
    // Nor does who reads a store have to wait for who waits for a provider.
    forget();
    await quickly(() => readToken(b));
    const codes = codesOf(await lists);
    expect(codes.filter((code) => code === "answered")).toHaveLength(CALLING);
    expect(codes.filter((code) => code === "overloaded")).toHaveLength(80 - CALLING);
    // What was refused was never sent.
    expect(asked.requests()).toBe(CALLING);
    nothingLeaks();
  });

  test("is answered while a flood of unknown keys waits for a slow database", async () => {
    const who = await connected();
    expect((await readToken(who)).status).toBe(200);
    slowD1(2_500);
    const flood = Promise.all(
      Array.from({ length: 80 }, (_, n) => get("/user?user_id=u", `pk_x_${String(n).padStart(42, "A")}A`)),
    );
    await allWaiting(WAITING);
    await quickly(() => readToken(who), health);
    for (const answer of await flood) {
      if (answer.json.code === "overloaded") expect(answer.headers.get("retry-after")).toBe("1");
    }
    nothingLeaks();
  });
});

describe("who finds no room to wait", () => {
  test("waits for it without an instance, and is answered when there is some", async () => {
    const who = await connected();
    expect((await list(who)).status).toBe(200);
    const asked = listsOf(["{}"], { delay: 300 });
    const answers = await Promise.all(Array.from({ length: 3 * CALLING }, () => list(who)));
    expect(new Set(codesOf(answers))).toEqual(new Set(["answered"]));
    expect(asked.requests()).toBe(3 * CALLING);
    nothingLeaks();
  });

  test("after it has but read, likewise", async () => {
    const who = await connected();
    expect((await list(who)).status).toBe(200);
    listsOf(["{}"], { delay: 300 });
    forget();
    const answers = await Promise.all(Array.from({ length: 2 * CALLING }, () => list(who)));
    expect(new Set(codesOf(answers))).toEqual(new Set(["answered"]));
    nothingLeaks();
  });

  test("asks less and less often, and is refused after two seconds", async () => {
    const who = await connected();
    expect((await readToken(who)).status).toBe(200);
    const all = Array.from({ length: 64 }, () => pool.acquire());
    const wait = vi.spyOn(scheduler, "wait");
    expect((await readToken(who)).json.code).toBe("overloaded");
    const waits = wait.mock.calls.map(([ms]) => ms);
    for (const instance of all) if (instance) pool.release(instance);
    expect(waits.length).toBeGreaterThan(20);
    expect(waits.length).toBeLessThan(80);
    expect(Math.max(...waits.slice(0, 3))).toBeLessThan(15);
    expect(Math.min(...waits.slice(-3))).toBeGreaterThanOrEqual(50);
    // No two who began to wait at once come back at once.
    expect(new Set(waits).size).toBe(waits.length);
    nothingLeaks();
  });
});
