/** GitHub's own: whose a token is says its API, refusals come with 200, a refresh token is good once, tokens without an end. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Fault } from "../../world/faults.ts";
import {
  Browser,
  type Connected,
  describeConnection,
  disconnect,
  expectProblem,
  expectSafePage,
  notConnected,
  readToken,
  refreshNow,
  stranger,
} from "../support/client.ts";
import { pass, SECOND } from "../support/clock.ts";
import { connectAt, connectedAt, GITHUB, given, ownerOf } from "../support/providers.ts";
import { authorityOf, inD1, later, storedKeys } from "../support/stores.ts";
import { ALICE, github } from "../support/world.ts";

const token = async (who: Connected) => (await readToken(who)).json.access_token;
const status = async (who: Connected) => (await describeConnection(who)).json.status;

async function nearExpiry(): Promise<{ who: Connected; old: unknown }> {
  await github.control({ tokens: "expiring", expires_in: 200 });
  const who = await connectedAt(GITHUB);
  await github.control({ expires_in: 28_800, reset_stats: true });
  return { who, old: (await given(GITHUB, "access_tokens")).at(-1) };
}

/** Whether GitHub takes this refresh token. It is used up by being asked about. */
async function takes(refreshToken: string | undefined): Promise<boolean> {
  const client = { client_id: env.GITHUB_CLIENT_ID, client_secret: env.GITHUB_CLIENT_SECRET };
  const response = await fetch(`${env.GITHUB_LOGIN_ORIGIN}/login/oauth/access_token`, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({
      ...client,
      grant_type: "refresh_token",
      refresh_token: refreshToken ?? "",
    }),
  });
  return "access_token" in ((await response.json()) as object);
}

describe("a sign-in", () => {
  const DOWN: [string, Fault][] = [
    ["502", { kind: "status", status: 502, times: "always" }],
    ["429", { kind: "status", status: 429, times: "always" }],
    ["a closed connection", { kind: "drop-before", times: "always" }],
  ];
  test.each(DOWN)(
    "whose profile endpoint answers %s is kept, and finished by the alarm",
    async (_, fault) => {
      const who = await stranger("github");
      await github.control({ api: { ...fault, path: "/user" } });
      expectSafePage(await connectAt(GITHUB, who), 503, "outcome_unknown");
      await notConnected(who);
      expect(await inD1(who)).toBeNull();
      const authority = await authorityOf(who);
      expect(await storedKeys(authority)).toEqual(expect.arrayContaining(["sign_in", "sign_in_kept"]));
      // Still down: it stays kept.
      later(31_000);
      expect(await runDurableObjectAlarm(authority)).toBe(true);
      await notConnected(who);
      await github.control({ clear_faults: true });
      later(31_000);
      expect(await runDurableObjectAlarm(authority)).toBe(true);
      expect(await ownerOf(GITHUB, await token(who))).toBe("alice-anders");
      expect(await github.tokenRequests()).toBe(1);
      expect(await storedKeys(authority)).not.toContain("sign_in_kept");
    },
  );

  test("whose profile endpoint refuses the token is refused, and nothing is stored", async () => {
    const who = await stranger("github");
    await github.control({ api: { kind: "status", status: 403, path: "/user" } });
    expectSafePage(await connectAt(GITHUB, who), 403, "id_token_refused");
    await notConnected(who);
    await pass(10 * SECOND, who);
    expect(await storedKeys(await authorityOf(who))).toEqual([]);
    expectSafePage(await connectAt(GITHUB, who), 200, "connected");
  });

  test.each([
    ["bad_verification_code", 410, "code_refused"],
    ["incorrect_client_credentials", 500, "integration_fault"],
    ["redirect_uri_mismatch", 500, "integration_fault"],
  ] as const)("that is refused by %s with 200 is never taken for a grant", async (error, code, page) => {
    const who = await stranger("github");
    await github.control({ token: { kind: "error", error } });
    const answer = await connectAt(GITHUB, who);
    expectSafePage(answer, code, page);
    expect(answer.text).toContain(error);
    await notConnected(who);
    expectSafePage(await connectAt(GITHUB, who), 200, "connected");
  });
});

describe("a refresh", () => {
  test("that is refused by bad_refresh_token with 200 needs the person", async () => {
    const { who } = await nearExpiry();
    await github.control({ token: { kind: "error", error: "bad_refresh_token" } });
    const refused = await refreshNow(who);
    expectProblem(refused, 409, "needs_reauth");
    expect(refused.json).toMatchObject({
      cause: "invalid_grant",
      evidence: "bad_refresh_token",
      fix: "user",
    });
  });

  test.each([
    ["incorrect_client_credentials", "the integration's fault", 502, "integration_fault"],
    ["unsupported_grant_type", "this connection's refusal", 403, "resource_refused"],
    ["no_such_error", "this connection's refusal", 403, "resource_refused"],
  ])("that is refused by %s with 200 is %s, and ends no grant", async (error, _, code, word) => {
    const { who, old } = await nearExpiry();
    await github.control({ token: { kind: "error", error } });
    expect(await token(who)).toBe(old);
    expectProblem(await refreshNow(who), code, word);
    expect(await status(who)).toBe("connected");
    await pass(31 * SECOND);
    expect((await refreshNow(who)).status).toBe(200);
    expect(await ownerOf(GITHUB, await token(who))).toBe("alice-anders");
  });

  test("whose answer is lost is tried once more, not before the first may be over, and told honestly", async () => {
    const { who, old } = await nearExpiry();
    await github.control({ token: { kind: "drop-after" } });
    expect(await token(who)).toBe(old);
    expect(await status(who)).toBe("connected");
    later(20_000);
    await token(who);
    expect(await github.tokenRequests()).toBe(1);
    later(10_000);
    const refused = await refreshNow(who);
    expectProblem(refused, 409, "needs_reauth");
    expect(refused.json.cause).toBe("refresh_outcome_unknown");
    expect(await github.tokenRequests()).toBe(2);
    const browser = new Browser();
    expectSafePage(
      await browser.open(await browser.upToCallback(String(refused.json.connect_url), ALICE)),
      200,
      "connected",
    );
    await pass(SECOND);
    expect((await refreshNow(who)).status).toBe(200);
  });

  test("of a token that lasts is not to be had, and says so with a link", async () => {
    const who = await connectedAt(GITHUB);
    expect((await readToken(who)).json.expires_at).toBeNull();
    expect((await describeConnection(who)).json.can_refresh).toBe(false);
    const refused = await refreshNow(who);
    expectProblem(refused, 409, "needs_reauth");
    expect(refused.json.connect_url).toBeDefined();
    // The token is good, and goes on being served.
    expect(await ownerOf(GITHUB, await token(who))).toBe("alice-anders");
    expect(await status(who)).toBe("connected");
    expect(await github.tokenRequests("refresh_token")).toBe(0);
  });
});

describe("tokens without an end", () => {
  test("the eleventh of an account ends the first one's: the person connects again, and nobody else loses more", async () => {
    const first = await connectedAt(GITHUB);
    const dead = await token(first);
    const others: Connected[] = [];
    for (let n = 0; n < 10; n += 1) others.push(await connectedAt(GITHUB));
    expect(await ownerOf(GITHUB, dead)).toBeUndefined();
    for (const other of others) expect(await ownerOf(GITHUB, await token(other))).toBe("alice-anders");
    // Nothing tells Postern: who finds the token dead asks for a refresh, and gets a link.
    expect(await token(first)).toBe(dead);
    const refused = await refreshNow(first);
    expectProblem(refused, 409, "needs_reauth");
    // To end it is to end a token that GitHub does not know any more.
    expect((await disconnect(first)).json.provider_revocation).toBe("revoked");
    for (const other of others) expect(await ownerOf(GITHUB, await token(other))).toBe("alice-anders");
  });

  test("the end of one connection leaves another one of the same account", async () => {
    const [one, two] = [await connectedAt(GITHUB), await connectedAt(GITHUB)];
    const gone = await token(one);
    expect((await disconnect(one)).json.provider_revocation).toBe("revoked");
    expect(await ownerOf(GITHUB, gone)).toBeUndefined();
    expect(await ownerOf(GITHUB, await token(two))).toBe("alice-anders");
  });

  test("an app that begins to let tokens expire: a new sign-in brings a refresh token", async () => {
    const who = await connectedAt(GITHUB);
    await github.control({ tokens: "expiring" });
    expectSafePage(await connectAt(GITHUB, who), 200, "connected");
    expect((await describeConnection(who)).json.can_refresh).toBe(true);
    await pass(SECOND);
    expect((await refreshNow(who)).status).toBe(200);
  });
});

test("a connection whose access token has expired is ended at GitHub, its refresh token too", async () => {
  await github.control({ tokens: "expiring", expires_in: 200 });
  const who = await connectedAt(GITHUB);
  later(201_000);
  await github.control({ expire_access_tokens: true });
  const { json } = await disconnect(who);
  expect([json.disconnected, json.provider_revocation]).toEqual([true, "revoked"]);
  expect(await takes((await given(GITHUB, "refresh_tokens")).at(-1))).toBe(false);
});
