/** App-only access: the registered app itself in one directory, without a person. */
import { describe, expect, test } from "vitest";
import type { Fault } from "../../world/faults.ts";
import {
  type Answer,
  Browser,
  type Connected,
  connect,
  createKey,
  describeConnection,
  disconnect,
  expectProblem,
  get,
  newestToken,
  newOrg,
  newUser,
  readToken,
  rpc,
  send,
} from "../support/client.ts";
import { configure, forget, later } from "../support/stores.ts";
import { ALICE, CONTOSO, FABRIKAM, world } from "../support/world.ts";

const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";
const PERMISSIONS = [
  "*",
  "connect:app",
  "calendar:read",
  "connections:organization",
  "users:read",
  "files:read",
  "proxy:graph",
];
const CONSENTS = "/v1/integrations/azure/admin-consents";

async function organization(permissions: readonly string[] = PERMISSIONS): Promise<Connected> {
  const org = newOrg();
  return { org, key: (await createKey(org, permissions)).key, user: "-" };
}

const connectApp = (who: Connected, body: Record<string, unknown> = { tenant_id: CONTOSO }) =>
  send("POST", "/v1/connections/app", who.key, body);

async function application(): Promise<Connected> {
  const who = await organization();
  const answer = await connectApp(who);
  expect(answer.status, answer.text).toBe(200);
  return who;
}

/** Its token for Graph lives 200 s more. */
async function endingSoon(): Promise<Connected> {
  await world.control({ expires_in: 200 });
  const who = await application();
  await world.control({ expires_in: 3600, reset_stats: true });
  return who;
}

const minted = () => world.tokenRequests("client_credentials");
const status = async (who: Connected) => (await describeConnection(who)).json.status;
const eventsOf = async (who: Connected) =>
  ((await get("/v1/events?user_id=-", who.key)).json.events as { type: string }[]).map(({ type }) => type);
const callsOf = async (path: string) =>
  (await world.requests()).filter((one) => one.origin !== "login" && one.path.startsWith(path)).length;

describe("connecting an application", () => {
  test("in a directory that the operator did not allow this organization is refused, and not asked for", async () => {
    const lists = { ALLOWED_APP_DIRECTORIES: JSON.stringify({ other: [CONTOSO], "*": [FABRIKAM] }) };
    const who = await organization();
    await configure(who, lists);
    await world.control({ reset_stats: true });
    expectProblem(await connectApp(who), 403, "directory_not_allowed");
    expect(await minted()).toBe(0);
    // Of its own directory the integration is the word.
    await configure(who, { ...lists, AZURE_TENANT_ID: CONTOSO });
    expect((await connectApp(who)).status).toBe(200);
    // Nor is a token minted once it is not allowed any more.
    await configure(who, lists);
    later(3_700_000);
    forget();
    expectProblem(await readToken(who), 403, "directory_not_allowed");
    await configure(who, { ALLOWED_APP_DIRECTORIES: "not JSON" });
    expectProblem(await readToken(who), 403, "directory_not_allowed");
  });

  test("takes nobody's sign-in, and shows whose it is and what it may do", async () => {
    const who = await organization();
    const answer = await connectApp(who);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      user_id: "-",
      subject: "organization",
      acts_as: "application",
      status: "connected",
      account: { label: "default", tenant_id: CONTOSO, name: "Postern (world)" },
      scopes: { asked: [], missing: [] },
      can_refresh: true,
    });
    expect((answer.json.scopes as { granted: string[] }).granted).toContain("User.Read.All");
    expect(await minted()).toBe(1);
    const [asked] = (await world.requests()).filter(({ origin }) => origin === "login");
    expect(asked?.path).toBe(`/${CONTOSO}/oauth2/v2.0/token`);
    expect(asked?.scope).toMatch(/^https:\/\/[^ ]*\/\.default$/);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    const listed = await get("/v1/connections?user_id=-", who.key);
    expect(listed.json.connections).toMatchObject([{ acts_as: "application" }]);
    expect(await eventsOf(who)).toEqual(["connection.connected"]);
  });

  test("needs a permission of its own", async () => {
    const who = await organization(["*", "connections:organization"]);
    expectProblem(await connectApp(who), 403, "permission_denied");
    expect(await minted()).toBe(0);
  });

  test("works over RPC, by a domain, beside another account of the organization", async () => {
    const who = await application();
    const service = rpc(who.org, PERMISSIONS);
    const other = await service.connectApp({ tenantId: "fabrikam.example", account: "fabrikam" });
    expect(other).toMatchObject({ account: { label: "fabrikam", tenant_id: FABRIKAM } });
    const tokens = await Promise.all([
      service.getToken({ userId: "-", integration: "azure" }),
      service.getToken({ userId: "-", integration: "azure", account: "fabrikam" }),
    ]);
    for (const token of tokens) expect(token).toHaveProperty("access_token");
    expect(new Set(tokens.map((token) => JSON.stringify(token))).size).toBe(2);
  });

  test("is in one directory that has an administrator: whatever else is named is not asked about", async () => {
    const who = await organization();
    for (const tenant_id of ["common", "organizations", "consumers", CONSUMERS, "a b", "../x", ""]) {
      expectProblem(await connectApp(who, { tenant_id }), 400, "invalid_request");
    }
    expectProblem(await connectApp(who, {}), 400, "invalid_request");
    expect(await minted()).toBe(0);
  });

  test("of a provider at which nobody acts but for a person is refused", async () => {
    const who = await organization();
    const answer = await connectApp(who, { tenant_id: CONTOSO, integration: "github" });
    expectProblem(answer, 400, "invalid_request");
  });

  test("does not take a person's place, nor another directory's", async () => {
    const who = await organization();
    expect((await connect(who.key, "-", ALICE)).status).toBe(200);
    expectProblem(await connectApp(who), 409, "other_account");
    expect((await describeConnection(who)).json.acts_as).toBeUndefined();
    await disconnect(who);
    expect((await connectApp(who)).status).toBe(200);
    expectProblem(await connectApp(who, { tenant_id: FABRIKAM }), 409, "other_account");
    expect((await describeConnection(who)).json).toMatchObject({ account: { tenant_id: CONTOSO } });
    // Nor does a person take its place.
    const refused = await connect(who.key, "-", ALICE);
    expect(refused.status).toBe(409);
    expect((await connectApp(who)).json.version).toBe(4);
  });

  test.each([
    ["another directory", { tid: FABRIKAM }],
    ["another app", { appid: "somebody-else" }],
    ["a person, by its kind", { idtyp: "user" }],
    ["a person, by its scopes", { scp: "User.Read" }],
  ])("a token of %s is not taken", async (_, app_claims) => {
    const who = await organization();
    await world.control({ app_claims });
    expectProblem(await connectApp(who), 403, "resource_refused");
    expectProblem(await readToken(who), 404, "not_connected");
    await world.control({ app_claims: {} });
    expect((await connectApp(who)).status).toBe(200);
    await world.control({ app_claims });
    expectProblem(await readToken(who, { resource: "arm" }), 403, "resource_refused");
    expect((await readToken(who)).status).toBe(200);
  });

  test.each([
    ["invalid_client", 7000215, 502, "integration_fault", "operator"],
    ["invalid_client", 7000229, 403, "resource_refused", "administrator"],
    ["unauthorized_client", 700016, 403, "resource_refused", "administrator"],
    ["invalid_request", 90002, 403, "resource_refused", "operator"],
    ["invalid_grant", 65001, 403, "resource_refused", "administrator"],
  ])("%s, %i: nothing is stored, and it says who can mend it", async (error, number, code, word, fix) => {
    const who = await organization();
    await world.control({ token: { kind: "error", error, number } });
    const refused = await connectApp(who);
    expectProblem(refused, code, word);
    expect(refused.json).toMatchObject({ provider_error: error, error_codes: String(number), fix });
    expectProblem(await readToken(who), 404, "not_connected");
    expect((await connectApp(who)).status).toBe(200);
  });
});

describe("an application's connection", () => {
  test("has a token for each API, each asked for by itself, and then read", async () => {
    const who = await application();
    const graph = await readToken(who);
    const arm = await readToken(who, { resource: "arm" });
    const vault = await readToken(who, { resource: "vault" });
    expectProblem(vault, 403, "permission_denied");
    expect(new Set([graph, arm].map(({ json }) => json.access_token)).size).toBe(2);
    expect((await readToken(who, { resource: "arm" })).json.access_token).toBe(arm.json.access_token);
    expect(await minted()).toBe(2);
    const scopes = (await world.requests()).flatMap(({ scope }) => scope ?? []);
    expect(scopes.every((scope) => scope.endsWith("/.default"))).toBe(true);
  });

  test("calls what has no person in it, typed and through the proxy", async () => {
    const who = await application();
    const users = await get("/users?user_id=-&top=2", who.key);
    expect(users.status, users.text).toBe(200);
    expect((await get("/subscriptions?user_id=-", who.key)).status).toBe(200);
    expect((await get("/v1/proxy/azure.graph/-/v1.0/users?$top=1", who.key)).status).toBe(200);
  });

  test("calls nothing of a person's, and the API is not asked", async () => {
    const who = await application();
    for (const path of ["/user", "/mail", "/calendars", "/files"]) {
      const refused = await get(`${path}?user_id=-`, who.key);
      expect([path, refused.status, refused.json.code]).toEqual([path, 400, "person_needed"]);
    }
    expect(await callsOf("/v1.0/me")).toBe(0);
  });

  test("is asked for again when its token runs out, once for all who ask", async () => {
    const who = await endingSoon();
    const answers = await Promise.all(Array.from({ length: 20 }, () => readToken(who)));
    const tokens = new Set(answers.map(({ json }) => json.access_token));
    expect([...tokens]).toEqual([await newestToken()]);
    expect(await minted()).toBe(1);
    expect(await world.tokenRequests("refresh_token")).toBe(0);
  });

  test("is asked for again when its API refuses the token, and the call succeeds", async () => {
    const who = await application();
    await world.control({ expire_access_tokens: true, reset_stats: true });
    expect((await get("/users?user_id=-&top=1", who.key)).status).toBe(200);
    expect(await minted()).toBe(1);
  });

  test.each([
    ["lost", { kind: "drop-after" }],
    ["cut off", { kind: "malformed" }],
    ["a gateway's", { kind: "status", status: 502 }],
  ] as const)("whose answer is %s is asked for again", async (_, fault) => {
    const who = await endingSoon();
    const before = (await readToken(who, { min_ttl: "0" })).json.access_token;
    expect(before).toBe(await newestToken());
    later(3_500_000);
    await world.control({ token: fault as Fault });
    const first = await readToken(who);
    expect(first.status === 503 || first.status === 200).toBe(true);
    later(31_000);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    expect(await status(who)).toBe("connected");
  });

  test("is told of an integration that is refused, which is marked; the connection is not", async () => {
    const who = await endingSoon();
    later(201_000);
    const ended = { kind: "error", error: "invalid_client", number: 7000222, times: "always" } as const;
    await world.control({ token: ended });
    const refused = await readToken(who);
    expectProblem(refused, 502, "integration_fault");
    expect(refused.json).toMatchObject({ fix: "operator", error_codes: "7000222" });
    expect(await status(who)).toBe("connected");
    expect((await get("/v1/integrations/azure", who.key)).json.status).toBe("faulty");
    await world.control({ reset: true });
    later(31_000);
    expect((await readToken(who)).status).toBe(200);
    expect((await get("/v1/integrations/azure", who.key)).json.status).toBe("working");
  });

  test.each([
    ["unauthorized_client", 700016],
    ["invalid_request", 90002],
    ["invalid_grant", 65001],
    ["invalid_grant", 501051],
    ["invalid_client", 7000229],
  ])("that its directory refuses (%s, %i) says so, and recovers by itself", async (error, number) => {
    const who = await endingSoon();
    later(201_000);
    await world.control({ token: { kind: "error", error, number } });
    const refused = await readToken(who);
    expectProblem(refused, 403, "resource_refused");
    expect(refused.json).toMatchObject({ provider_error: error, error_codes: String(number) });
    expect(refused.json.fix).toMatch(/administrator|operator/);
    expect(refused.json.connect_url).toBeUndefined();
    const shown = await describeConnection(who);
    expect(shown.json).toMatchObject({ status: "needs_reauth", cause: error, acts_as: "application" });
    expect((await get("/v1/integrations/azure", who.key)).json.status).toBe("working");
    // Nobody asks again at once.
    expectProblem(await readToken(who), 403, "resource_refused");
    expect(await minted()).toBe(1);
    later(31_000);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    expect(await status(who)).toBe("connected");
    expect(await eventsOf(who)).toEqual(
      expect.arrayContaining(["connection.needs_reauth", "connection.recovered"]),
    );
  });

  test("that one API refuses goes on with the others", async () => {
    const who = await application();
    await world.control({ token: { kind: "error", error: "invalid_resource", number: 500011 } });
    expectProblem(await readToken(who, { resource: "arm" }), 403, "resource_refused");
    expect(await status(who)).toBe("connected");
    expect((await readToken(who)).status).toBe(200);
  });

  test("is in one directory: no other one is asked for it", async () => {
    const who = await application();
    expectProblem(await readToken(who, { tenant: FABRIKAM }), 400, "invalid_request");
    expect((await readToken(who, { tenant: CONTOSO })).status).toBe(200);
    expect(await minted()).toBe(1);
  });

  test("answers a claims challenge with its own token, and never with a link", async () => {
    const who = await application();
    const claims = btoa('{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}');
    expect((await readToken(who, { claims })).json.access_token).toBe(await newestToken());
    await world.control({ token: { kind: "error", error: "interaction_required" } });
    const other = btoa('{"access_token":{"nbf":{"essential":true,"value":"1700000001"}}}');
    const refused = await readToken(who, { claims: other });
    expectProblem(refused, 403, "resource_refused");
    expect(await status(who)).toBe("connected");
  });

  test("ends with a disconnect, and there is nothing to roll back to", async () => {
    const who = await application();
    const rollback = `/v1/connections/azure/rollback?user_id=-&version=1`;
    expectProblem(await send("POST", rollback, who.key), 404, "version_not_kept");
    expect((await disconnect(who)).json).toMatchObject({ disconnected: true });
    expectProblem(await readToken(who), 404, "not_connected");
  });
});

describe("an administrator's consent that a browser claimed", () => {
  async function claimed(who: Connected): Promise<void> {
    const url = await get("/v1/integrations/azure/admin-consent-url", who.key);
    const state = new URL(String(url.json.url)).searchParams.get("state") ?? "";
    const query = new URLSearchParams({ admin_consent: "True", tenant: CONTOSO, state });
    expect((await new Browser().open(`/callback/azure?${query}`)).status).toBe(200);
  }
  const consent = async (who: Connected): Promise<Answer["json"]> =>
    (await get(`${CONSENTS}/${CONTOSO}`, who.key)).json;

  test("is verified by an application's token with roles, and by nothing less", async () => {
    const who = await organization();
    await claimed(who);
    await connect(who.key, newUser(), ALICE);
    expect((await consent(who)).status).toBe("claimed");
    await world.control({ app_claims: { roles: [] } });
    expect((await connectApp(who)).status).toBe(200);
    expect((await consent(who)).status).toBe("claimed");
    await world.control({ app_claims: {} });
    expect((await connectApp(who)).status).toBe(200);
    expect((await consent(who)).status).toBe("verified");
    await claimed(who);
    expect((await consent(who)).status).toBe("verified");
    expect((await get(CONSENTS, who.key)).json.admin_consents).toMatchObject([{ status: "verified" }]);
  });

  test("is of its own organization: another one's token verifies nothing", async () => {
    const who = await organization();
    await claimed(who);
    await application();
    expect((await consent(who)).status).toBe("claimed");
  });
});
