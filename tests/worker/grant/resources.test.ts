/** One connection has several APIs, and several directories: what is one's changes nothing of another's. */
import { describe, expect, test } from "vitest";
import {
  Browser,
  connect,
  connected,
  describeConnection,
  expectProblem,
  get,
  newUser,
  readToken,
} from "../support/client.ts";
import { later } from "../support/stores.ts";
import { BOB, world } from "../support/world.ts";

const ARM = "https://management.azure.com/user_impersonation";
const FABRIKAM = "22222222-2222-4222-8222-222222222222";
const challenge = (value: string) => btoa(JSON.stringify({ access_token: { nbf: { value } } }));

/** Bob, who is a guest at Fabrikam. */
async function bob() {
  const who = { ...(await connected()), user: newUser() };
  await connect(who.key, who.user, BOB);
  return who;
}

describe("a link that asks for Azure alone", () => {
  test("gives Azure's token under its own name, and shows it to nobody else", async () => {
    const who = { ...(await connected()), user: newUser() };
    const page = await connect(who.key, who.user, BOB, { scopes: ARM });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining("onnected")]);
    const { json } = await describeConnection(who);
    expect((json.resources as { resource: string }[]).map(({ resource }) => resource)).toEqual(["arm"]);
    const token = await readToken(who, { resource: "arm" });
    expect([token.status, token.json.scope]).toEqual([200, expect.stringContaining("management")]);
    expectProblem(await readToken(who), 403, "resource_not_granted");
    expectProblem(await get(`/user?user_id=${who.user}`, who.key), 403, "resource_not_granted");
    expect((await get(`/subscriptions?user_id=${who.user}`, who.key)).status).toBe(200);
    later(3_590_000);
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
  });

  test("but for no API at all is refused", async () => {
    const { key } = await connected();
    const answer = await get(`/connect?user_id=${newUser()}&scopes=openid%20profile`, key);
    expectProblem(answer, 400, "invalid_request");
    expect(answer.json.detail).toContain("graph");
  });
});

describe("another directory's refusal", () => {
  test("to its guest is no reason to sign in at home", async () => {
    const who = await bob();
    await world.control({ token: { kind: "error", error: "invalid_grant", suberror: "basic_action" } });
    const refused = await readToken(who, { resource: "arm", tenant: FABRIKAM });
    expectProblem(refused, 403, "resource_refused");
    expect(refused.json.connect_url).toBeUndefined();
    expect(refused.json.detail).toContain("tenant_id");
    later(31_000);
    expect((await readToken(who, { resource: "arm", tenant: FABRIKAM })).status).toBe(200);
  });

  test("of the client's secret is the integration's, as everywhere", async () => {
    const who = await bob();
    await world.control({ token: { kind: "error", error: "invalid_client" } });
    expectProblem(await readToken(who, { resource: "arm", tenant: FABRIKAM }), 502, "integration_fault");
    expect((await get("/v1/integrations/azure", who.key)).json.status).not.toBe("working");
    later(31_000);
    expect((await readToken(who, { resource: "arm", tenant: FABRIKAM })).status).toBe(200);
  });

  test("as if the grant were dead is asked about at home, and not each time", async () => {
    const who = await bob();
    const guest = { resource: "arm", tenant: FABRIKAM };
    await world.control({ token: { kind: "error", error: "invalid_grant" }, reset_stats: true });
    expectProblem(await readToken(who, guest), 403, "resource_refused");
    expect(await world.tokenRequests("refresh_token")).toBe(1);
    later(11 * 60_000);
    await world.control({ token: { kind: "error", error: "invalid_grant" }, reset_stats: true });
    // Home gives a token: the grant lives.
    expectProblem(await readToken(who, guest), 403, "resource_refused");
    expect(await world.tokenRequests("refresh_token")).toBe(2);
    later(11 * 60_000);
    await world.control({ token: { kind: "error", error: "invalid_grant", times: 2 } });
    const dead = await readToken(who, guest);
    expectProblem(dead, 409, "needs_reauth");
    expect(dead.json.connect_url).toContain("/connect/");
    expect((await describeConnection(who)).json.status).toBe("needs_reauth");
  });

  test("is none where the directory is the connection's own", async () => {
    const who = await bob();
    const home = (await describeConnection(who)).json.account as { tenant_id: string };
    await world.control({ reset_stats: true });
    expect((await readToken(who, { tenant: home.tenant_id })).status).toBe(200);
    expect(await world.tokenRequests("refresh_token")).toBe(0);
    await world.control({ token: { kind: "error", error: "interaction_required" } });
    const refused = await readToken(who, { resource: "arm", tenant: home.tenant_id });
    expectProblem(refused, 409, "needs_reauth");
  });

  test("with its token in the record, home still comes to wait for a person", async () => {
    const who = await bob();
    expect((await readToken(who, { resource: "arm", tenant: FABRIKAM })).status).toBe(200);
    later(3_590_000);
    await world.control({ token: { kind: "error", error: "interaction_required" } });
    expectProblem(await readToken(who), 409, "needs_reauth");
    expect((await describeConnection(who)).json.status).toBe("needs_reauth");
    // And still does when the other directory gives a token.
    later(31_000);
    expect((await readToken(who, { resource: "arm", tenant: FABRIKAM })).status).toBe(200);
    expect((await describeConnection(who)).json.status).toBe("needs_reauth");
    expect((await readToken(who)).status).toBe(200);
    expect((await describeConnection(who)).json.status).toBe("connected");
  });
});

describe("claims that want a person", () => {
  test("answer the same link however often they are asked for", async () => {
    const who = await connected();
    await world.control({ token: { kind: "error", error: "interaction_required" }, reset_stats: true });
    const urls = new Set<unknown>();
    for (let n = 0; n < 8; n += 1) {
      const refused = await readToken(who, { claims: challenge("same") });
      expectProblem(refused, 409, "needs_reauth");
      urls.add(refused.json.connect_url);
    }
    expect(urls.size).toBe(1);
    expect(await world.tokenRequests("refresh_token")).toBe(1);
  });
});

describe("claims that change each time", () => {
  test("make four links of a connection in half a minute, and hand out the last one then", async () => {
    const who = await connected();
    const urls: unknown[] = [];
    for (let n = 0; n < 8; n += 1) {
      await world.control({ token: { kind: "error", error: "interaction_required" } });
      const refused = await readToken(who, {
        resource: n % 2 === 0 ? "graph" : "arm",
        claims: challenge(`${n}`),
      });
      expectProblem(refused, 409, "needs_reauth");
      urls.push(refused.json.connect_url);
    }
    expect(new Set(urls).size).toBe(4);
    expect(urls.slice(4)).toEqual([urls[3], urls[3], urls[3], urls[3]]);
  });

  test("cost a few token requests in half a minute, and no more", async () => {
    const who = await connected();
    await world.control({ reset_stats: true });
    const answers = [];
    for (let n = 0; n < 8; n += 1) answers.push(await readToken(who, { claims: challenge(`${n}`) }));
    expect(await world.tokenRequests("refresh_token")).toBe(4);
    for (const answer of answers.slice(4)) {
      expectProblem(answer, 503, "provider_unavailable");
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect((await readToken(who)).status).toBe(200);
    later(31_000);
    expect((await readToken(who, { claims: challenge("x") })).status).toBe(200);
  });
});

describe("two APIs that want a person", () => {
  test("each tell of their own claims", async () => {
    const who = await connected();
    later(3_590_000);
    const refusal = (claims: string) => ({ kind: "error", error: "interaction_required", claims }) as const;
    const graph = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const arm = '{"access_token":{"acrs":{"essential":true,"value":"c2"}}}';
    await world.control({ token: refusal(graph) });
    expectProblem(await readToken(who), 409, "needs_reauth");
    await world.control({ token: refusal(arm) });
    const refused = await readToken(who, { resource: "arm" });
    expectProblem(refused, 409, "needs_reauth");
    const browser = new Browser();
    await browser.upToCallback(String(refused.json.connect_url), BOB);
    expect(new URL(browser.authorizeUrl ?? "").searchParams.get("claims")).toBe(arm);
  });
});
