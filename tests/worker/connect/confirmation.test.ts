/** "Connecting" in docs/threats.md, where a backend has a part in it. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { navigationOf } from "../../world/sign-in.ts";
import {
  acme,
  Browser,
  type Connected,
  connect,
  createKey,
  createLink,
  expectSafePage,
  get,
  newUser,
  readToken,
  rpc,
  send,
} from "../support/client.ts";
import { authorityOf, storedKeys } from "../support/stores.ts";
import { CALLER_REDIRECT, RETURN_TO } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";

describe("confirmation by the caller's backend", () => {
  async function atReturn(who: Connected): Promise<{ attempt: string; code: string }> {
    const browser = new Browser();
    const link = await createLink(who.key, who.user, { return_to: RETURN_TO, confirm: "backend" });
    const answer = await browser.open(await browser.upToCallback(link.url, ALICE));
    expect(answer.status).toBe(303);
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    const target = new URL(answer.headers.get("location") ?? "");
    expect(`${target.origin}${target.pathname}`).toBe("https://app.example/done");
    expect(target.searchParams.get("from")).toBe("postern");
    expect(target.searchParams.get("attempt")).toBe(link.attempt);
    return { attempt: link.attempt, code: target.searchParams.get("code") ?? "" };
  }
  const confirm = (key: string, attempt: string, code: string, user: string) =>
    send("POST", `/v1/connect-links/${attempt}/confirm`, key, { code, user_id: user });

  test("until then the connection is pending, and afterwards it works", async () => {
    const who = await acme();
    const { attempt, code } = await atReturn(who);
    expect((await readToken(who)).json.code).toBe("connection_pending");
    const rows = await env.DB.prepare("SELECT count(*) AS n FROM oauth_connections WHERE user_id = ?")
      .bind(who.user)
      .first<number>("n");
    expect(rows).toBe(0);
    expect((await confirm(who.key, attempt, code, who.user)).json).toMatchObject({ status: "connected" });
    expect((await readToken(who)).status).toBe(200);
    // The answer to the first may have been lost.
    expect((await confirm(who.key, attempt, code, who.user)).json).toMatchObject({ status: "connected" });
    expect((await confirm(who.key, attempt, "A".repeat(43), who.user)).json.code).toBe("attempt_unusable");
    expect((await confirm(who.key, attempt, code, newUser())).json.code).toBe("confirmation_refused");
  });

  test("a page that brings the code back may be loaded again, in its own browser", async () => {
    const who = await acme();
    const [browser, other] = [new Browser(), new Browser()];
    const link = await createLink(who.key, who.user, { return_to: RETURN_TO, confirm: "backend" });
    await other.open(link.url);
    const callback = await browser.upToCallback(link.url, ALICE);
    const target = (await browser.open(callback)).headers.get("location") ?? "";
    for (const url of [callback, link.url]) {
      const again = await browser.open(url);
      expect([again.status, again.headers.get("location")]).toEqual([303, target]);
    }
    const pressed = await browser.press(link.url);
    expectSafePage(pressed, 200, "");
    expect(navigationOf(pressed.text)).toBe(target);
    expectSafePage(await other.open(callback), 410, "attempt_used_or_expired");
    expectSafePage(await other.open(link.url), 410, "link_used");
    const code = new URL(target).searchParams.get("code") ?? "";
    expect((await confirm(who.key, link.attempt, code, who.user)).status).toBe(200);
    expectSafePage(await browser.open(callback), 200, "connected");
  });

  test("another user, another code, another organization: refused, and nothing is burnt", async () => {
    const who = await acme();
    const { attempt, code } = await atReturn(who);
    const umbrella = await createKey("umbrella");
    expect((await confirm(who.key, attempt, code, newUser())).json.code).toBe("confirmation_refused");
    expect((await confirm(who.key, attempt, "A".repeat(43), who.user)).json.code).toBe(
      "confirmation_refused",
    );
    expect((await confirm(who.key, attempt, "", who.user)).status).toBeGreaterThanOrEqual(400);
    expect((await confirm(umbrella.key, attempt, code, who.user)).json.code).toBe("attempt_unusable");
    expect((await confirm(who.key, `att_${"A".repeat(22)}`, code, who.user)).json.code).toBe(
      "attempt_unusable",
    );
    expect((await readToken(who)).json.code).toBe("connection_pending");
    expect((await confirm(who.key, attempt, code, who.user)).status).toBe(200);
  });

  test("the attacker's own link does not connect a victim to the attacker", async () => {
    // The victim opens the attacker's link and arrives at the app, whose session is the victim's.
    const attacker = await acme();
    const { attempt, code } = await atReturn(attacker);
    expect((await confirm(attacker.key, attempt, code, "the-victim")).json.code).toBe("confirmation_refused");
    expect((await readToken(attacker)).json.code).toBe("connection_pending");
    expect((await readToken({ ...attacker, user: "the-victim" })).json.code).toBe("not_connected");
  });

  test("too late is too late, and no token of it stays", async () => {
    const who = await acme();
    const { attempt, code } = await atReturn(who);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11 * 60_000 });
    expect((await confirm(who.key, attempt, code, who.user)).json.code).toBe("attempt_unusable");
    const object = await authorityOf(who);
    expect(await storedKeys(object)).toContain("pending");
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await storedKeys(object)).toEqual([]);
  });

  test("what is connected already stays in use until the new sign-in is confirmed", async () => {
    const who = await acme();
    expect((await connect(who.key, who.user)).status).toBe(200);
    const before = (await readToken(who)).json.access_token;
    const { attempt, code } = await atReturn(who);
    expect((await readToken(who)).json.access_token).toBe(before);
    expect((await confirm(who.key, attempt, code, who.user)).status).toBe(200);
  });

  test("a link may say that the page is enough", async () => {
    const who = await acme();
    const browser = new Browser();
    const link = await createLink(who.key, who.user, { return_to: RETURN_TO, confirm: "page" });
    const answer = await browser.open(await browser.upToCallback(link.url, ALICE));
    expect(new URL(answer.headers.get("location") ?? "").searchParams.get("status")).toBe("connected");
    expect((await readToken(who)).status).toBe(200);
  });
});

describe("a caller that runs the browser part itself", () => {
  const VERIFIER = "caller-verifier-caller-verifier-caller-verifier";

  async function challenge(verifier: string): Promise<string> {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    return btoa(String.fromCharCode(...new Uint8Array(hash)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  }

  async function attempt(who: Connected, email = ALICE): Promise<{ state: string; code: string }> {
    const query = new URLSearchParams({
      user_id: who.user,
      mode: "caller",
      redirect_uri: CALLER_REDIRECT,
      code_challenge: await challenge(VERIFIER),
    });
    const answer = await get(`/connect?${query}`, who.key);
    expect(answer.status).toBe(200);
    const back = await world.signIn(String(answer.json.auth_url), email);
    expect(back.searchParams.get("state")).toBe(answer.json.state);
    return { state: String(answer.json.state), code: back.searchParams.get("code") ?? "" };
  }

  interface Redemption {
    state: string;
    code: string;
    codeVerifier?: string;
    tenantId?: string;
  }

  async function redeem(
    who: Connected,
    body: Redemption,
    permissions?: string[],
  ): Promise<Record<string, unknown>> {
    const answer = await rpc(who.org, permissions).connectAccount({
      userId: who.user,
      codeVerifier: VERIFIER,
      ...body,
    });
    return answer as Record<string, unknown>;
  }

  test("redeems its code with the state that was issued to it", async () => {
    const who = await acme();
    const mine = await attempt(who);
    expect(await redeem(who, mine)).toMatchObject({ status: "connected" });
    expect((await readToken(who)).status).toBe(200);
    expect(await redeem(who, mine)).toMatchObject({ success: false, code: "state_refused" });
    expect(await world.tokenRequests("authorization_code")).toBe(1);
  });

  test("a state of another organization or user is refused and not burnt", async () => {
    const who = await acme();
    const mine = await attempt(who);
    expect(await redeem({ ...who, org: "umbrella" }, mine)).toMatchObject({ code: "state_refused" });
    expect(await redeem({ ...who, user: newUser() }, mine)).toMatchObject({ code: "state_refused" });
    expect(await redeem(who, { ...mine, tenantId: "consumers" })).toMatchObject({ success: false });
    expect(await world.tokenRequests()).toBe(0);
  });

  test("another verifier is refused and no request leaves", async () => {
    const who = await acme();
    const mine = await attempt(who);
    const answer = await redeem(who, { ...mine, codeVerifier: `${VERIFIER}x` });
    expect(answer).toMatchObject({ success: false, code: "state_refused" });
    expect(await world.tokenRequests()).toBe(0);
  });

  test("a browser's state is not a caller's", async () => {
    const who = await acme();
    const browser = new Browser();
    const callback = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE));
    const answer = await redeem(who, {
      state: callback.searchParams.get("state") ?? "",
      code: callback.searchParams.get("code") ?? "",
    });
    expect(answer).toMatchObject({ success: false, code: "state_refused" });
    expectSafePage(await browser.open(callback.href), 200, "connected");
  });

  test("a redirect off the allowlist, a plain challenge or a missing permission is refused", async () => {
    const who = await acme();
    const ask = async (change: Record<string, string>, key = who.key) => {
      const query = new URLSearchParams({
        user_id: who.user,
        mode: "caller",
        redirect_uri: CALLER_REDIRECT,
        code_challenge: await challenge(VERIFIER),
        ...change,
      });
      return (await get(`/connect?${query}`, key)).json.code;
    };
    expect(await ask({ redirect_uri: "https://evil.example/oauth/callback" })).toBe(
      "redirect_uri_not_allowed",
    );
    expect(await ask({ redirect_uri: `${CALLER_REDIRECT}/x` })).toBe("redirect_uri_not_allowed");
    expect(await ask({ code_challenge: VERIFIER })).toBe("invalid_request");
    expect(await ask({ code_challenge: "" })).toBe("invalid_request");
    expect(await ask({}, (await createKey("acme", ["connect"])).key)).toBe("permission_denied");
    const mine = await attempt(who);
    expect(await redeem(who, mine, ["connect"])).toMatchObject({ success: false, code: "permission_denied" });
  });
});
