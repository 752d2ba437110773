/** Codes and links of providers are long: up to the bound they are taken whole, beyond it they are refused. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { toBase64Url } from "../../../worker-shim/src/sealing.ts";
import {
  acme,
  Browser,
  type Connected,
  connected,
  createLink,
  expectSafePage,
  get,
  readToken,
  rpc,
} from "../support/client.ts";
import { listsOf } from "../support/lists.ts";
import { CALLER_REDIRECT } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";

const LONGEST_CODE = 8192;

/** The world's codes are short: for it, and only for it, the long one stands for its own. */
function lengthen(code: string, length: number): { long: string; exchanged: () => number } {
  // One in four takes three times the room in a query, and so does another in a form.
  const long = `${code}.${"+/-~".repeat(length)}`.slice(0, length);
  const real = globalThis.fetch;
  let exchanged = 0;
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    const sent = init?.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : undefined;
    if (sent === undefined || !url.endsWith("/token")) return real(url, init);
    const form = new URLSearchParams(sent);
    if (form.get("code") === long) {
      exchanged += 1;
      form.set("code", code);
    }
    return real(url, { ...init, body: form.toString() });
  });
  return { long, exchanged: () => exchanged };
}

describe("a callback", () => {
  async function callbackOf(who: Connected) {
    const browser = new Browser();
    const link = await createLink(who.key, who.user);
    return { browser, url: new URL(await browser.upToCallback(link.url, ALICE)) };
  }

  test.each([2049, 4000, LONGEST_CODE])("with a code of %i characters connects", async (length) => {
    const who = await acme();
    const { browser, url } = await callbackOf(who);
    const { long, exchanged } = lengthen(url.searchParams.get("code") ?? "", length);
    expect(long).toHaveLength(length);
    // Entra sends more than what is asked of it.
    const query = `code=${long.replaceAll("+", "%2B")}&state=${url.searchParams.get("state")}`;
    const answer = await browser.open(
      `${url.origin}${url.pathname}?${query}&session_state=${crypto.randomUUID()}`,
    );
    expectSafePage(answer, 200, "connected");
    expect(exchanged()).toBe(1);
    expect((await readToken(who)).status).toBe(200);
  });

  test("with a longer code or a query over 16 KiB is refused, and the attempt survives", async () => {
    const who = await acme();
    const { browser, url } = await callbackOf(who);
    const good = url.href;
    url.searchParams.set("code", "x".repeat(LONGEST_CODE + 1));
    expectSafePage(await browser.open(url.href), 400, "bad_request");
    expectSafePage(await browser.open(`${good}&more=${"x".repeat(16 * 1024)}`), 400, "bad_request");
    expect(await world.tokenRequests()).toBe(0);
    expectSafePage(await browser.open(good), 200, "connected");
  });
});

describe("connectAccount", () => {
  const VERIFIER = "caller-verifier-caller-verifier-caller-verifier";

  async function attempt(who: Connected): Promise<{ state: string; code: string }> {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER)));
    const challenge = toBase64Url(hash);
    const query = new URLSearchParams({
      user_id: who.user,
      mode: "caller",
      redirect_uri: CALLER_REDIRECT,
      code_challenge: challenge,
    });
    const link = await get(`/connect?${query}`, who.key);
    const back = await world.signIn(String(link.json.auth_url), ALICE);
    return { state: String(link.json.state), code: back.searchParams.get("code") ?? "" };
  }

  test("takes a code of 8,192 characters and refuses a longer one", async () => {
    const who = await acme();
    const { state, code } = await attempt(who);
    const { long, exchanged } = lengthen(code, LONGEST_CODE);
    const redeem = (sent: string) =>
      rpc(who.org).connectAccount({ userId: who.user, codeVerifier: VERIFIER, state, code: sent });
    expect(await redeem(`${long}x`)).toMatchObject({ success: false, code: "invalid_request" });
    expect(exchanged()).toBe(0);
    expect(await redeem(long)).toMatchObject({ status: "connected" });
    expect(exchanged()).toBe(1);
  });
});

describe("the link to the next page of a list", () => {
  const linkOf = (length: number) => {
    const start = `${env.ARM_ORIGIN}/subscriptions?page=1&$skiptoken=`;
    return `${start}${"x".repeat(length - start.length)}`;
  };

  test.each([
    [3000, 200],
    [8193, 200],
    [65_536, 200],
    [65_537, 502],
  ])("of %i characters: %i", async (length, status) => {
    const who = await connected();
    expect((await get(`/subscriptions?user_id=${who.user}`, who.key)).status).toBe(200);
    const asked = listsOf(['{"n":1}', '{"n":2}'], { next: () => linkOf(length) });
    const answer = await get(`/subscriptions?user_id=${who.user}`, who.key);
    expect([answer.status, asked.requests()]).toEqual([status, status === 200 ? 2 : 1]);
  });
});
