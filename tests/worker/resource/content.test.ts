/** What third parties wrote passes through, and whoever can send a mail cannot make /mail unreadable. */
import { describe, expect, test, vi } from "vitest";
import { connected, expectProblem, get, rpc, send } from "../support/client.ts";
import { ADMIN_KEY } from "../support/variables.ts";
import { world } from "../support/world.ts";

const ODD = "odd \u0000 \ufffd \ufffd\t";

describe("content that strict JSON readers refuse", () => {
  test.each([
    ["/mail", "messages", "subject", "Message 46 for Alice"],
    ["/calendar/events", "events", "subject", "Meeting 0 of Alice"],
    ["/subscriptions", "subscriptions", "displayName", "Alice subscription 0"],
  ])("passes through %s", async (path, list, name, plain) => {
    const who = await connected();
    await world.control({ content: "odd" });
    const answer = await get(`${path}?user_id=${who.user}`, who.key);
    expect(answer.status).toBe(200);
    const [first] = answer.json[list] as Record<string, unknown>[];
    expect(first?.[name]).toBe(`${ODD}${plain}`);
    expect(first?.twice).toBe(2);
  });

  test("passes through a profile, and over RPC", async () => {
    const who = await connected();
    await world.control({ content: "odd" });
    const answer = await get(`/user?user_id=${who.user}`, who.key);
    expect([answer.status, answer.json.displayName]).toEqual([200, `${ODD}Alice Anders`]);
    const groups = (await rpc(who.org).listSubscriptions({ userId: who.user })) as { displayName: string }[];
    expect(groups.map((each) => each.displayName.startsWith(ODD))).toEqual(Array(7).fill(true));
  });

  test("in our own input is refused as ever", async () => {
    for (const name of ["a\\u0000b", "\\ud800", "a\tb"]) {
      const body = `{"org_id":"acme","name":"${name}","permissions":["*"]}`;
      expectProblem(await send("POST", "/v1/api-keys", ADMIN_KEY, body), 400, "invalid_request");
    }
  });
});

describe("an answer that is no JSON", () => {
  test.each(["malformed", "html"] as const)("once (%s) is asked for again", async (kind) => {
    const who = await connected();
    await world.control({ graph: { kind }, reset_stats: true });
    expect((await get(`/mail?user_id=${who.user}`, who.key)).status).toBe(200);
    expect((await world.stats()).graph.requests).toBe(2);
  });

  test.each(["malformed", "html"] as const)(
    "twice (%s) is told with the provider's reference",
    async (kind) => {
      const who = await connected();
      await world.control({ graph: { kind, times: 2 }, reset_stats: true });
      const answer = await get(`/mail?user_id=${who.user}`, who.key);
      expectProblem(answer, 502, "provider_rejected");
      expect(answer.json.reference).toMatch(/^[0-9a-f-]{36}$/);
      expect((await world.stats()).graph.requests).toBe(2);
      expect((await get(`/mail?user_id=${who.user}`, who.key)).status).toBe(200);
    },
  );

  test("of 1 MiB is asked for again, and the second one fits", async () => {
    const who = await connected();
    const real = globalThis.fetch;
    const text = JSON.stringify({ value: Array.from({ length: 900 }, () => ({ a: "x".repeat(1000) })) });
    let asked = 0;
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
      if (!url.includes("/me/calendar")) return real(url, init);
      asked += 1;
      return Promise.resolve(new Response(asked === 1 ? text.slice(0, -1) : text));
    });
    const answer = await get(`/calendar/events?user_id=${who.user}`, who.key);
    expect([answer.status, (answer.json.events as unknown[]).length, asked]).toEqual([200, 900, 2]);
  });

  test("nearly 1 MiB of bytes that are no UTF-8 is too large, and harms nothing", async () => {
    const who = await connected();
    const real = globalThis.fetch;
    const body = new Uint8Array(1_000_000).fill(0xe9);
    body.set(new TextEncoder().encode('{"value":["'));
    body.set(new TextEncoder().encode('"]}'), body.length - 3);
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
      url.includes("/me/messages") ? Promise.resolve(new Response(body)) : real(url, init),
    );
    const answer = await get(`/mail?user_id=${who.user}`, who.key);
    expectProblem(answer, 502, "answer_too_large");
    vi.unstubAllGlobals();
    expect((await get(`/mail?user_id=${who.user}`, who.key)).status).toBe(200);
  });
});
