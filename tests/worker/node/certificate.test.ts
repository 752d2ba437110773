/** An assertion by an organization's certificate, before a token endpoint that others wrote: npm `oidc-provider`. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import Provider from "oidc-provider";
import { CONTOSO } from "../../world/microsoft/people.ts";
import { ADMIN_KEY } from "../support/variables.ts";
import { Postern } from "./postern.ts";

const key = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../data/keys/${name}`, import.meta.url)), "utf8");
const CLIENT_ID = "postern-by-certificate";
const SCOPE = "https://graph.microsoft.com/.default";

let postern: Postern;
let server: Server;
const given: string[] = [];

/** At the path where Entra has its token endpoint; the client has the certificate's key and no secret. */
async function startProvider(certificate: string): Promise<string> {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwk = new X509Certificate(certificate).publicKey.export({ format: "jwk" });
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: CLIENT_ID,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "PS256",
        jwks: { keys: [{ ...jwk, use: "sig" }] },
        scope: SCOPE,
      },
    ],
    scopes: [SCOPE],
    clientAuthMethods: ["private_key_jwt"],
    enabledJWA: { clientAuthSigningAlgValues: ["PS256"] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    routes: { token: `/${CONTOSO}/oauth2/v2.0/token` },
  });
  provider.on("client_credentials.saved", ({ clientId }) => given.push(String(clientId)));
  server.on("request", provider.callback());
  return origin;
}

before(async () => {
  const login = await startProvider(key("rsa-2048.crt"));
  postern = await Postern.start({
    AZURE_CLIENT_ID: CLIENT_ID,
    AZURE_LOGIN_ORIGIN: login,
    ALLOW_INSECURE_ORIGINS: login,
  });
});
after(async () => {
  await postern?.stop();
  server?.closeAllConnections();
  server?.close();
});

async function ask(method: string, path: string, bearer: string, body?: unknown) {
  const response = await fetch(new URL(path, await postern.address()), {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text) as Record<string, unknown> };
}

test("is taken, each time by a number of its own; without it the app is nobody", async () => {
  const permissions = ["connect:app", "integrations:write", "tokens:read", "connections:organization"];
  const made = await ask("POST", "/v1/api-keys", ADMIN_KEY, { org_id: "acme", name: "app", permissions });
  const caller = String(made.json.key);
  const pair = { certificate: key("rsa-2048.crt"), private_key: key("rsa-2048.pem") };
  const imported = await ask("PUT", "/v1/integrations/azure/certificate", caller, pair);
  assert.equal(imported.status, 200, imported.text);
  for (const account of ["one", "two"]) {
    const connected = await ask("POST", "/v1/connections/app", caller, { tenant_id: CONTOSO, account });
    assert.equal(connected.status, 200, connected.text);
    assert.equal(connected.json.acts_as, "application");
    const token = await ask("GET", `/v1/connections/azure/token?user_id=-&account=${account}`, caller);
    assert.equal(token.status, 200, token.text);
  }
  assert.deepEqual(given, [CLIENT_ID, CLIENT_ID]);
  // The client has no secret there. Another organization has no certificate here.
  const stranger = await ask("POST", "/v1/api-keys", ADMIN_KEY, {
    org_id: "umbrella",
    name: "app",
    permissions,
  });
  const refused = await ask("POST", "/v1/connections/app", String(stranger.json.key), { tenant_id: CONTOSO });
  assert.equal(refused.json.code, "integration_fault", refused.text);
  assert.equal(given.length, 2);
});
