/** Stores and providers that never answer. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { memory } from "../../../worker-shim/src/isolate.ts";
import { payloadFor } from "../support/bench-hands.ts";
import { type Connected, connected, get, http, nearExpiry, readToken } from "../support/client.ts";
import { nothingLeaks } from "../support/instances.ts";
import { listsOf } from "../support/lists.ts";
import { authorityOf, later } from "../support/stores.ts";
import { ORIGIN } from "../support/variables.ts";
import { world } from "../support/world.ts";

describe("a store or a provider that never answers", () => {
  function hurry({ but = -1 } = {}): void {
    const real = globalThis.setTimeout;
    vi.stubGlobal("setTimeout", (work: () => void, ms = 0) => real(work, ms === but ? ms : ms / 100));
  }
  /** As a fresh isolate would be, but for what this one reads. */
  async function forgetAllBut(who: Connected): Promise<void> {
    await readToken(who);
    const real = memory.get.bind(memory);
    const spy = vi.spyOn(memory, "get");
    await readToken(who);
    const known = new Set(spy.mock.calls.map(([key]) => key));
    spy.mockImplementation((key, now) => (known.has(key) ? real(key, now) : undefined));
  }
  const never = () => new Promise<never>(() => undefined);

  test.each([
    ["D1", [200, 503, 503], () => vi.spyOn(Object.getPrototypeOf(env.DB), "batch")],
    ["KV", [200, 200, 200], () => vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get")],
  ] as const)(
    "%s: one answer in time for each request, and all work again afterwards",
    async (_, told, spyOn) => {
      const [who, bystander] = [await connected(), await connected()];
      await forgetAllBut(bystander);
      hurry();
      const spy = spyOn().mockImplementation(never);
      const paths = [`/user?user_id=${who.user}`, `/v1/connections`, `/connect?user_id=x`];
      const answers = Promise.all(paths.map((path) => get(path, who.key)));
      expect((await readToken(bystander)).status).toBe(200);
      expect((await answers).map(({ status }) => status)).toEqual(told);
      expect((await http(`${ORIGIN}/connect/${"A".repeat(43)}`)).status).toBeGreaterThanOrEqual(404);
      nothingLeaks();
      spy.mockRestore();
      expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
    },
  );

  test("a list that goes on page after page, each in time, ends all the same", async () => {
    const who = await connected();
    expect((await get(`/subscriptions?user_id=${who.user}`, who.key)).status).toBe(200);
    // A hundredth: 600 ms for all of it, and 100 pages of 30 ms.
    hurry();
    const asked = listsOf(
      Array.from({ length: 101 }, () => "{}"),
      { delay: 30 },
    );
    const answer = await get(`/subscriptions?user_id=${who.user}`, who.key);
    expect([answer.status, answer.json.code]).toEqual([504, "timeout"]);
    nothingLeaks();
    // Nothing more is asked for.
    const requests = asked.requests();
    await scheduler.wait(200);
    expect(asked.requests()).toBe(requests);
  });

  test("a flow whose instance was taken back meanwhile does nothing more", async () => {
    const who = await connected();
    expect((await get(`/subscriptions?user_id=${who.user}`, who.key)).status).toBe(200);
    const asked = listsOf(["{}", "{}", "{}"], { delay: 300 });
    const answer = get(`/subscriptions?user_id=${who.user}`, who.key);
    await vi.waitFor(() => expect(asked.requests()).toBe(1));
    later(181_000);
    const all = Array.from({ length: 64 }, () => pool.acquire());
    expect(all).not.toContain(undefined);
    expect([(await answer).status, (await answer).json.code]).toEqual([504, "timeout"]);
    expect(asked.requests()).toBe(1);
    for (const instance of all) if (instance) pool.release(instance);
    nothingLeaks();
  });

  test("an authority is never cut short: it is waited for beyond what a front may take", async () => {
    const { who } = await nearExpiry();
    hurry({ but: 20_000 });
    await world.control({ token: { kind: "delay", ms: 900, when: "after" } });
    const stub = await authorityOf(who);
    const call = await payloadFor("refresh", who.org, { integration: "azure", userId: who.user });
    const outcome = await stub.run(call.operation, call.payload);
    expect(outcome.kind).toBe("json");
    nothingLeaks();
  });

  test("silence everywhere at once, for 100 requests: all are answered, no instance is kept", async () => {
    const [who, bystander] = [await connected(), await connected()];
    for (const one of [who, bystander]) expect((await readToken(one)).status).toBe(200);
    hurry();
    await world.control({ graph: { kind: "silent", times: "always" } });
    const asked = Promise.all(Array.from({ length: 100 }, () => get(`/user?user_id=${who.user}`, who.key)));
    await vi.waitFor(() => expect(pool.figures().live).toBe(32), { interval: 5 });
    for (const answer of [await readToken(bystander), await get("/health", "")])
      expect(answer.status).toBe(200);
    // They take turns, so all of them hear of the provider.
    expect(new Set((await asked).map(({ json }) => json.code))).toEqual(new Set(["timeout"]));
    nothingLeaks();
    await world.control({ clear_faults: true });
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });
});
