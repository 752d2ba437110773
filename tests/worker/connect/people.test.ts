/** What people do to links and callbacks: press twice, go back, load again, ask by HEAD, decline; and who hears of it. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { navigationOf } from "../../world/sign-in.ts";
import {
  acme,
  Browser,
  type Connected,
  connected,
  createKey,
  createLink,
  describeConnection,
  expectProblem,
  expectSafePage,
  frontWith,
  get,
  http,
  type Link,
  pageCode,
  pathOf,
  readToken,
  refreshNow,
  rpc,
  send,
  stranger,
} from "../support/client.ts";
import { pass, SECOND } from "../support/clock.ts";
import { configure } from "../support/stores.ts";
import { ORIGIN, RETURN_TO } from "../support/variables.ts";
import { ALICE, BOB, DAVE, world } from "../support/world.ts";

const BACKEND = { return_to: RETURN_TO, confirm: "backend" };

const statesOf = (attempt: string) =>
  env.DB.prepare("SELECT count(*) AS n FROM oauth_states WHERE attempt = ?").bind(attempt).first<number>("n");
const standing = async (key: string, attempt: string) =>
  (await get(`/v1/connect-links/${attempt}`, key)).json;

/** The browser at the provider, and the callback with another answer than a code. */
async function answered(who: { key: string; user: string }, answer: Record<string, string>, more = {}) {
  const browser = new Browser();
  const link = await createLink(who.key, who.user, more);
  const authorize = new URL(navigationOf((await browser.press(link.url)).text));
  const callback = new URL(authorize.searchParams.get("redirect_uri") ?? "");
  callback.search = new URLSearchParams({
    ...answer,
    state: authorize.searchParams.get("state") ?? "",
  }).toString();
  return { browser, link, authorize, page: await browser.open(callback.href) };
}

describe("the button", () => {
  test("pressed again in the same browser leads to the same sign-in, whichever answer was kept", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const browser = new Browser();
    expectSafeConsent(await browser.open(link.url));
    const presses = await Promise.all(Array.from({ length: 6 }, () => browser.press(link.url)));
    const targets = new Set(presses.map((answer) => navigationOf(answer.text)));
    expect(targets.size).toBe(1);
    expect(await statesOf(link.attempt)).toBe(1);
    // Back, and once more.
    expectSafeConsent(await browser.open(link.url));
    const callback = await browser.upToCallback(link.url, ALICE);
    expectSafePage(await browser.open(callback), 200, "connected");
    for (const again of [browser.open(callback), browser.open(link.url), browser.press(link.url)])
      expectSafePage(await again, 200, "connected");
    expect(await world.tokenRequests("authorization_code")).toBe(1);
  });

  test("in another browser it is used, before and after", async () => {
    const who = await stranger();
    const link = await createLink(who.key, who.user);
    const [right, other] = [new Browser(), new Browser()];
    for (const browser of [right, other]) await browser.open(link.url);
    const callback = await right.upToCallback(link.url, ALICE);
    expectSafePage(await other.press(link.url), 410, "link_used");
    expectSafePage(await other.open(link.url), 410, "link_used");
    expectSafePage(await other.open(callback), 403, "wrong_browser");
    expectSafePage(await right.open(callback), 200, "connected");
    expectSafePage(await other.open(callback), 410, "attempt_used_or_expired");
    expectSafePage(await other.open(link.url), 410, "link_used");
  });

  test("its answer navigates, under a policy that lets nothing else happen", async () => {
    const who = await stranger();
    const pressed = await new Browser().press((await createLink(who.key, who.user)).url);
    expectSafePage(pressed, 200, "");
    expect(pressed.headers.get("location")).toBeNull();
    expect(pressed.headers.get("content-security-policy")).toContain("form-action 'none'");
    expect(new URL(navigationOf(pressed.text)).origin).toBe(env.AZURE_LOGIN_ORIGIN);
    expect(pressed.headers.getSetCookie()).toHaveLength(1);
  });

  function expectSafeConsent(page: Awaited<ReturnType<Browser["open"]>>) {
    expect([page.status, page.text.includes("<form")]).toEqual([200, true]);
    expect(page.headers.get("content-security-policy")).toMatch(/form-action 'self'$/);
  }
});

describe("HEAD, OPTIONS and a slash too many", () => {
  test("HEAD and OPTIONS on link and callback do nothing", async () => {
    const who = await stranger();
    const browser = new Browser();
    const link = await createLink(who.key, who.user);
    for (const method of ["HEAD", "OPTIONS"]) {
      const answer = await browser.open(link.url, { method });
      expect(answer.text).toBe(method === "HEAD" ? "" : answer.text);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    const callback = await browser.upToCallback(link.url, ALICE);
    for (const method of ["HEAD", "OPTIONS", "HEAD"]) await browser.open(callback, { method });
    expect(await statesOf(link.attempt)).toBe(1);
    expect(await world.tokenRequests()).toBe(0);
    expectSafePage(await browser.open(callback), 200, "connected");
  });

  test("HEAD makes no link and reads no token; health is asked by it", async () => {
    const who = await connected();
    const links = () => env.DB.prepare("SELECT count(*) AS n FROM connect_links").first<number>("n");
    const before = await links();
    const headers = { authorization: `Bearer ${who.key}` };
    for (const path of [`/connect?user_id=${who.user}`, pathOf(who, "/token")])
      expect((await http(path, { method: "HEAD", headers })).status).toBe(404);
    expect(await links()).toBe(before);
    expect((await http("/health", { method: "HEAD" })).status).toBe(200);
  });

  test("a slash at the end of link or callback is taken off", async () => {
    const who = await stranger();
    const browser = new Browser();
    const link = await createLink(who.key, who.user);
    const moved = await browser.open(`${link.url}/`);
    expect([moved.status, moved.headers.get("location")]).toEqual([308, new URL(link.url).pathname]);
    expect((await browser.open(`${link.url}/`, { method: "POST" })).status).toBe(308);
    const callback = new URL(await browser.upToCallback(link.url, ALICE));
    const back = await browser.open(`${ORIGIN}${callback.pathname}/${callback.search}`);
    expect([back.status, back.headers.get("location")]).toEqual([308, callback.pathname + callback.search]);
    expect(back.headers.get("referrer-policy")).toBe("no-referrer");
    expectSafePage(await browser.open(`${ORIGIN}${back.headers.get("location")}`), 200, "connected");
    expectProblem(await http("//evil.example/"), 404, "not_found");
  });
});

describe("a personal account that was chosen where all may sign in", () => {
  const refused = async () =>
    answered(await stranger(), { error: "invalid_scope", error_description: "no such scope" });

  test("is sent on alone, and keeps its cookie as long as the second request lives", async () => {
    const { page } = await refused();
    expect(page.status).toBe(302);
    expect(page.headers.get("location")).toContain("/consumers/");
    expect(page.headers.getSetCookie()).toEqual([expect.stringContaining("Max-Age=600")]);
  });

  test("leads to one sign-in when its refusal comes twice at once", async () => {
    const { key, user } = await stranger();
    const [browser, link] = [new Browser(), await createLink(key, user)];
    const authorize = new URL(navigationOf((await browser.press(link.url)).text));
    const callback = new URL(authorize.searchParams.get("redirect_uri") ?? "");
    callback.searchParams.set("error", "invalid_scope");
    callback.searchParams.set("state", authorize.searchParams.get("state") ?? "");
    const pages = await Promise.all(Array.from({ length: 4 }, () => browser.open(callback.href)));
    expect(pages.map(({ status }) => status)).toEqual([302, 302, 302, 302]);
    expect(new Set(pages.map(({ headers }) => headers.get("location"))).size).toBe(1);
  });

  test("and a work account that is chosen back there: that is over, and the second one goes on", async () => {
    const who = await stranger();
    const { browser, link, authorize, page } = await answered(who, { error: "invalid_scope" });
    const late = await world.signIn(authorize.href, ALICE);
    expectSafePage(await browser.open(late.href), 410, "attempt_used_or_expired");
    expect((await standing(who.key, link.attempt)).status).toBe("started");
    const second = await world.signIn(page.headers.get("location") ?? "", DAVE);
    expectSafePage(await browser.open(second.href), 200, "connected");
  });
});

describe("a refusal", () => {
  test.each([
    ["access_denied", "AADSTS65004: declined", 403, "access_denied"],
    ["access_denied", "AADSTS50105: not assigned", 403, "provider_refused"],
    ["consent_required", "AADSTS65001: no consent", 403, "provider_refused"],
    ["unauthorized_client", "AADSTS700016: no such application", 500, "integration_fault"],
  ])("%s, %s: the page, the attempt and the log say what it is", async (error, text, status, reason) => {
    const who = await stranger();
    const { link, page } = await answered(who, { error, error_description: text });
    expectSafePage(page, status, reason);
    expect(/you declined/.test(page.text)).toBe(reason === "access_denied");
    const code = text.slice(0, text.indexOf(":"));
    if (reason !== "access_denied") expect(page.text).toContain(code);
    expect(await standing(who.key, link.attempt)).toMatchObject({ status: "failed", reason, cause: error });
    await pass(10 * SECOND, who);
    const { events } = (await get("/v1/events", who.key)).json as { events: unknown[] };
    expect(events).toEqual([
      expect.objectContaining({
        type: "connection.connect_failed",
        data: expect.objectContaining({
          user_id: who.user,
          status: "not_connected",
          attempt: link.attempt,
          reason,
          cause: error,
          evidence: code,
        }),
      }),
    ]);
    expect(page.headers.get("location")).toBeNull();
  });

  test("with return_to the person goes back there with the error and the attempt", async () => {
    const who = await acme();
    const { link, page } = await answered(who, { error: "access_denied" }, BACKEND);
    expect(page.status).toBe(303);
    const target = new URL(page.headers.get("location") ?? "");
    expect(Object.fromEntries(target.searchParams)).toEqual({
      from: "postern",
      error: "access_denied",
      attempt: link.attempt,
    });
    const reused = await createLink(who.key, who.user, BACKEND);
    await world.control({ token: { kind: "error", error: "invalid_grant" } });
    const browser = new Browser();
    const back = await browser.open(await browser.upToCallback(reused.url, ALICE));
    expect(new URL(back.headers.get("location") ?? "").searchParams.get("error")).toBe("code_refused");
    expect(await standing(who.key, reused.attempt)).toMatchObject({
      status: "failed",
      reason: "code_refused",
      cause: "invalid_grant",
    });
  });

  test("of another account names both, by address and directory", async () => {
    const who = await connected(ALICE);
    const browser = new Browser();
    const link = await createLink(who.key, who.user);
    const page = await browser.open(await browser.upToCallback(link.url, BOB));
    expectSafePage(page, 409, "other_account");
    for (const address of [ALICE, BOB]) expect(page.text).toContain(address);
    expect(page.text.match(/Directory/g)).toHaveLength(2);
    expect(await standing(who.key, link.attempt)).toMatchObject({
      status: "failed",
      reason: "other_account",
    });
  });

  test.each(["temporarily_unavailable", "server_error"])("%s: Try again leads on", async (error) => {
    const who = await stranger();
    const { browser, link, authorize, page } = await answered(who, { error });
    expectSafePage(page, 503, "temporarily_unavailable");
    expect(page.text).toContain(`href="${authorize.href.replaceAll("&", "&amp;")}"`);
    expect(await standing(who.key, link.attempt)).toMatchObject({ status: "started" });
    const callback = (await world.signIn(authorize.href, ALICE)).href;
    expectSafePage(await browser.open(callback), 200, "connected");
  });
});

describe("the attempt", () => {
  test("is waiting, started, pending and connected, for its own organization only", async () => {
    const who = await acme();
    const link = await createLink(who.key, who.user, BACKEND);
    const status = async () => (await standing(who.key, link.attempt)).status;
    expect(await status()).toBe("waiting");
    const browser = new Browser();
    const callback = await browser.upToCallback(link.url, ALICE);
    expect(await status()).toBe("started");
    const back = new URL((await browser.open(callback)).headers.get("location") ?? "");
    expect(await status()).toBe("pending");
    const code = back.searchParams.get("code");
    await send("POST", `/v1/connect-links/${link.attempt}/confirm`, who.key, { code, user_id: who.user });
    expect(await status()).toBe("connected");
    expect(await rpc("acme").getAttempt({ attempt: link.attempt })).toMatchObject({
      attempt: link.attempt,
      status: "connected",
      user_id: who.user,
    });
    const other = await stranger();
    expectProblem(await get(`/v1/connect-links/${link.attempt}`, other.key), 404, "not_found");
    expectProblem(await get("/v1/connect-links/att_1", who.key), 404, "not_found");
    expect(await rpc("acme", ["tokens:read"]).getAttempt({ attempt: link.attempt })).toMatchObject({
      code: "permission_denied",
    });
  });

  test("of the organization itself is told to those who may name it", async () => {
    const { org } = await stranger();
    const names = (await createKey(org, ["connect", "connections:organization"])).key;
    const link = await createLink(names, "-");
    expect(await standing(names, link.attempt)).toMatchObject({ user_id: "-", subject: "organization" });
    const { key } = await createKey(org, ["connect"]);
    expectProblem(await get(`/v1/connect-links/${link.attempt}`, key), 403, "permission_denied");
  });
});

describe("a link to renew", () => {
  async function wanted(who: Connected): Promise<Link> {
    await world.control({ token: { kind: "error", error: "invalid_grant" } });
    const { json } = await refreshNow(who);
    expect(json.code).toBe("needs_reauth");
    return { url: String(json.connect_url), attempt: String(json.connect_state) };
  }

  test("connects nobody where the connection was ended meanwhile", async () => {
    const who = await connected(ALICE);
    const link = await wanted(who);
    expect((await send("DELETE", pathOf(who), who.key)).json.disconnected).toBe(true);
    const before = await world.tokenRequests("authorization_code");
    const browser = new Browser();
    const page = await browser.open(await browser.upToCallback(link.url, BOB));
    expectSafePage(page, 410, "connection_ended");
    expect(await world.tokenRequests("authorization_code")).toBe(before);
    expect(await standing(who.key, link.attempt)).toMatchObject({
      status: "failed",
      reason: "connection_ended",
      cause: "not_connected",
    });
    expect((await readToken(who)).json.code).toBe("not_connected");
  });

  test("renews the account that is connected, and used in vain it gives way to another", async () => {
    const who = await connected(ALICE);
    const link = await wanted(who);
    const other = new Browser();
    expectSafePage(await other.open(await other.upToCallback(link.url, BOB)), 409, "other_account");
    const next = String((await refreshNow(who)).json.connect_url);
    expect(next).not.toBe(link.url);
    const browser = new Browser();
    expectSafePage(await browser.open(await browser.upToCallback(next, ALICE)), 200, "connected");
    expect((await readToken(who)).status).toBe(200);
  });
});

test("without a refresh token: the page warns, event and connection say so", async () => {
  const who = await stranger();
  await world.control({ token: { kind: "patch", value: { refresh_token: null } } });
  const browser = new Browser();
  const page = await browser.open(
    await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE),
  );
  expectSafePage(page, 200, "connected");
  expect(page.text).toMatch(/This works until <bdi>\d{4}-\d\d-\d\d \d\d:\d\d UTC<\/bdi> only/);
  expect((await describeConnection(who)).json.can_refresh).toBe(false);
  const { events } = (await get("/v1/events", who.key)).json as { events: { data: unknown }[] };
  expect(events[0]?.data).toMatchObject({ can_refresh: false });
  expect((await readToken(who)).status).toBe(200);
});

test("a plus in a user id: `%2B` is one everywhere, a bare one in a query is a space", async () => {
  const { org, key } = await stranger();
  const user = `ada+${crypto.randomUUID()}@acme.example`;
  const who = { org, key, user };
  const browser = new Browser();
  const link = await createLink(key, user);
  expect((await browser.open(link.url)).text).toContain(user);
  expectSafePage(await browser.open(await browser.upToCallback(link.url, ALICE)), 200, "connected");
  expect((await readToken(who)).status).toBe(200);
  expect((await get(`/user?user_id=${encodeURIComponent(user)}`, key)).json.mail).toBe(ALICE);
  expect((await get(`/user?user_id=${user}`, key)).json.code).toBe("not_connected");
  expect(await rpc(org).getToken({ userId: user })).toMatchObject({ access_token: expect.any(String) });
  const acmes = { ...(await acme()), user };
  const back = await createLink(acmes.key, user, BACKEND);
  const returned = await browser.open(await browser.upToCallback(back.url, ALICE));
  const code = new URL(returned.headers.get("location") ?? "").searchParams.get("code");
  const confirm = (userId: string) =>
    send("POST", `/v1/connect-links/${back.attempt}/confirm`, acmes.key, { code, user_id: userId });
  expect((await confirm(user.replace("+", " "))).json.code).toBe("confirmation_refused");
  expect((await confirm(user)).json.user_id).toBe(user);
});

describe("who confirms", () => {
  test("has to be said where there is no place to return to", async () => {
    const who = await acme();
    const front = frontWith({ CONNECT_CONFIRM_DEFAULT: undefined });
    const ask = (more: Record<string, string>) =>
      get(`/connect?${new URLSearchParams({ user_id: who.user, ...more })}`, who.key, {}, front);
    const refused = await ask({});
    expectProblem(refused, 400, "invalid_request");
    expect(refused.json.detail).toMatch(/^`confirm` is missing/);
    expect((await ask({ confirm: "page" })).status).toBe(200);
    const link = await ask({ return_to: RETURN_TO });
    const row = await env.DB.prepare("SELECT confirm FROM connect_links WHERE attempt = ?")
      .bind(String(link.json.state))
      .first<string>("confirm");
    expect(row).toBe("backend");
  });
});

test("a client secret with a line break is named and never sent", async () => {
  const who = await stranger();
  await configure(who, { AZURE_CLIENT_SECRET: `${env.AZURE_CLIENT_SECRET}\n` });
  const browser = new Browser();
  const page = await browser.open(
    await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE),
  );
  expectSafePage(page, 500, "integration_fault");
  expect(pageCode(page)).toBe("integration_fault");
  expect(await world.tokenRequests()).toBe(0);
});
