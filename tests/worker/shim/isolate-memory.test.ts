/** What an isolate remembers: for how long, how much, and that a flood of one kind costs no other kind its place. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { serve } from "../../../worker-shim/src/front.ts";
import { memory } from "../../../worker-shim/src/isolate.ts";
import { IsolateMemory } from "../../../worker-shim/src/memory.ts";
import { operationNamed } from "../../../worker-shim/src/operations.ts";
import { connected, readToken } from "../support/client.ts";

const NOW = 1000;
const value = new Uint8Array(100).fill(1);
const mark = new Uint8Array([1]);

describe("the isolate's memory", () => {
  const has = (kept: IsolateMemory, ...keys: string[]) => keys.map((key) => kept.get(key, NOW) !== undefined);

  test("holds at most 30 s and a bounded number", () => {
    const kept = new IsolateMemory({ entries: 3 });
    for (let n = 0; n < 5; n += 1) kept.put(`key:${n}`, value, 1e15, NOW);
    expect(has(kept, "key:0", "key:1", "key:2", "key:3", "key:4")).toEqual([false, false, true, true, true]);
    expect(kept.get("key:4", 30_999)).toBe(value);
    expect(kept.get("key:4", 31_000)).toBeUndefined();
    kept.put("key:3", new Uint8Array(0), 0, NOW);
    expect(has(kept, "key:3")).toEqual([false]);
  });

  test("forgets what a clock that was ahead has put, once it is back", () => {
    const kept = new IsolateMemory();
    kept.put("key:ahead", value, 1e15, NOW + 18_000_000);
    expect(has(kept, "key:ahead")).toEqual([false]);
    expect(kept.get("key:ahead", NOW + 18_000_000)).toBeUndefined();
  });

  test("holds a bounded number of bytes, and nothing that is larger than that", () => {
    const kept = new IsolateMemory({ bytes: 250 });
    for (const key of ["key:a", "key:b", "key:c"]) kept.put(key, value, 1e15, NOW);
    expect(has(kept, "key:a", "key:b", "key:c")).toEqual([false, true, true]);
    // What is put again counts once.
    for (let n = 0; n < 5; n += 1) kept.put("key:c", value, 1e15, NOW);
    kept.put("key:large", new Uint8Array(251), 1e15, NOW);
    expect(has(kept, "key:b", "key:c", "key:large")).toEqual([true, true, false]);
  });

  test("counts the bytes of keys too", () => {
    const kept = new IsolateMemory({ bytes: 1_000 });
    const keys = ["a", "b", "c"].map((letter) => `key:${letter.repeat(396)}`);
    for (const key of keys) kept.put(key, mark, 1e15, NOW);
    expect(has(kept, ...keys)).toEqual([false, true, true]);
    kept.put(`key:${"d".repeat(1_000)}`, mark, 1e15, NOW);
    expect(has(kept, ...keys)).toEqual([false, true, true]);
    // What is given back is what was counted.
    for (let n = 0; n < 10; n += 1) for (const key of keys.slice(1)) kept.put(key, mark, 1e15, NOW);
    expect(has(kept, ...keys)).toEqual([false, true, true]);
  });

  test("one kind cannot evict another", () => {
    const kept = new IsolateMemory({ entries: 3 });
    kept.put("token:hot", value, 1e15, NOW);
    for (let n = 0; n < 100; n += 1) kept.put(`apikey:${n}`, value, 1e15, NOW);
    for (let n = 0; n < 100; n += 1) kept.put(`without a kind ${n}`, value, 1e15, NOW);
    expect(has(kept, "token:hot", "apikey:99", "apikey:0")).toEqual([true, true, false]);
  });

  test("a mark cannot evict a value of its own kind, nor a value a mark", () => {
    const kept = new IsolateMemory({ entries: 3 });
    kept.put("apikey:hot", value, 1e15, NOW);
    kept.put("apikey:looked at", mark, 1e15, NOW);
    for (let n = 0; n < 3; n += 1) kept.put(`apikey:unknown ${n}`, mark, 1e15, NOW);
    expect(has(kept, "apikey:hot", "apikey:looked at", "apikey:unknown 2")).toEqual([true, false, true]);
    for (let n = 0; n < 100; n += 1) kept.put(`apikey:${n}`, value, 1e15, NOW);
    expect(has(kept, "apikey:unknown 2")).toEqual([true]);
    // What becomes the other is there once.
    kept.put("apikey:unknown 2", value, 1e15, NOW);
    expect(kept.get("apikey:unknown 2", NOW)).toBe(value);
  });

  test("what is read again and again outlives a flood of its own kind; what is not read does not", () => {
    const kept = new IsolateMemory({ entries: 10 });
    kept.put("token:hot", value, 1e15, NOW);
    kept.put("token:cold", value, 1e15, NOW);
    for (let n = 0; n < 1000; n += 1) {
      kept.put(`token:${n}`, value, 1e15, NOW);
      if (n % 3 === 0) expect(kept.get("token:hot", NOW)).toBe(value);
    }
    expect(has(kept, "token:hot", "token:cold")).toEqual([true, false]);
    for (let n = 0; n < 20; n += 1) kept.put(`token:later ${n}`, value, 1e15, NOW);
    expect(has(kept, "token:hot")).toEqual([false]);
  });
});

describe("a flood", () => {
  test("of keys that do not exist leaves hot keys and hot tokens where they are", async () => {
    const who = await connected();
    expect((await readToken(who)).status).toBe(200);
    const put = vi.spyOn(memory, "put");
    const kv = vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get").mockResolvedValue(null);
    const nothing = { results: [], success: true, meta: { changes: 0 } };
    const d1 = vi.spyOn(Object.getPrototypeOf(env.DB), "batch").mockResolvedValue([nothing]);
    const operation = operationNamed("list_connections");
    if (!operation) throw new Error("no such operation");
    for (let n = 0; n < 2_500; n += 1) {
      const wrong = `Bearer pk_acme_${String(n).padStart(42, "0")}A`;
      const outcome = await serve(operation, { entry: "http", headers: [["authorization", wrong]] }, env);
      expect(outcome.status).toBe(401);
    }
    expect(put.mock.calls.length).toBeGreaterThanOrEqual(2_500);
    for (const spy of [kv, d1]) spy.mockClear();
    expect((await readToken(who)).status).toBe(200);
    expect([kv.mock.calls.length, d1.mock.calls.length]).toEqual([0, 0]);
  });
});
