/// <reference types="vite/types/importMeta.d.ts" />
/** A certificate in place of the client secret: it is imported once, signs, and nobody ever reads its key again. */
import { env } from "cloudflare:workers";
import { decodeJwt, decodeProtectedHeader, importX509, jwtVerify } from "jose";
import { describe, expect, test, vi } from "vitest";
import {
  type Answer,
  type Connected,
  connect,
  createKey,
  expectProblem,
  get,
  newestToken,
  newOrg,
  newUser,
  readToken,
  rpc,
  send,
} from "../support/client.ts";
import { everyStoredByte } from "../support/hay.ts";
import { logLines } from "../support/logs.ts";
import { findSecrets } from "../support/secrets.ts";
import { later } from "../support/stores.ts";
import { CONTOSO, world } from "../support/world.ts";

const files = import.meta.glob<string>(["../../data/keys/*.pem", "../../data/keys/*.crt"], {
  eager: true,
  query: "?raw",
  import: "default",
});
const file = (name: string) => files[`../../data/keys/${name}`] ?? "";
const CERTIFICATE = file("rsa-2048.crt");
const PRIVATE_KEY = file("rsa-2048.pem");
const PATH = "/v1/integrations/azure/certificate";
const CREDENTIAL = "/v1/integrations/azure/credential";
const PERMISSIONS = [
  "*",
  "connect:app",
  "connections:organization",
  "integrations:write",
  "integrations:read",
];

async function organization(permissions: readonly string[] = PERMISSIONS): Promise<Connected> {
  const org = newOrg();
  return { org, key: (await createKey(org, permissions)).key, user: "-" };
}

const importPair = (who: Connected, certificate = CERTIFICATE, private_key = PRIVATE_KEY): Promise<Answer> =>
  send("PUT", PATH, who.key, { certificate, private_key });
const connectApp = (who: Connected) => send("POST", "/v1/connections/app", who.key, { tenant_id: CONTOSO });
const newestAssertion = async () => (await world.secrets()).client_assertions?.at(-1) ?? "";
const secretsSent = async () => (await world.secrets()).client_secrets?.length ?? 0;

async function thumbprint(pem: string): Promise<string> {
  const der = Uint8Array.from(atob(pem.replaceAll(/-----.*-----|\s/g, "")), (c) => c.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return btoa(String.fromCharCode(...digest))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

describe("importing a certificate", () => {
  test("answers its thumbprint and nothing of the key; it is shown and taken away", async () => {
    const who = await organization();
    expectProblem(await get(CREDENTIAL, who.key), 404, "not_found");
    const imported = await importPair(who);
    expect(imported.status, imported.text).toBe(200);
    const { added_at } = imported.json;
    expect(imported.json).toEqual({
      integration: "azure",
      kind: "certificate",
      thumbprint: await thumbprint(CERTIFICATE),
      added_at,
    });
    expect((await get(CREDENTIAL, who.key)).json).toEqual(imported.json);
    expect((await send("DELETE", CREDENTIAL, who.key)).json).toEqual({ success: true, deleted: true });
    expect((await send("DELETE", CREDENTIAL, who.key)).json).toEqual({ success: true, deleted: false });
    expectProblem(await get(CREDENTIAL, who.key), 404, "not_found");
  });

  test("needs a permission of its own", async () => {
    const who = await organization(["*", "connect:app"]);
    expectProblem(await importPair(who), 403, "permission_denied");
    expectProblem(await send("DELETE", CREDENTIAL, who.key), 403, "permission_denied");
  });

  test.each([
    ["a key for another certificate", file("rsa-2048-other.crt"), PRIVATE_KEY, "private_key"],
    ["an elliptic curve's", file("rfc8705-a.crt"), PRIVATE_KEY, "certificate"],
    ["a short key", CERTIFICATE, file("rsa-1024.pem"), "private_key"],
    ["PKCS#1", CERTIFICATE, file("rsa-2048-pkcs1.pem"), "private_key"],
    ["an encrypted key", CERTIFICATE, file("rsa-2048-encrypted.pem"), "private_key"],
    ["no PEM", "certificate", PRIVATE_KEY, "certificate"],
    ["two certificates", CERTIFICATE + CERTIFICATE, PRIVATE_KEY, "certificate"],
    ["a key in place of the certificate", PRIVATE_KEY, PRIVATE_KEY, "certificate"],
  ])(
    "of %s says which of the two is wrong, repeats nothing and stores nothing",
    async (...[, crt, key, at]) => {
      const who = await organization();
      const refused = await importPair(who, crt, key);
      expectProblem(refused, 400, "invalid_request");
      expect(refused.json.detail).toMatch(new RegExp(`^.${at}.: `));
      for (const line of key.split("\n").slice(1, 4)) expect(refused.text).not.toContain(line);
      expectProblem(await get(CREDENTIAL, who.key), 404, "not_found");
    },
  );

  test("whose key does not sign as the certificate says stores nothing", async () => {
    const who = await organization();
    const spy = vi.spyOn(crypto.subtle, "sign").mockResolvedValue(new ArrayBuffer(256));
    expectProblem(await importPair(who), 400, "invalid_request");
    spy.mockRestore();
    expectProblem(await get(CREDENTIAL, who.key), 404, "not_found");
  });

  test("is the organization's own: another one has none, and goes on with the secret", async () => {
    const [who, other] = [await organization(), await organization()];
    await importPair(who);
    expectProblem(await get(CREDENTIAL, other.key), 404, "not_found");
    const last = await newestAssertion();
    expect((await connectApp(other)).status).toBe(200);
    expect(await newestAssertion()).toBe(last);
  });
});

describe("an application with a certificate", () => {
  test("proves itself by an assertion that others verify, and sends no secret", async () => {
    const who = await organization();
    await world.control({ certificate: CERTIFICATE });
    await importPair(who);
    const before = await secretsSent();
    expect((await connectApp(who)).status).toBe(200);
    expect(await secretsSent()).toBe(before);
    const assertion = await newestAssertion();
    expect(decodeProtectedHeader(assertion)).toEqual({
      alg: "PS256",
      typ: "JWT",
      "x5t#S256": await thumbprint(CERTIFICATE),
    });
    const { payload } = await jwtVerify(assertion, await importX509(CERTIFICATE, "PS256"), {
      audience: `${env.AZURE_LOGIN_ORIGIN}/${CONTOSO}/oauth2/v2.0/token`,
      issuer: String(env.AZURE_CLIENT_ID),
      subject: String(env.AZURE_CLIENT_ID),
    });
    expect((payload.exp ?? 0) - (payload.nbf ?? 0)).toBe(300);
    expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/);
    const arm = await readToken(who, { resource: "arm" });
    expect(arm.status, arm.text).toBe(200);
    const next = decodeJwt(await newestAssertion());
    expect(next.jti).not.toBe(payload.jti);
  });

  test("that is not registered says so, and names nobody's connection", async () => {
    const who = await organization();
    await importPair(who);
    await world.control({ certificate: file("rsa-2048-other.crt") });
    const refused = await connectApp(who);
    expectProblem(refused, 502, "integration_fault");
    expect(refused.json).toMatchObject({ error_codes: "700027", fix: "operator" });
    expect(refused.json.meaning).toContain("thumbprint");
  });

  test("goes back to the secret when the certificate is taken away", async () => {
    const who = await organization();
    await world.control({ certificate: CERTIFICATE });
    await importPair(who);
    await connectApp(who);
    await send("DELETE", CREDENTIAL, who.key);
    later(31_000);
    const before = await secretsSent();
    const last = await newestAssertion();
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
    expect(await newestAssertion()).toBe(last);
    expect(await secretsSent()).toBeGreaterThanOrEqual(before);
  });

  test("is the app's: people's codes and refreshes go on with the secret", async () => {
    const who = await organization();
    await world.control({ certificate: CERTIFICATE });
    await importPair(who);
    const person = { ...who, user: newUser() };
    const last = await newestAssertion();
    expect((await connect(person.key, person.user)).status).toBe(200);
    expect((await readToken(person, { resource: "arm" })).status).toBe(200);
    expect(await newestAssertion()).toBe(last);
  });

  test("waits while nobody can say whether there is a certificate: the secret is no substitute", async () => {
    const who = await organization();
    await world.control({ certificate: CERTIFICATE });
    await importPair(who);
    await connectApp(who);
    later(31_000);
    const real = (Object.getPrototypeOf(env.DB) as D1Database).batch;
    const spy = vi.spyOn(Object.getPrototypeOf(env.DB) as D1Database, "batch");
    spy.mockImplementation(function refused(this: D1Database, statements) {
      const text = String((statements[0] as unknown as { statement: string }).statement);
      return text.includes("integration_credentials")
        ? Promise.reject(new Error("down"))
        : real.call(this, statements);
    });
    expectProblem(await readToken(who, { resource: "arm" }), 503, "store_unavailable");
    spy.mockRestore();
    const after = await readToken(who, { resource: "arm" });
    expect(after.json.access_token, after.text).toBe(await newestToken());
  });
});

test("in no store, log or answer is anything of the key, nor of an assertion", async () => {
  const who = await organization();
  await world.control({ certificate: CERTIFICATE });
  const answers = [
    await importPair(who),
    await get(CREDENTIAL, who.key),
    await connectApp(who),
    await get("/v1/connections?user_id=-", who.key),
    await get("/v1/events?user_id=-", who.key),
    await get("/v1/integrations/azure", who.key),
  ];
  const service = rpc(who.org, PERMISSIONS);
  const told = JSON.stringify([
    await service.getCredential({}),
    await service.importCertificate({ certificate: CERTIFICATE, privateKey: PRIVATE_KEY }),
  ]);
  // Its lines, and what it is in binary.
  const body = PRIVATE_KEY.replaceAll(/-----.*-----|\s/g, "");
  const secrets = [body.slice(200, 260), body.slice(800, 860), await newestAssertion()];
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(50);
  const hay = [...answers.map(({ text }) => text), told, ...logLines()].join("\n");
  for (const secret of secrets) expect(hay).not.toContain(secret);
  const stored = await everyStoredByte();
  expect(findSecrets(new Map(secrets.map((secret) => [secret, "of the key"])), stored)).toEqual([]);
  // The key itself, as the bytes that PEM stands for.
  const raw = atob(body.slice(200, 260));
  const latin1 = new TextDecoder("latin1");
  const holding = stored.filter(({ bytes }) =>
    (typeof bytes === "string" ? bytes : latin1.decode(bytes)).includes(raw),
  );
  expect(holding.map(({ where }) => where)).toEqual([]);
  expect(stored.some(({ where }) => where === "D1 integration_credentials.sealed_key")).toBe(true);
});
