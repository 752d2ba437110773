/** "Connecting" in docs/threats.md, up to the sign-in: the link, its page and its button. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { navigationOf } from "../../world/sign-in.ts";
import {
  acme,
  attemptRows,
  Browser,
  createKey,
  createLink,
  expectSafePage,
  get,
  http,
  stranger,
} from "../support/client.ts";
import { ORIGIN, RETURN_TO } from "../support/variables.ts";

const statesOf = (attempt: string) =>
  env.DB.prepare("SELECT count(*) AS n FROM oauth_states WHERE attempt = ?").bind(attempt).first<number>("n");

describe("the connect link", () => {
  test("looking burns nothing, neither by GET nor by HEAD", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const before = [await attemptRows("connect_links"), await attemptRows("oauth_states")];
    for (const method of ["GET", "HEAD", "GET"]) {
      const answer = await new Browser().open(link.url, { method });
      expect(answer.status).toBe(200);
      // Nothing of the cookie is stored before the button is pressed.
      expect(answer.headers.getSetCookie()).toHaveLength(method === "GET" ? 1 : 0);
    }
    expect([await attemptRows("connect_links"), await attemptRows("oauth_states")]).toEqual(before);
    expect(navigationOf((await new Browser().press(link.url)).text)).not.toBe("");
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
      expectSafePage(answer, 403, "cross_site_post");
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await statesOf(link.attempt)).toBe(0);
    expect(navigationOf((await new Browser().press(link.url)).text)).not.toBe("");
  });

  test("the sign-in asks which account, with PKCE, state and nonce, at the configured redirect", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const browser = new Browser();
    const pressed = await browser.press(link.url);
    const query = new URL(navigationOf(pressed.text)).searchParams;
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
    expect(presses.filter((answer) => navigationOf(answer.text) !== "")).toHaveLength(1);
    const others = presses.filter((answer) => navigationOf(answer.text) === "");
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
    const redirect = new URL(navigationOf(pressed.text)).searchParams.get("redirect_uri");
    expect(redirect).toBe(`${ORIGIN}/callback/azure`);
  });
});
