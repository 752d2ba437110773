/** Stores and providers that never answer. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { connected, get, http } from "./client.ts";
import { nothingLeaks } from "./instances.ts";
import { forget } from "./stores.ts";
import { ORIGIN } from "./variables.ts";
import { world } from "./world.ts";

describe("a store or a provider that never answers", () => {
  function hurry(): void {
    const real = globalThis.setTimeout;
    vi.stubGlobal("setTimeout", (work: () => void, ms?: number) => real(work, (ms ?? 0) / 100));
  }
  const never = () => new Promise<never>(() => undefined);

  test.each([
    ["D1", () => vi.spyOn(Object.getPrototypeOf(env.DB), "batch")],
    ["KV", () => vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get")],
  ] as const)("%s: one answer in time for each request, and all work again afterwards", async (_, spyOn) => {
    const who = await connected();
    forget();
    hurry();
    const spy = spyOn().mockImplementation(never);
    for (const path of [`/user?user_id=${who.user}`, `/v1/connections`, `/connect?user_id=x`]) {
      const answer = await get(path, who.key);
      expect([200, 503, 504]).toContain(answer.status);
    }
    expect((await http(`${ORIGIN}/connect/${"A".repeat(43)}`)).status).toBeGreaterThanOrEqual(404);
    nothingLeaks();
    spy.mockRestore();
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });

  test("silence everywhere at once, for 100 requests: all are answered, no instance is kept", async () => {
    const who = await connected();
    hurry();
    await world.control({ graph: { kind: "silent", times: "always" } });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get(`/user?user_id=${who.user}`, who.key)),
    );
    for (const answer of answers) expect([503, 504]).toContain(answer.status);
    nothingLeaks();
    await world.control({ clear_faults: true });
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });
});
