import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { BAD_ID_TOKENS } from "../id-token.ts";
import { signIn } from "../sign-in.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { CONTOSO } from "./people.ts";
import {
  ALICE,
  ARM_SCOPE,
  attempt,
  BOB,
  CAROL,
  codeFor,
  GRAPH_SCOPES,
  get,
  REDIRECT,
  redeem,
  refresh,
  SCOPES,
  tokenRequest,
} from "./testing.ts";

let microsoft: Microsoft;
before(async () => {
  microsoft = await startMicrosoft();
});
after(() => microsoft.close());
beforeEach(() => microsoft.control({ reset: true }));

test("PKCE flow from the sign-in page to the profile", async () => {
  const of = attempt(microsoft);
  const answer = await redeem(microsoft, ALICE, GRAPH_SCOPES, of);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.scope, "openid profile email User.Read Mail.Read Calendars.Read");
  const keys = createRemoteJWKSet(new URL(`${microsoft.loginOrigin}/common/discovery/v2.0/keys`));
  const { payload } = await jwtVerify(String(answer.body.id_token), keys, {
    issuer: `${microsoft.loginOrigin}/${CONTOSO}/v2.0`,
    audience: microsoft.clientId,
    algorithms: ["RS256"],
  });
  assert.equal(payload.nonce, of.nonce);
  assert.equal(payload.tid, CONTOSO);
  assert.equal(payload.nbf, payload.iat);
  const me = await get(`${microsoft.graphOrigin}/v1.0/me`, answer.body.access_token);
  assert.equal(me.body.mail, ALICE);
  assert.equal(me.body.id, payload.oid);
});

test("a wrong verifier, a used code and a wrong secret are refused in Entra's words", async () => {
  const of = attempt(microsoft);
  const code = await codeFor(microsoft, ALICE, of);
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT, scope: GRAPH_SCOPES };
  const wrong = await tokenRequest(microsoft, { ...form, code_verifier: "x".repeat(43) });
  assert.equal(wrong.body.error, "invalid_grant");
  assert.ok(Array.isArray(wrong.body.error_codes) && wrong.body.trace_id && wrong.body.correlation_id);
  const secret = await tokenRequest(microsoft, { ...form, code_verifier: of.verifier, client_secret: "no" });
  assert.deepEqual([secret.status, secret.body.error], [401, "invalid_client"]);
  assert.equal((await tokenRequest(microsoft, { ...form, code_verifier: of.verifier })).status, 200);
  assert.equal(
    (await tokenRequest(microsoft, { ...form, code_verifier: of.verifier })).body.error,
    "invalid_grant",
  );
});

test("rotation is strict: a used refresh token is dead", async () => {
  const first = (await redeem(microsoft, ALICE)).body.refresh_token;
  const second = await refresh(microsoft, first);
  assert.equal(second.status, 200, second.text);
  assert.notEqual(second.body.refresh_token, first);
  assert.equal(decodeJwt(String(second.body.id_token)).nonce, undefined);
  assert.equal((await refresh(microsoft, first)).body.error, "invalid_grant");
  assert.equal((await refresh(microsoft, second.body.refresh_token)).status, 200);
});

test("with reusable rotation the old refresh token stays valid, also for several at once", async () => {
  const first = (await redeem(microsoft, ALICE)).body.refresh_token;
  microsoft.control({ rotation: "reusable" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(microsoft, first)));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  for (const { body } of answers) assert.equal((await refresh(microsoft, body.refresh_token)).status, 200);
});

test("one refresh token serves both resources, one at a time", async () => {
  const mixed = await redeem(microsoft, ALICE, SCOPES);
  assert.deepEqual([mixed.status, mixed.body.error, mixed.body.error_codes], [400, "invalid_scope", [28000]]);
  const graph = await redeem(microsoft, ALICE);
  const arm = await refresh(microsoft, graph.body.refresh_token, `${ARM_SCOPE} offline_access`);
  assert.equal(arm.body.scope, ARM_SCOPE);
  const subscriptions = `${microsoft.armOrigin}/subscriptions?api-version=2020-01-01`;
  assert.equal((await get(subscriptions, arm.body.access_token)).status, 200);
  assert.equal((await get(subscriptions, graph.body.access_token)).status, 401);
  const me = await get(`${microsoft.graphOrigin}/v1.0/me`, arm.body.access_token);
  assert.equal(me.status, 401);
  assert.match(me.headers.get("www-authenticate") ?? "", /^Bearer /);
});

test("a refresh without scope, and one for what was not consented to, are refused and rotate nothing", async () => {
  const only = attempt(microsoft, "common", { scope: GRAPH_SCOPES });
  const token = (await redeem(microsoft, ALICE, GRAPH_SCOPES, only)).body.refresh_token;
  const without = await tokenRequest(microsoft, {
    grant_type: "refresh_token",
    refresh_token: String(token),
  });
  assert.deepEqual([without.status, without.body.error_codes], [400, [90009]]);
  const asked = await refresh(microsoft, token, ARM_SCOPE);
  assert.deepEqual([asked.body.error, asked.body.suberror], ["invalid_grant", "consent_required"]);
  assert.equal((await refresh(microsoft, token)).status, 200);
});

test("no offline_access, no refresh token; no openid, no ID token", async () => {
  const answer = await redeem(
    microsoft,
    ALICE,
    "User.Read",
    attempt(microsoft, "common", { scope: "User.Read" }),
  );
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.refresh_token, undefined);
  assert.equal(answer.body.id_token, undefined);
});

test("deny sends access_denied and the state back; nothing is sent to a redirect that is not registered", async () => {
  const of = attempt(microsoft);
  const target = new URL(await signIn({ authorizeUrl: of.url }));
  assert.equal(target.origin + target.pathname, REDIRECT);
  assert.equal(target.searchParams.get("error"), "access_denied");
  assert.equal(target.searchParams.get("state"), of.state);
  const foreign = of.url.replace(encodeURIComponent(REDIRECT), encodeURIComponent("http://evil.example/"));
  for (const url of [foreign, foreign.replace("authorize?", "authorize/cancel?")]) {
    const response = await fetch(url, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [400, null]);
  }
});

test("a tenant admits its own people only", async () => {
  await assert.rejects(codeFor(microsoft, CAROL, attempt(microsoft, CONTOSO)), /does not offer/);
  await assert.rejects(codeFor(microsoft, ALICE, attempt(microsoft, "consumers")), /does not offer/);
  assert.ok(await codeFor(microsoft, BOB, attempt(microsoft, "contoso.example")));
  const found = await fetch(`${microsoft.loginOrigin}/organizations/v2.0/.well-known/openid-configuration`);
  const { issuer } = (await found.json()) as { issuer: string };
  assert.equal(issuer, `${microsoft.loginOrigin}/{tenantid}/v2.0`);
  assert.equal((await fetch(`${microsoft.loginOrigin}/nonsense/oauth2/v2.0/authorize`)).status, 404);
});

test("a person keeps the object id when the world starts again", async () => {
  const other = await startMicrosoft();
  try {
    const [here, there] = await Promise.all([redeem(microsoft, ALICE), redeem(other, ALICE)]);
    const oid = (answer: typeof here) => decodeJwt(String(answer.body.id_token)).oid;
    assert.equal(oid(here), oid(there));
  } finally {
    await other.close();
  }
});

test("each bad ID token is refused by a verifier that does its work", async () => {
  const keys = createRemoteJWKSet(new URL(`${microsoft.loginOrigin}/common/discovery/v2.0/keys`));
  for (const bad of BAD_ID_TOKENS) {
    microsoft.control({ token: { kind: "id-token", bad } });
    const of = attempt(microsoft);
    const { body } = await redeem(microsoft, ALICE, GRAPH_SCOPES, of);
    const check = async () => {
      const { payload } = await jwtVerify(String(body.id_token), keys, {
        audience: microsoft.clientId,
        algorithms: ["RS256"],
      });
      assert.equal(payload.nonce, of.nonce);
      assert.equal(payload.iss, `${microsoft.loginOrigin}/${payload.tid}/v2.0`);
    };
    await assert.rejects(check, `${bad} was taken for good`);
  }
});
