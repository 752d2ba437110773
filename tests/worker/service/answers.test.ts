/**
 * What is declared of answers is what callers get. Every answer that any test gets is held to it besides
 * (tests/worker/support/client.ts); here each operation is asked once, the providers' own answers too.
 */
import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { toBase64Url } from "../../../worker-shim/src/sealing.ts";
import CERTIFICATE from "../../data/keys/rsa-2048.crt?raw";
import PRIVATE_KEY from "../../data/keys/rsa-2048.pem?raw";
import {
  type Answer,
  Browser,
  type Connected,
  connected,
  createKey,
  get,
  newOrg,
  pathOf,
  rpc,
  send,
} from "../support/client.ts";
import { DAY, leaveRealTime, pass, SECOND } from "../support/clock.ts";
import { answering, complaintsOf, complaintsOfAnswer, manifest } from "../support/declared.ts";
import { connectedAt, GITHUB } from "../support/providers.ts";
import { answers, listen, Receiver, subscribed } from "../support/receiver.ts";
import { configure } from "../support/stores.ts";
import { ADMIN_KEY, CALLER_REDIRECT, RETURN_TO } from "../support/variables.ts";
import { ALICE, BOB, world } from "../support/world.ts";

const asked = new Set<string>();

function fits(name: string, value: unknown, over: "http" | "rpc"): void {
  const operation = answering.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`there is no operation ${name}`);
  expect(complaintsOfAnswer(operation, value, over)).toEqual([]);
  expect((value as { success?: boolean }).success, JSON.stringify(value)).not.toBe(false);
  asked.add(name);
}

function overHttp(name: string, answer: Answer): Record<string, unknown> {
  expect([200, 201], answer.text).toContain(answer.status);
  fits(name, answer.json, "http");
  return answer.json;
}

async function overRpc<T>(name: string, answer: Promise<T>): Promise<Exclude<T, { success: false }>> {
  const value = await answer;
  fits(name, value, "rpc");
  return value as Exclude<T, { success: false }>;
}

const CONTOSO = "11111111-1111-4111-8111-111111111111";
const azure = ({ user }: Connected) => ({ integration: "azure", userId: user });
const query = ({ user }: Connected) => `user_id=${user}`;

beforeEach(leaveRealTime);

describe("a declaration", () => {
  test.each([
    ["a member that is missing", "{a: string, b?: number}", {}, ["answer.a is absent"]],
    ["one that is not declared", "{a: string}", { a: "x", c: 1 }, ["answer.c is declared nowhere"]],
    ["one of another kind", "{a: {b: number}[]}", { a: [{ b: "1" }] }, ['answer.a[0].b is "1", not number']],
    [
      "a word that is none of them",
      '"on" | "off"',
      "of",
      ['answer is "of", not "on"', 'answer is "of", not "off"'],
    ],
    ["an object instead of a list", "string[]", {}, ["answer is {}, not a list"]],
    [
      "what only some members are declared of",
      "{a: string, [more: string]: unknown}",
      { b: 1 },
      ["answer.a is absent"],
    ],
    ["nothing", "(string | null)[] | {a?: true}", [null, "x"], []],
    ["nothing of a named one", "ConnectionResource", { resource: "graph", scope: "" }, []],
  ])("is told from %s", (_, type, value, complaints) => {
    expect(complaintsOf(type, value)).toEqual(complaints);
  });

  test("can be read, of every shape and every operation", () => {
    for (const { type } of manifest.shapes) expect(complaintsOf(type, undefined).length).toBeGreaterThan(0);
    for (const { result } of answering) expect(complaintsOf(result, undefined).length).toBeGreaterThan(0);
    expect(() => complaintsOf("NoSuchType", {})).toThrow("there is no type");
  });
});

describe("the answer fits its declaration", () => {
  test("of a connection's whole life, over HTTP and RPC", async () => {
    const { key } = await createKey("acme");
    const who: Connected = { org: "acme", key, user: `answers-${crypto.randomUUID()}` };
    const service = rpc(who.org);
    const link = await overRpc(
      "create_connect_link",
      service.createConnectLink({ userId: who.user, returnTo: RETURN_TO, confirm: "backend" }),
    );
    overHttp("create_connect_link", await get(`/connect?${query(who)}`, key));
    const browser = new Browser();
    const back = await browser.open(await browser.upToCallback(link.auth_url, ALICE));
    const { searchParams } = new URL(back.headers.get("location") ?? "");
    const code = searchParams.get("code") ?? "";
    await overRpc(
      "confirm_connection",
      service.confirmConnection({ attempt: link.state, code, userId: who.user }),
    );

    await overRpc("get_token", service.getToken(azure(who)));
    overHttp("get_token", await get(pathOf(who, "/token", { resource: "arm" }), key));
    await overRpc("get_connection", service.getConnection(azure(who)));
    overHttp("get_connection", await get(pathOf(who), key));
    await overRpc("list_connections", service.listConnections({ userId: who.user }));
    overHttp("list_connections", await get("/v1/connections", key));
    await pass(SECOND);
    await overRpc("refresh", service.refresh(azure(who)));
    await overRpc("list_versions", service.listVersions(azure(who)));
    overHttp("list_versions", await get(pathOf(who, "/versions"), key));
    await overRpc("get_integration", service.getIntegration({ integration: "azure" }));
    overHttp("get_attempt", await get(`/v1/connect-links/${link.state}`, key));
    await overRpc("get_attempt", service.getAttempt({ attempt: link.state }));
    const asked = await overRpc("admin_consent_url", service.adminConsentUrl({ tenantId: "organizations" }));
    const state = new URL(asked.url).searchParams.get("state") ?? "";
    const consent = new URLSearchParams({ admin_consent: "True", tenant: CONTOSO, state });
    expect((await browser.open(`/callback/azure?${consent}`)).status).toBe(200);
    await overRpc("list_admin_consents", service.listAdminConsents({ integration: "azure" }));
    await overRpc("get_admin_consent", service.getAdminConsent({ integration: "azure", tenantId: CONTOSO }));
    await overRpc("logout_url", service.logoutUrl({}));
    await overRpc("list_events", service.listEvents({}));
    overHttp("list_events", await get("/v1/events", key));
    await overRpc("disconnect", service.disconnect(azure(who)));
    overHttp("list_connections", await get("/v1/connections?status=revoked", key));
  });

  test("of each read of Graph and Resource Manager", async () => {
    const who = await connected();
    const service = rpc(who.org);
    const userId = who.user;
    await overRpc("get_user", service.getUser({ userId }));
    overHttp("get_user", await get(`/user?${query(who)}`, who.key));
    await overRpc("list_tenants", service.listTenants({ userId }));
    const [subscription] = await overRpc("list_subscriptions", service.listSubscriptions({ userId }));
    overHttp("list_subscriptions", await get(`/subscriptions?${query(who)}`, who.key));
    const subscriptionId = subscription?.subscriptionId ?? "";
    await overRpc("list_resource_groups", service.listResourceGroups({ userId, subscriptionId }));
    await overRpc("list_resources", service.listResources({ userId, subscriptionId }));
    const mail = await overRpc("get_mail", service.getMail({ userId }));
    expect(mail.length).toBeGreaterThan(0);
    overHttp("get_mail", await get(`/mail?${query(who)}`, who.key));
    const events = await overRpc("get_calendar_events", service.getCalendarEvents({ userId }));
    expect(events.length).toBeGreaterThan(0);
  });

  test("of a version that is gone back to", async () => {
    const who = await connected();
    await configure(who, { AZURE_REPLAY: "old_stays_valid" });
    await pass(SECOND);
    await overRpc("refresh", rpc(who.org).refresh(azure(who)));
    await overRpc("rollback", rpc(who.org).rollback({ ...azure(who), version: 1 }));
  });

  test("of a token without an end", async () => {
    const who = await connectedAt(GITHUB);
    const token = await overRpc(
      "get_token",
      rpc(who.org).getToken({ integration: "github", userId: who.user }),
    );
    expect(token.expires_at).toBeNull();
    await overRpc("get_connection", rpc(who.org).getConnection({ integration: "github", userId: who.user }));
  });

  test("of a caller that redeems its own code", async () => {
    const verifier = "a-second-workers-own-verifier-a-second-workers-own";
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const service = rpc("acme");
    const userId = `caller-${crypto.randomUUID()}`;
    const link = await overRpc(
      "create_connect_link",
      service.createConnectLink({
        userId,
        mode: "caller",
        redirectUri: CALLER_REDIRECT,
        codeChallenge: toBase64Url(new Uint8Array(hash)),
      }),
    );
    const { searchParams } = await world.signIn(link.auth_url, BOB);
    const [code = "", state = ""] = ["code", "state"].map((name) => searchParams.get(name) ?? "");
    await overRpc("connect", service.connectAccount({ userId, code, codeVerifier: verifier, state }));
  });

  test("of a connection that needs a person, whose refusal is declared too", async () => {
    const who = await connected(BOB);
    await world.control({ revoke: BOB });
    await pass(SECOND);
    const refused = await rpc(who.org).refresh(azure(who));
    expect(refused).toMatchObject({ success: false, code: "needs_reauth" });
    expect(complaintsOf("Refusal", refused)).toEqual([]);
    const connection = await overRpc("get_connection", rpc(who.org).getConnection(azure(who)));
    expect(connection).toMatchObject({ status: "needs_reauth", fix: "user" });
    await overRpc("list_events", rpc(who.org).listEvents({}));
  });

  test("of an application, and of its certificate", async () => {
    const service = rpc(newOrg(), ["connect:app", "integrations:write", "integrations:read"]);
    await overRpc("connect_app", service.connectApp({ tenantId: CONTOSO }));
    const pair = { integration: "azure", certificate: CERTIFICATE, privateKey: PRIVATE_KEY };
    await overRpc("import_certificate", service.importCertificate(pair));
    await overRpc("get_credential", service.getCredential({ integration: "azure" }));
    await overRpc("delete_credential", service.deleteCredential({ integration: "azure" }));
  });

  test("of an event that no webhook took, and of one that is sent again", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(410);
    const who = await subscribed([receiver.entry()]);
    await pass(5 * DAY, who);
    const { dead_letters: letters } = await overRpc("list_dead_letters", rpc(who.org).listDeadLetters({}));
    expect(letters).toHaveLength(1);
    const eventId = letters[0]?.id ?? "";
    await overRpc("redeliver_event", rpc(who.org).redeliverEvent({ eventId }));
  });

  test("of the administrator's operations and of health", async () => {
    const org = newOrg();
    const expires_at = new Date(Date.now() + DAY).toISOString();
    const made = await send("POST", "/v1/api-keys", ADMIN_KEY, {
      org_id: org,
      name: "answers",
      permissions: ["graph:read", "tokens:read:arm"],
      expires_at,
    });
    const { id } = overHttp("create_api_key", made);
    overHttp("list_api_keys", await get(`/v1/api-keys?org_id=${org}`, ADMIN_KEY));
    overHttp("revoke_api_key", await send("DELETE", `/v1/api-keys/${id}`, ADMIN_KEY));
    overHttp("health", await get("/health", ""));
    overHttp("health", await get("/health?deep=true", ADMIN_KEY));
    expect(env.ADMIN_API_KEY).toBe(ADMIN_KEY);
  });
});

afterAll(() => {
  // Those of providers' APIs are asked, each, by tests/worker/resource/described.test.ts.
  const others = answering.filter(({ call }) => call === undefined).map(({ name }) => name);
  expect(others.filter((name) => !asked.has(name))).toEqual(["get_operation"]);
});
