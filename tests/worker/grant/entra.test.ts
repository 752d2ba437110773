/** How Entra refuses, as its public documentation and public reports have it (docs/azure.md, "Errors"). */
import { describe, expect, test } from "vitest";
import type { Fault } from "../../world/faults.ts";
import {
  type Answer,
  Browser,
  type Connected,
  connect,
  connected,
  createLink,
  describeConnection,
  expectProblem,
  get,
  nearExpiry,
  newestToken,
  newUser,
  readToken,
  refreshNow,
} from "../support/client.ts";
import { later } from "../support/stores.ts";
import { ALICE, BOB, DAVE, FABRIKAM, world } from "../support/world.ts";

const status = async (who: Connected) => (await describeConnection(who)).json.status;
const CHALLENGE = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const inHeader = (claims: string) => btoa(claims);

/** The person opens the link of a refusal and signs in; answers the authorization request. */
async function followLink(refused: Answer, email = ALICE): Promise<URL> {
  const browser = new Browser();
  const callback = await browser.upToCallback(String(refused.json.connect_url), email);
  const done = await browser.open(callback);
  expect(done.status).toBe(200);
  return new URL(browser.authorizeUrl ?? "");
}

describe("a refusal that is about one API", () => {
  const PERSON: Record<string, Fault> = {
    "a second factor": { kind: "error", error: "invalid_grant", suberror: "basic_action" },
    "a policy": { kind: "error", error: "invalid_grant", suberror: "message_only", claims: CHALLENGE },
    "a suberror of next year": { kind: "error", error: "invalid_grant", suberror: "new_action" },
    "missing consent": { kind: "error", error: "invalid_grant", suberror: "consent_required" },
    "claims alone": { kind: "error", error: "invalid_grant", claims: CHALLENGE },
    "the older word": { kind: "error", error: "interaction_required" },
  };

  test.each(Object.entries(PERSON))(
    "%s: a person is wanted for it, the other one goes on",
    async (_, fault) => {
      const { who } = await nearExpiry();
      await world.control({ token: fault });
      const refused = await readToken(who, { resource: "arm" });
      expectProblem(refused, 409, "needs_reauth");
      expect(refused.json.connect_url).toMatch(/\/connect\//);
      expect(refused.json.provider_error).toBe(fault.error);
      expect(refused.json.error_codes).toMatch(/^\d+$/);
      expect(refused.json.correlation_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await status(who)).toBe("connected");
      later(201_000);
      expect((await readToken(who)).json.access_token).toBe(await newestToken());
    },
  );

  test.each([
    "invalid_resource",
    "invalid_scope",
    "unauthorized_client",
    "invalid_request",
    "a_word_of_next_year",
  ])("%s: this connection's alone, and not the integration's", async (error) => {
    const who = await connected();
    const neighbour = { ...who, user: newUser() };
    await connect(who.key, neighbour.user, BOB);
    await world.control({ token: { kind: "error", error } });
    const refused = await readToken(who, { resource: "arm" });
    expectProblem(refused, 403, "resource_refused");
    expect(refused.json).toMatchObject({ provider_error: error, reason: "resource_refused" });
    expect((await readToken(neighbour, { resource: "arm" })).status).toBe(200);
    expect(await status(who)).toBe("connected");
    const integration = await get("/v1/integrations/azure", who.key);
    expect(integration.json.status).toBe("working");
    later(31_000);
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
  });

  test("a token that Entra calls bad is the end of the grant", async () => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "error", error: "invalid_grant", suberror: "bad_token" } });
    expectProblem(await readToken(who, { resource: "arm" }), 409, "needs_reauth");
    expect(await status(who)).toBe("needs_reauth");
  });

  test("whoever waits for a person is served again when none is wanted", async () => {
    const { who } = await nearExpiry();
    later(201_000);
    await world.control({ token: { kind: "error", error: "interaction_required", times: 2 } });
    expectProblem(await readToken(who), 409, "needs_reauth");
    expect(await status(who)).toBe("needs_reauth");
    later(31_000);
    expectProblem(await readToken(who), 409, "needs_reauth");
    later(31_000);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    expect(await status(who)).toBe("connected");
  });
});

describe("a claims challenge", () => {
  test("of an API leads to a link that carries it, and the call after the sign-in succeeds", async () => {
    const who = await connected();
    await world.control({ step_up: "/v1.0/me" });
    const refused = await get(`/user?user_id=${who.user}`, who.key);
    expectProblem(refused, 409, "needs_reauth");
    expect(await status(who)).toBe("connected");
    const authorize = await followLink(refused);
    expect(authorize.searchParams.get("claims")).toBe(CHALLENGE);
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });

  test("that a caller met himself is handed on, and ends in a token", async () => {
    const who = await connected();
    const claims = { claims: inHeader(CHALLENGE) };
    const refused = await readToken(who, claims);
    expectProblem(refused, 409, "needs_reauth");
    expect((await readToken(who)).status).toBe(200);
    const authorize = await followLink(refused);
    expect(authorize.searchParams.get("claims")).toBe(CHALLENGE);
    expect((await readToken(who, claims)).json.access_token).toBe(await newestToken());
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });

  test("that is none is refused by name", async () => {
    const who = await connected();
    for (const claims of ["e30===", btoa("[]"), "%00", "x".repeat(8192)]) {
      expectProblem(await readToken(who, { claims }), 400, "invalid_request");
    }
  });
});

describe("a personal account", () => {
  test("of a link for personal accounts is asked for nothing in Azure", async () => {
    const who = await connected();
    const link = await createLink(who.key, newUser(), { tenant_id: "consumers" });
    const browser = new Browser();
    await browser.upToCallback(link.url, DAVE);
    expect(new URL(browser.authorizeUrl ?? "").searchParams.get("scope")).not.toContain("management");
  });

  test("of a link for everybody is sent on without Azure, and says so when it is asked for", async () => {
    const dave = { ...(await connected()), user: newUser() };
    const browser = new Browser();
    const link = await createLink(dave.key, dave.user);
    const refused = await browser.upToCallback(link.url, DAVE);
    expect(refused).toContain("error=invalid_scope");
    const sentOn = await browser.open(refused);
    expect(sentOn.status).toBe(302);
    const again = new URL(sentOn.headers.get("location") ?? "");
    expect(again.searchParams.get("scope")).not.toContain("management");
    expect(again.searchParams.get("scope")).toContain("Mail.Read");
    // A work account could have Azure: it is not let in for less.
    expect(again.pathname).toBe("/consumers/oauth2/v2.0/authorize");
    await expect(world.signIn(again.href, ALICE)).rejects.toThrow("does not offer");
    expect((await browser.open((await world.signIn(again.href, DAVE)).href)).status).toBe(200);
    expect((await readToken(dave)).status).toBe(200);
    expectProblem(await readToken(dave, { resource: "arm" }), 403, "resource_not_granted");
    expect((await refreshNow(dave)).status).toBe(200);
    expect(await status(dave)).toBe("connected");
  });
});

describe("scopes of a link", () => {
  test("are fewer than the integration's, and told", async () => {
    const who = { ...(await connected()), user: newUser() };
    await connect(who.key, who.user, ALICE, { scopes: "openid User.Read" });
    const { json } = await describeConnection(who);
    expect(json.scopes).toEqual({
      asked: ["openid", "User.Read", "offline_access"],
      granted: ["openid", "User.Read"],
      missing: [],
    });
    expectProblem(await readToken(who, { resource: "arm" }), 403, "resource_not_granted");
  });

  test("outside of what the integration allows are refused, with what is allowed", async () => {
    const { key } = await connected();
    const answer = await get(`/connect?user_id=${newUser()}&scopes=Directory.ReadWrite.All`, key);
    expectProblem(answer, 400, "invalid_request");
    expect(answer.json.detail).toContain("Mail.Read");
  });

  test("that the provider left out are missing, in the connection and in the event", async () => {
    const who = { ...(await connected()), user: newUser() };
    await world.control({ token: { kind: "patch", value: { scope: "User.Read openid" } } });
    await connect(who.key, who.user);
    expect((await describeConnection(who)).json.scopes).toMatchObject({
      missing: ["Mail.Read", "Calendars.Read"],
    });
    const events = await get(`/v1/events?user_id=${who.user}`, who.key);
    expect(events.text).toContain('"missing_scopes":"Mail.Read Calendars.Read"');
  });
});

describe("another directory", () => {
  test("gives its guest a token from the same refresh token", async () => {
    const who = { ...(await connected()), user: newUser() };
    await connect(who.key, who.user, BOB);
    const home = await readToken(who, { resource: "arm" });
    const away = await readToken(who, { resource: "arm", tenant: FABRIKAM });
    expect([home.status, away.status]).toEqual([200, 200]);
    expect(away.json.access_token).not.toBe(home.json.access_token);
    expect((await readToken(who, { resource: "arm", tenant: FABRIKAM })).json.access_token).toBe(
      away.json.access_token,
    );
    expect((await readToken(who, { resource: "arm" })).json.access_token).toBe(home.json.access_token);
  });

  test("is listed, and shows its own subscriptions", async () => {
    const who = { ...(await connected()), user: newUser() };
    await connect(who.key, who.user, BOB);
    const { json } = await get(`/tenants?user_id=${who.user}`, who.key);
    const tenants = json.tenants as { tenantId: string }[];
    expect(tenants.map(({ tenantId }) => tenantId)).toContain(FABRIKAM);
    const seen = await Promise.all(
      tenants.map(async ({ tenantId }) => {
        const path = `/subscriptions?user_id=${who.user}&tenant=${tenantId}`;
        const { subscriptions } = (await get(path, who.key)).json as {
          subscriptions: { tenantId: string }[];
        };
        return subscriptions.every((one) => one.tenantId === tenantId) ? subscriptions.length : -1;
      }),
    );
    expect(seen).toEqual([2, 1]);
  });

  test("does not know a stranger: nothing else of the connection changes", async () => {
    const who = await connected();
    const refused = await readToken(who, { resource: "arm", tenant: FABRIKAM });
    expectProblem(refused, 403, "resource_refused");
    expect(refused.json.error_codes).toBe("50020");
    expect(refused.json.meaning).toContain("guest");
    expect(refused.json.detail).toContain(FABRIKAM);
    expect(await status(who)).toBe("connected");
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
  });

  test("is one directory", async () => {
    const who = await connected();
    for (const tenant of ["common", "organizations", "consumers", "a b", "../x"]) {
      expectProblem(await readToken(who, { tenant }), 400, "invalid_request");
    }
  });
});
