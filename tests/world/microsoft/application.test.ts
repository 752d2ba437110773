import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { decodeJwt } from "jose";
import { postForm } from "../testing.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { CONTOSO, FABRIKAM } from "./people.ts";
import { get } from "./testing.ts";

let microsoft: Microsoft;
before(async () => {
  microsoft = await startMicrosoft();
});
after(() => microsoft.close());
beforeEach(() => microsoft.control({ reset: true }));

function ask(tenant: string, form: Record<string, string> = {}) {
  const { clientId: client_id, clientSecret: client_secret } = microsoft;
  return postForm(`${microsoft.loginOrigin}/${tenant}/oauth2/v2.0/token`, {
    grant_type: "client_credentials",
    scope: "https://graph.microsoft.com/.default",
    client_id,
    client_secret,
    ...form,
  });
}

test("client credentials give a token of the app in that directory, with roles and no person", async () => {
  for (const [tenant, tid] of [
    [CONTOSO, CONTOSO],
    ["fabrikam.example", FABRIKAM],
  ] as const) {
    const { status, body } = await ask(tenant);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), [
      "access_token",
      "expires_in",
      "ext_expires_in",
      "token_type",
    ]);
    const claims = decodeJwt(String(body.access_token));
    assert.deepEqual([claims.tid, claims.idtyp, claims.appid], [tid, "app", microsoft.clientId]);
    assert.equal(claims.scp, undefined);
    assert.ok(Array.isArray(claims.roles));
  }
});

test("an app reads what its roles give it, and nothing of a person's", async () => {
  const { access_token: token } = (await ask(CONTOSO)).body;
  assert.equal((await get(`${microsoft.graphOrigin}/v1.0/users`, token)).status, 200);
  assert.equal((await get(`${microsoft.graphOrigin}/v1.0/me`, token)).status, 400);
  assert.equal((await get(`${microsoft.graphOrigin}/v1.0/me/messages`, token)).status, 400);
});

test("another scope than one `.default`, another tenant than one directory, another secret are refused", async () => {
  const numbers = async (tenant: string, form?: Record<string, string>) => {
    const { status, body } = await ask(tenant, form);
    return [status, body.error, (body.error_codes as number[])[0]];
  };
  const graph = "https://graph.microsoft.com";
  assert.deepEqual(await numbers(CONTOSO, { scope: `${graph}/User.Read` }), [400, "invalid_scope", 1002012]);
  const two = `${graph}/.default https://management.azure.com/.default`;
  assert.deepEqual(await numbers(CONTOSO, { scope: two }), [400, "invalid_scope", 1002012]);
  assert.deepEqual(await numbers("common"), [400, "invalid_request", 50059]);
  assert.deepEqual(await numbers("nowhere.example"), [400, "invalid_request", 90002]);
  assert.deepEqual(await numbers(CONTOSO, { client_secret: "no" }), [401, "invalid_client", 7000215]);
  assert.deepEqual(await numbers(CONTOSO, { client_id: "nobody" }), [400, "unauthorized_client", 700016]);
});
