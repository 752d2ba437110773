/** The rows of "Connecting" in docs/threats.md, over HTTP. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { BAD_ID_TOKENS } from "../world/id-token.ts";
import {
  attemptRows,
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  createLink,
  describeConnection,
  expectSafePage,
  get,
  http,
  newOrg,
  newUser,
  pageCode,
  readToken,
  rpc,
  send,
} from "./client.ts";
import { authorityOf, storedKeys } from "./stores.ts";
import { CALLER_REDIRECT, ORIGIN, RETURN_TO } from "./variables.ts";
import { ALICE, BOB, world } from "./world.ts";

/** An organization that may send people to RETURN_TO. */
async function acme(permissions?: readonly string[]): Promise<Connected> {
  return { org: "acme", key: (await createKey("acme", permissions)).key, user: newUser() };
}

async function stranger(): Promise<Connected> {
  const org = newOrg();
  return { org, key: (await createKey(org)).key, user: newUser() };
}

const statesOf = (attempt: string) =>
  env.DB.prepare("SELECT count(*) AS n FROM oauth_states WHERE attempt = ?").bind(attempt).first<number>("n");

const notConnected = async (who: Connected) => expect((await readToken(who)).json.code).toBe("not_connected");

describe("the connect link", () => {
  test("looking burns nothing, neither by GET nor by HEAD", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const before = [await attemptRows("connect_links"), await attemptRows("oauth_states")];
    for (const method of ["GET", "HEAD", "GET"]) {
      const answer = await new Browser().open(link.url, { method });
      expect(answer.status).toBe(200);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect([await attemptRows("connect_links"), await attemptRows("oauth_states")]).toEqual(before);
    expect((await new Browser().press(link.url)).status).toBe(302);
  });

  test("the page names who gets what, for whom", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const page = await new Browser().open(link.url);
    for (const word of [who.org, who.user, "Microsoft"]) expect(page.text).toContain(word);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.text).not.toMatch(/<script|\son\w+=/i);
  });

  test("a user id with HTML in it is shown, not run", async () => {
    const who = await stranger();
    const link = await createLink(who.key, '<img src=x onerror="alert(1)">');
    const page = await new Browser().open(link.url);
    expect(page.text).not.toContain("<img");
    expect(page.text).toContain("&lt;img");
  });

  test("a post from another site is refused and burns nothing", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    for (const headers of [
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      { origin: "https://evil.postern.example", "sec-fetch-site": "same-site" },
      { origin: ORIGIN, "sec-fetch-site": "none" },
      { origin: "https://evil.example" },
      { origin: "null" },
      {},
    ]) {
      const answer = await new Browser().open(link.url, { method: "POST", headers });
      expectSafePage(answer, 400, "bad_request");
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await statesOf(link.attempt)).toBe(0);
    expect((await new Browser().press(link.url)).status).toBe(302);
  });

  test("the sign-in asks which account, with PKCE, state and nonce, at the configured redirect", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const browser = new Browser();
    const pressed = await browser.press(link.url);
    const query = new URL(pressed.headers.get("location") ?? "").searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      prompt: "select_account",
      response_type: "code",
      code_challenge_method: "S256",
      redirect_uri: `${ORIGIN}/callback/azure`,
    });
    expect(query.get("code_challenge")).toMatch(/^[\w-]{43}$/);
    expect(query.get("nonce")).toMatch(/^[\w-]{43}$/);
    expect(query.get("state")?.length).toBeGreaterThanOrEqual(43);
    const [cookie = ""] = pressed.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-postern-[\w-]+=[\w-]{43}; /);
    for (const part of ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]) expect(cookie).toContain(part);
  });

  test("pressed twice at once, one sign-in begins and the other press gets a page", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const presses = await Promise.all(Array.from({ length: 8 }, () => new Browser().press(link.url)));
    expect(presses.filter((answer) => answer.status === 302)).toHaveLength(1);
    const others = presses.filter((answer) => answer.status !== 302);
    for (const answer of others) expectSafePage(answer, 410, "link_used");
    expect(await statesOf(link.attempt)).toBe(1);
  });

  test("one that is used, expired or unknown says so and begins nothing", async () => {
    const who = await stranger();
    const used = await createLink(who.key, who.user);
    await new Browser().press(used.url);
    expectSafePage(await new Browser().open(used.url), 410, "link_used");
    expectSafePage(await new Browser().press(used.url), 410, "link_used");

    const late = await createLink(who.key, who.user);
    await env.DB.prepare("UPDATE connect_links SET expires_at = ? WHERE attempt = ?")
      .bind(Date.now() - 1, late.attempt)
      .run();
    expectSafePage(await new Browser().open(late.url), 410, "link_expired");
    expectSafePage(await new Browser().press(late.url), 410, "link_expired");

    for (const path of [`/connect/${"A".repeat(43)}`, "/connect/short", "/connect/%00", "/connect/a%2Fb"]) {
      const answer = await new Browser().press(`${ORIGIN}${path}`);
      expectSafePage(answer, 404, "link_unknown");
    }
  });

  test("nobody without a key makes one, for whatever user", async () => {
    for (const headers of [{}, { authorization: "Bearer nobody" }, { cookie: "user_id=somebody" }]) {
      const answer = await http("/connect?user_id=somebody-else", { headers });
      expect([answer.status, answer.json.code]).toEqual([401, "unauthenticated"]);
    }
    const reader = await createKey("acme", ["graph:read"]);
    expect((await get("/connect?user_id=x", reader.key)).json.code).toBe("permission_denied");
  });

  test("an organization named in the query or a header is not believed", async () => {
    const who = await stranger();
    expect((await get(`/connect?user_id=x&org_id=acme`, who.key)).status).toBe(400);
    const answer = await get(`/connect?user_id=x`, who.key, { "x-org-id": "acme", "x-postern-org": "acme" });
    const row = await env.DB.prepare("SELECT org_id FROM connect_links WHERE attempt = ?")
      .bind(String(answer.json.state))
      .first<string>("org_id");
    expect(row).toBe(who.org);
  });

  test.each([
    "//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "\\\\evil.example",
    "https://app.example\\@evil.example/",
    "https://app.example@evil.example/done?from=postern",
    "https://app.example.evil.example/done?from=postern",
    "https://app.example/done?from=postern&next=https://evil.example",
    "https://app.example/done?from=postern#",
    "https://app.example/done?from=postern/",
    "https://APP.example/done?from=postern",
    "http://app.example/done?from=postern",
    "javascript:alert(1)",
    "data:text/html,hi",
    " https://app.example/done?from=postern",
    "https://app.example/done?from=postern\u0000",
    "https://app.example/\tdone?from=postern",
    "/done",
    "https://app.example",
  ])("return_to %j is not on the allowlist", async (target) => {
    const { key } = await acme();
    const query = new URLSearchParams({ user_id: "x", return_to: target });
    const before = await attemptRows("connect_links");
    const answer = await get(`/connect?${query}`, key);
    expect(answer.status).toBe(400);
    expect(["return_to_not_allowed", "invalid_request"]).toContain(answer.json.code);
    expect(await attemptRows("connect_links")).toBe(before);
  });

  test("another organization's allowlist is not one's own", async () => {
    const who = await stranger();
    const query = new URLSearchParams({ user_id: "x", return_to: RETURN_TO });
    expect((await get(`/connect?${query}`, who.key)).json.code).toBe("return_to_not_allowed");
  });

  test("the redirect is configured: the Host of the request changes nothing", async () => {
    const who = await stranger();
    const answer = await http("https://evil.example/connect?user_id=x", {
      headers: {
        authorization: `Bearer ${who.key}`,
        "x-forwarded-host": "evil.example",
        host: "evil.example",
      },
    });
    const url = new URL(String(answer.json.auth_url));
    expect(url.origin).toBe(ORIGIN);
    const pressed = await new Browser().open(`https://evil.example${url.pathname}`, {
      method: "POST",
      headers: { origin: ORIGIN, "sec-fetch-site": "same-origin", "x-forwarded-host": "evil.example" },
    });
    const redirect = new URL(pressed.headers.get("location") ?? "").searchParams.get("redirect_uri");
    expect(redirect).toBe(`${ORIGIN}/callback/azure`);
  });
});

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
    for (const [name, value] of cookies) replay.cookies.set(name, value);
    expectSafePage(await replay.open(callback), 410, "attempt_used_or_expired");
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
    const codes = answers.map(pageCode).sort();
    expect(codes).toEqual([...Array.from({ length: 5 }, () => "attempt_used_or_expired"), "connected"]);
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
    expectSafePage(answer, 403, "provider_refused");
    await notConnected(attacker);
  });

  test("the person declines: a page that says so, and nothing is stored", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = await browser.upToCallback((await createLink(who.key, who.user)).url);
    expectSafePage(await browser.open(callback), 403, "access_denied");
    expect(browser.cookies.size).toBe(0);
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
    expectSafePage(answer, 403, "provider_refused");
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

describe("confirmation by the caller's backend", () => {
  async function atReturn(who: Connected): Promise<{ attempt: string; code: string }> {
    const browser = new Browser();
    const link = await createLink(who.key, who.user, { return_to: RETURN_TO });
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
    expect((await confirm(who.key, attempt, code, who.user)).json.code).toBe("attempt_unusable");
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
