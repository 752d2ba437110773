/** "Connecting" in docs/threats.md, from the sign-in on: what comes back, in which browser, for whom. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { BAD_ID_TOKENS } from "../../world/id-token.ts";
import {
  Browser,
  connect,
  connected,
  createLink,
  describeConnection,
  expectSafePage,
  get,
  newUser,
  notConnected,
  pageCode,
  readToken,
  stranger,
} from "../support/client.ts";
import { ALICE, BOB, world } from "../support/world.ts";

describe("the callback", () => {
  test("another browser is refused, burns nothing, and the rightful one still finishes", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const right = new Browser();
    const callback = await right.upToCallback(link.url, ALICE);
    const elsewhere = new Browser();
    await elsewhere.press((await createLink(who.key, newUser())).url);
    const forged = new Browser();
    for (const name of right.cookies.keys()) forged.cookies.set(name, "A".repeat(43));
    for (const browser of [new Browser(), elsewhere, forged]) {
      expectSafePage(await browser.open(callback), 403, "wrong_browser");
    }
    expect(await world.tokenRequests()).toBe(0);
    await notConnected(who);
    expectSafePage(await right.open(callback), 200, "connected");
    expect((await readToken(who)).status).toBe(200);
  });

  test("a state is good once: the replay is refused and no request leaves", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
    const cookies = new Map(browser.cookies);
    expectSafePage(await browser.open(callback), 200, "connected");
    const replay = new Browser();
    expectSafePage(await replay.open(callback), 410, "attempt_used_or_expired");
    for (const [name, value] of cookies) replay.cookies.set(name, value);
    // The browser whose attempt it was hears once more what became of it.
    expectSafePage(await replay.open(callback), 200, "connected");
    expect(await world.tokenRequests("authorization_code")).toBe(1);
  });

  test("a state used twice at once makes one token request", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
    const twins = Array.from({ length: 6 }, () => {
      const twin = new Browser();
      for (const [name, value] of browser.cookies) twin.cookies.set(name, value);
      return twin.open(callback);
    });
    const answers = await Promise.all(twins);
    const codes = answers.map(pageCode);
    expect(codes).toContain("connected");
    // Whoever comes while the first is under way is not told that it is over.
    for (const code of codes) expect(["connected", "outcome_unknown"]).toContain(code);
    expect(await world.tokenRequests()).toBe(1);
  });

  test("two tabs, two attempts: each finishes with its own cookie", async () => {
    const who = await stranger();
    const other = newUser();
    const browser = new Browser();
    const first = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
    const second = await browser.upToCallback((await createLink(who.key, other)).url, BOB);
    expect(browser.cookies.size).toBe(2);
    expectSafePage(await browser.open(second), 200, "connected");
    expectSafePage(await browser.open(first), 200, "connected");
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    expect((await get(`/user?user_id=${other}`, who.key)).json.mail).toBe(BOB);
  });

  test("an expired state is refused and no request leaves", async () => {
    const who = await stranger();
    const browser = new Browser();
    const link = await createLink(who.key, who.user);
    const callback = await browser.upToCallback(link.url, ALICE);
    await env.DB.prepare("UPDATE oauth_states SET expires_at = ? WHERE attempt = ?")
      .bind(Date.now() - 1, link.attempt)
      .run();
    expectSafePage(await browser.open(callback), 410, "attempt_used_or_expired");
    expect(await world.tokenRequests()).toBe(0);
  });

  test.each([
    ["no state", (query: URLSearchParams) => query.delete("state")],
    ["an empty state", (query: URLSearchParams) => query.set("state", "")],
    ["another state", (query: URLSearchParams) => query.set("state", "x".repeat(70))],
    ["two states", (query: URLSearchParams) => query.append("state", "second")],
    ["two codes", (query: URLSearchParams) => query.append("code", "second")],
    ["code and error", (query: URLSearchParams) => query.append("error", "access_denied")],
    ["nothing", (query: URLSearchParams) => [...query.keys()].map((name) => query.delete(name))],
  ])("with %s it is refused, and the attempt survives", async (_, spoil) => {
    const who = await stranger();
    const browser = new Browser();
    const callback = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
    const spoilt = new URL(callback);
    spoil(spoilt.searchParams);
    const answer = await browser.open(spoilt.href);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(["bad_request", "attempt_used_or_expired"]).toContain(pageCode(answer));
    expect(await world.tokenRequests()).toBe(0);
    expectSafePage(await browser.open(callback), 200, "connected");
  });

  test("a state with one character changed belongs to nobody", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE));
    const state = callback.searchParams.get("state") ?? "";
    callback.searchParams.set(
      "state",
      `${state.slice(0, -2)}${state.at(-2) === "A" ? "B" : "A"}${state.at(-1)}`,
    );
    // This browser's attempt it is, whose own state waits: nothing can be finished with this one.
    expectSafePage(await browser.open(callback.href), 410, "attempt_used_or_expired");
    expect(await world.tokenRequests()).toBe(0);
  });

  test("a mix-up is refused: another integration's path, another issuer", async () => {
    for (const spoil of [
      (url: URL) => {
        url.pathname = "/callback/google";
      },
      (url: URL) => url.searchParams.set("iss", "https://accounts.google.com"),
      (url: URL) => url.searchParams.set("iss", `${env.AZURE_LOGIN_ORIGIN}/common/v2.0`),
      (url: URL) => url.searchParams.set("iss", `${env.AZURE_LOGIN_ORIGIN}.evil.example/common/v2.0`),
    ]) {
      const who = await stranger();
      const browser = new Browser();
      const callback = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE));
      spoil(callback);
      const answer = await browser.open(callback.href);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await world.tokenRequests()).toBe(0);
      await notConnected(who);
    }
  });

  test("an administrator's consent is not a sign-in", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE));
    callback.searchParams.delete("code");
    callback.searchParams.set("admin_consent", "True");
    callback.searchParams.set("tenant", "11111111-1111-4111-8111-111111111111");
    expect((await browser.open(callback.href)).status).toBeGreaterThanOrEqual(400);
    await notConnected(who);
  });

  test("a code of another session is refused: PKCE", async () => {
    const attacker = await stranger();
    const victim = await stranger();
    const theirs = new Browser();
    const stolen = new URL(await theirs.upToCallback((await createLink(victim.key, victim.user)).url, BOB));
    const browser = new Browser();
    const own = new URL(
      await browser.upToCallback((await createLink(attacker.key, attacker.user)).url, ALICE),
    );
    own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    const answer = await browser.open(own.href);
    expectSafePage(answer, 410, "code_refused");
    await notConnected(attacker);
  });

  test("the person declines: a page that says so, and nothing is stored", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = await browser.upToCallback((await createLink(who.key, who.user)).url);
    expectSafePage(await browser.open(callback), 403, "access_denied");
    // Loaded again it says the same.
    expectSafePage(await browser.open(callback), 403, "access_denied");
    expect(await world.tokenRequests()).toBe(0);
    await notConnected(who);
  });

  test("HTML in error and error_description is never run", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url));
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
    callback.searchParams.set("error", evil);
    callback.searchParams.set("error_description", evil);
    const answer = await browser.open(callback.href);
    expectSafePage(answer, 403, "provider_refused");
    expect(answer.text).not.toContain("<img");
  });

  test.each(BAD_ID_TOKENS)("an ID token that is %s is refused and nothing is stored", async (bad) => {
    await world.control({ token: { kind: "id-token", bad } });
    const who = await stranger();
    const answer = await connect(who.key, who.user);
    const mismatch = ["wrong-nonce", "no-nonce"].includes(bad);
    expectSafePage(answer, 403, mismatch ? "answer_mismatch" : "id_token_refused");
    await notConnected(who);
    const rows = await env.DB.prepare("SELECT count(*) AS n FROM oauth_connections WHERE org_id = ?")
      .bind(who.org)
      .first<number>("n");
    expect(rows).toBe(0);
    expect((await env.AZURE_TOKENS.list({ prefix: `connection:${who.org}:` })).keys).toEqual([]);
    // The defect was the token's, not the connection's: the next attempt works.
    expectSafePage(await connect(who.key, who.user), 200, "connected");
  });

  test("another account is refused, and the first stays; a link may allow it", async () => {
    const who = await connected(ALICE);
    const before = (await readToken(who)).json.access_token;
    expectSafePage(await connect(who.key, who.user, BOB), 409, "other_account");
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    expect((await readToken(who)).json.access_token).toBe(before);
    expectSafePage(await connect(who.key, who.user, ALICE), 200, "connected");
    expectSafePage(await connect(who.key, who.user, BOB, { allow_other_account: "true" }), 200, "connected");
    expect((await describeConnection(who)).json).toMatchObject({ status: "connected" });
    expect(JSON.stringify((await describeConnection(who)).json)).toContain(BOB);
  });

  test("identity is tid and oid, never the e-mail address", async () => {
    const who = await connected(ALICE);
    const { json } = await describeConnection(who);
    const row = await env.DB.prepare(
      "SELECT tenant_id, provider_user_id FROM oauth_connections WHERE org_id = ?",
    )
      .bind(who.org)
      .first();
    expect(row).toEqual({
      tenant_id: "11111111-1111-4111-8111-111111111111",
      provider_user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(JSON.stringify(json)).not.toMatch(/token.{0,40}s1\./);
  });
});
