/** What is asked of a token besides its scope, and all that Entra says where it refuses one. */
import { describe, expect, test } from "vitest";
import {
  type Answer,
  Browser,
  connected,
  createLink,
  describeConnection,
  expectProblem,
  expectSafePage,
  frontWith,
  get,
  nearExpiry,
  newestToken,
  pathOf,
  readToken,
  rpc,
  send,
  stranger,
} from "../support/client.ts";
import { configure, later } from "../support/stores.ts";
import { ALICE, world } from "../support/world.ts";

const CHALLENGE = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const CP1 = '{"access_token":{"xms_cc":{"values":["cp1"]}}}';

async function followLink(refused: Answer): Promise<URL> {
  const browser = new Browser();
  const callback = await browser.upToCallback(String(refused.json.connect_url), ALICE);
  expectSafePage(await browser.open(callback), 200, "connected");
  return new URL(browser.authorizeUrl ?? "");
}

/** The claims of the token requests since then, in their order. */
async function claimsOfRequests(since: number) {
  const all = (await world.requests()).slice(since).filter(({ grantType }) => grantType !== undefined);
  return all.map(({ grantType, claims }) => [grantType, claims]);
}

const requestsSoFar = async () => (await world.requests()).length;

describe("the capability cp1", () => {
  test.each([
    ["where the integration has it", { AZURE_CLIENT_CAPABILITIES: "cp1" }, CP1],
    ["where it has not", {}, undefined],
  ] as const)("%s: in the authorization, the exchange and each refresh", async (_, variables, expected) => {
    const front = frontWith(variables);
    const who = await stranger();
    await configure(who, variables);
    const since = await requestsSoFar();
    const browser = new Browser(front);
    const callback = await browser.upToCallback((await createLink(who.key, who.user, {}, front)).url, ALICE);
    expect(new URL(browser.authorizeUrl ?? "").searchParams.get("claims") ?? undefined).toBe(expected);
    expectSafePage(await browser.open(callback), 200, "connected");
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
    expect(await claimsOfRequests(since)).toEqual([
      ["authorization_code", expected],
      ["refresh_token", expected],
    ]);
  });
});

describe("claims of a caller", () => {
  test("are taken by refresh too, over RPC and HTTP", async () => {
    const who = await connected();
    const claims = btoa(CHALLENGE);
    const overHttp = () => send("POST", pathOf(who, "/refresh", { claims }), who.key);
    const over = {
      rpc: () => rpc(who.org).refresh({ userId: who.user, claims }) as Promise<Record<string, unknown>>,
      http: async () => (await overHttp()).json,
    };
    for (const refresh of Object.values(over)) {
      const refused = await refresh();
      expect(refused).toMatchObject({ code: "needs_reauth", connect_url: expect.any(String) });
    }
    // The connection itself is well.
    expect((await readToken(who)).status).toBe(200);
    const refused = await overHttp();
    expect((await followLink(refused)).searchParams.get("claims")).toBe(CHALLENGE);
    later(31_000);
    const since = await requestsSoFar();
    const version = Number((await describeConnection(who)).json.version);
    expect((await over.rpc()).version).toBe(version + 1);
    expect(await claimsOfRequests(since)).toEqual([["refresh_token", CHALLENGE]]);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
  });
});

describe("a claims challenge of Azure Resource Manager, which calls the token invalid", () => {
  test("leads to a link that carries it, and the call after the sign-in succeeds", async () => {
    const who = await connected();
    await world.control({ step_up: "/subscriptions" });
    const subscriptions = () => get(`/subscriptions?user_id=${who.user}`, who.key);
    const refused = await subscriptions();
    expectProblem(refused, 409, "needs_reauth");
    expect((await describeConnection(who)).json.status).toBe("connected");
    expect((await followLink(refused)).searchParams.get("claims")).toBe(CHALLENGE);
    expect((await subscriptions()).status).toBe(200);
  });
});

describe("a refusal of Entra's", () => {
  test.each(["bad_token", "token_expired"])("with %s is the end of the grant", async (suberror) => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "error", error: "invalid_grant", suberror } });
    const refused = await readToken(who, { resource: "arm" });
    expectProblem(refused, 409, "needs_reauth");
    expect(refused.json).toMatchObject({ cause: "invalid_grant", suberror });
    expect((await describeConnection(who)).json.status).toBe("needs_reauth");
    later(201_000);
    await world.control({ reset_stats: true });
    expectProblem(await readToken(who), 409, "needs_reauth");
    expect(await world.tokenRequests()).toBe(0);
  });

  test("is told with number, ids and time, in the problem, the connection and the event", async () => {
    const who = await connected();
    await world.control({ token: { kind: "error", error: "invalid_grant" } });
    const { json } = await readToken(who, { resource: "arm" });
    expect(json).toMatchObject({
      provider_error: "invalid_grant",
      error_codes: "70000",
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      trace_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/),
    });
    expect(json.trace_id).not.toBe(json.correlation_id);
    const evidence = `invalid_grant, code 70000, reference ${json.correlation_id}, trace ${json.trace_id}, at ${json.timestamp}`;
    expect(json.evidence).toBe(evidence);
    expect((await describeConnection(who)).json.evidence).toBe(evidence);
    const { events } = (await get("/v1/events", who.key)).json as { events: { data: unknown }[] };
    expect(events.at(-1)?.data).toMatchObject({ cause: "invalid_grant", evidence });
  });

  test("of a wrong secret (AADSTS7000215) is the integration's, says what to do, and passes with it", async () => {
    const who = await connected();
    const integration = async () => (await get("/v1/integrations/azure", who.key)).json.status;
    await world.control({ token: { kind: "error", error: "invalid_client", status: 401 } });
    const refused = await readToken(who, { resource: "arm" });
    expectProblem(refused, 502, "integration_fault");
    expect(refused.json).toMatchObject({
      provider_error: "invalid_client",
      error_codes: "7000215",
      meaning: "The client secret is wrong: set its value, not its id",
      fix: "operator",
    });
    expect([await integration(), (await describeConnection(who)).json.status]).toEqual([
      "faulty",
      "connected",
    ]);
    later(31_000);
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
    expect(await integration()).toBe("working");
  });
});
