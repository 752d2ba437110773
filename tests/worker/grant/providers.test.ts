/** A grant's whole life at each provider besides Microsoft: what all of them have in common, and two of them at once. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../world/faults.ts";
import {
  Browser,
  type Connected,
  createLink,
  describeConnection,
  disconnect,
  expectProblem,
  expectSafePage,
  get,
  newestToken,
  notConnected,
  readToken,
  refreshNow,
  rpc,
  stranger,
} from "../support/client.ts";
import { pass, SECOND } from "../support/clock.ts";
import {
  connectAt,
  connectedAt,
  GITHUB,
  GOOGLE,
  given,
  ownerOf,
  type Provider,
  startAlone,
} from "../support/providers.ts";
import { forget } from "../support/stores.ts";
import { ALICE, BOB } from "../support/world.ts";

/** `rotates`: whether a refresh token is good once. `endsAll`: whether a revocation ends all grants of the account. */
const CASES = [
  {
    called: "GitHub, whose tokens expire",
    provider: GITHUB,
    settings: { tokens: "expiring" },
    rotates: true,
    endsAll: false,
  },
  { called: "Google", provider: GOOGLE, settings: {}, rotates: false, endsAll: true },
] as const;

beforeEach(async () => void (await Promise.all([GITHUB, GOOGLE].map(startAlone))));

const token = async (who: Connected) => (await readToken(who)).json.access_token;
const status = async (who: Connected) => (await describeConnection(who)).json.status;

async function revokedBy(who: Connected): Promise<unknown> {
  const { status, json } = await disconnect(who);
  expect([status, json.disconnected]).toEqual([200, true]);
  return json.provider_revocation;
}

describe.each(CASES)("at $called", ({ provider, settings, rotates, endsAll }) => {
  const { world, integration, called } = provider;

  test("a connection is made, read, refreshed, made again, and ended there too", async () => {
    await world.control(settings);
    const who = await connectedAt(provider);
    const first = await token(who);
    expect(await ownerOf(provider, first)).toBe(called(ALICE));
    expect((await describeConnection(who)).json).toMatchObject({
      integration,
      provider: integration,
      status: "connected",
      account: { tenant_id: "", name: "Alice Anders", username: called(ALICE) },
      resources: [{ resource: integration }],
      can_refresh: true,
    });

    await pass(SECOND);
    const refreshTokens = await given(provider, "refresh_tokens");
    expect((await refreshNow(who)).json).toMatchObject({ status: "connected", version: 2 });
    const second = await token(who);
    expect(second).not.toBe(first);
    expect(await ownerOf(provider, second)).toBe(called(ALICE));
    // Where the refresh token is good once, so is the access token that came with it.
    expect(await ownerOf(provider, first)).toBe(rotates ? undefined : called(ALICE));
    expect((await given(provider, "refresh_tokens")).length - refreshTokens.length).toBe(rotates ? 1 : 0);
    await pass(SECOND);
    expect((await refreshNow(who)).json).toMatchObject({ version: 3 });

    expectSafePage(await connectAt(provider, who), 200, "connected");
    const third = await token(who);
    expect(await ownerOf(provider, third)).toBe(called(ALICE));
    await pass(SECOND);
    expect((await refreshNow(who)).status).toBe(200);

    const last = await token(who);
    expect(await revokedBy(who)).toBe("revoked");
    expect(await ownerOf(provider, last)).toBeUndefined();
    expect((await describeConnection(who)).json.code).toBe("not_connected");
    await notConnected(who);
    // Nothing is left to be ended.
    expect((await disconnect(who)).json).toMatchObject({ disconnected: false, provider_revocation: "none" });
    // GitHub's tokens end one by one: that of the sign-in before is asked for too.
    expect((await world.stats()).revocation.requests).toBe(rotates ? 2 : 1);
  });

  test("an expired token is refreshed on use, once for all who ask", async () => {
    await world.control({ ...settings, expires_in: 200 });
    const who = await connectedAt(provider);
    const old = (await given(provider, "access_tokens")).at(-1);
    await world.control({ expires_in: 3600, reset_stats: true });
    const tokens = await Promise.all(Array.from({ length: 20 }, () => token(who)));
    expect(new Set(tokens)).toEqual(new Set([(await given(provider, "access_tokens")).at(-1)]));
    expect(tokens[0]).not.toBe(old);
    expect(await world.tokenRequests("refresh_token")).toBe(1);
    expect(await ownerOf(provider, tokens[0])).toBe(called(ALICE));
  });

  test("who declines is told so, and no request leaves", async () => {
    const who = await stranger(integration);
    const browser = new Browser();
    const callback = await browser.upToCallback((await createLink(who.key, who.user, { integration })).url);
    const page = await browser.open(callback);
    expectSafePage(page, 403, "access_denied");
    expect(page.text).toContain(provider.name);
    expect(await world.tokenRequests()).toBe(0);
    await notConnected(who);
  });

  test("another account is refused, unless the link allows it", async () => {
    await world.control(settings);
    const who = await connectedAt(provider);
    const before = await token(who);
    expectSafePage(await connectAt(provider, who, BOB), 409, "other_account");
    expect(await token(who)).toBe(before);
    expectSafePage(await connectAt(provider, who, BOB, { allow_other_account: "true" }), 200, "connected");
    expect(await ownerOf(provider, await token(who))).toBe(called(BOB));
  });

  test("a grant that was revoked there: only a person helps, and does", async () => {
    await world.control(settings);
    const who = await connectedAt(provider);
    await world.control({ revoke: ALICE });
    const refused = await refreshNow(who);
    expectProblem(refused, 409, "needs_reauth");
    expect(refused.json.cause).toBe("invalid_grant");
    expect(await status(who)).toBe("needs_reauth");
    const browser = new Browser();
    const callback = await browser.upToCallback(String(refused.json.connect_url), ALICE);
    expectSafePage(await browser.open(callback), 200, "connected");
    expect(await ownerOf(provider, await token(who))).toBe(called(ALICE));
  });

  const DOWN: [string, Fault][] = [
    ["answers 503", { kind: "status", status: 503 }],
    ["answers 429", { kind: "status", status: 429 }],
    ["closes the connection", { kind: "drop-before" }],
  ];
  test.each(DOWN)("revocation that %s is owed, and done by the alarm", async (_, fault) => {
    await world.control(settings);
    const who = await connectedAt(provider);
    const held = await token(who);
    await world.control({ revocation: { ...fault, times: 2 } });
    expect(await revokedBy(who)).toBe("pending");
    // For Postern it is over at once.
    await notConnected(who);
    expect(await ownerOf(provider, held)).toBe(called(ALICE));
    expect(await pass(10 * 60 * SECOND, who)).toHaveLength(2);
    expect(await ownerOf(provider, held)).toBeUndefined();
    expect((await world.stats()).revocation.requests).toBe(3);
    expect(await pass(24 * 3600 * SECOND, who)).toEqual([]);
  });

  test("connected again before the old grant could be ended: the new one lives", async () => {
    await world.control(settings);
    const who = await connectedAt(provider);
    await world.control({ revocation: { kind: "status", status: 503 } });
    expect(await revokedBy(who)).toBe("pending");
    // The request that was not answered may end a grant that is made now.
    if (endsAll) expectSafePage(await connectAt(provider, who), 503, "service_unavailable");
    await pass(25 * SECOND);
    expectSafePage(await connectAt(provider, who), 200, "connected");
    await pass(10 * 60 * SECOND, who);
    forget();
    expect(await ownerOf(provider, await token(who))).toBe(called(ALICE));
    await pass(SECOND);
    expect((await refreshNow(who)).status).toBe(200);
    expect(await revokedBy(who)).toBe("revoked");
  });
});

describe("two providers for one user", () => {
  test("their tokens do not mix, over HTTP or RPC, and the end of one leaves the other", async () => {
    await GITHUB.world.control({ tokens: "expiring" });
    const atGitHub = await connectedAt(GITHUB);
    const atGoogle = await connectedAt(GOOGLE, BOB, atGitHub);
    const both: [Provider, Connected, string][] = [
      [GITHUB, atGitHub, ALICE],
      [GOOGLE, atGoogle, BOB],
    ];
    for (let round = 0; round < 2; round += 1) {
      for (const [provider, who, email] of both) {
        const { integration } = provider;
        const held = await token(who);
        expect(await ownerOf(provider, held)).toBe(provider.called(email));
        expect(await rpc(who.org).getToken({ integration, userId: who.user })).toMatchObject({
          access_token: held,
          resource: integration,
        });
        // Asked for by the other's API it is no token of this integration.
        const other = provider === GITHUB ? "google" : "github";
        expectProblem(await readToken(who, { resource: other }), 400, "invalid_request");
      }
      await pass(SECOND);
      for (const [, who] of both) expect((await refreshNow(who)).status).toBe(200);
    }
    const listed = async () => {
      const { json } = await get(`/v1/connections?user_id=${atGitHub.user}`, atGitHub.key);
      return (json.connections as Record<string, unknown>[]).map((one) => one.integration);
    };
    expect(await listed()).toEqual(["github", "google"]);
    const [github, google] = [await token(atGitHub), await token(atGoogle)];

    expect(await revokedBy(atGitHub)).toBe("revoked");
    expect(await listed()).toEqual(["google"]);
    expect(await ownerOf(GITHUB, github)).toBeUndefined();
    await notConnected(atGitHub);
    forget();
    expect(await token(atGoogle)).toBe(google);
    await pass(SECOND);
    expect((await refreshNow(atGoogle)).status).toBe(200);
    expect(await ownerOf(GOOGLE, await token(atGoogle))).toBe(BOB);
  });

  test("one user may be connected at all three, and Microsoft's is the one that needs no name", async () => {
    const who = await connectedAt(GITHUB);
    await connectedAt(GOOGLE, ALICE, who);
    const azure: Connected = { org: who.org, key: who.key, user: who.user };
    await notConnected(azure);
    const browser = new Browser();
    const { url } = await createLink(who.key, who.user);
    expectSafePage(await browser.open(await browser.upToCallback(url, ALICE)), 200, "connected");
    expect(await token(azure)).toBe(await newestToken());
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    expect(await revokedBy(azure)).toBe("unsupported");
    expect(await ownerOf(GITHUB, await token(who))).toBe(GITHUB.called(ALICE));
  });

  test("two accounts at each of them: four connections, and the end of one leaves three", async () => {
    await GITHUB.world.control({ tokens: "expiring" });
    const who = await stranger();
    const all: [Provider, Connected, string][] = [];
    for (const provider of [GITHUB, GOOGLE])
      for (const [account, email] of [
        ["default", ALICE],
        ["work", BOB],
      ] as const)
        all.push([provider, await connectedAt(provider, email, { ...who, account }), email]);
    for (const [, one] of all) {
      await pass(SECOND);
      expect((await refreshNow(one)).status).toBe(200);
    }
    for (const [provider, one, email] of all)
      expect(await ownerOf(provider, await token(one))).toBe(provider.called(email));
    // Who names no account means the one that is called so.
    expect(await token({ ...who, integration: "google" })).toBe(
      await token({ ...who, integration: "google", account: "default" }),
    );

    const atWork: Connected = { ...who, integration: "github", account: "work" };
    const held = await token(atWork);
    expect(await revokedBy(atWork)).toBe("revoked");
    expect(await ownerOf(GITHUB, held)).toBeUndefined();
    await notConnected(atWork);
    forget();
    for (const [provider, one, email] of all.filter(
      ([provider, , email]) => provider !== GITHUB || email !== BOB,
    ))
      expect(await ownerOf(provider, await token(one))).toBe(provider.called(email));
    const { json } = await get(`/v1/connections?user_id=${who.user}`, who.key);
    const listed = json.connections as { integration: string; account: { label: string } }[];
    expect(listed.map(({ integration, account }) => `${integration} ${account.label}`).sort()).toEqual([
      "github default",
      "google default",
      "google work",
    ]);
  });

  test("one Google account under two names is shared, as between two users", async () => {
    const who = await stranger();
    const [one, two] = [
      await connectedAt(GOOGLE, ALICE, who),
      await connectedAt(GOOGLE, ALICE, { ...who, account: "again" }),
    ];
    expect(await revokedBy(one)).toBe("shared");
    expect(await ownerOf(GOOGLE, await token(two))).toBe(ALICE);
    expect(await revokedBy(two)).toBe("revoked");
  });
});
