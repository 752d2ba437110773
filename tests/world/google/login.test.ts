import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { BAD_ID_TOKENS } from "../id-token.ts";
import { signIn } from "../sign-in.ts";
import { codeOf, get } from "../testing.ts";
import { type Google, startGoogle } from "./google.ts";
import { PEOPLE } from "./people.ts";
import { ALICE, attempt, BOB, DAVE, GMAIL, REDIRECT, redeem, refresh, tokenRequest } from "./testing.ts";

let google: Google;
before(async () => {
  google = await startGoogle();
});
after(() => google.close());
beforeEach(() => google.control({ reset: true, revoke: true }));

const EMAIL = "https://www.googleapis.com/auth/userinfo.email";
const PROFILE = "https://www.googleapis.com/auth/userinfo.profile";
const userinfo = (token: unknown) => get(`${google.origin}/v1/userinfo`, token);
const keys = () => createRemoteJWKSet(new URL(`${google.origin}/oauth2/v3/certs`));

test("PKCE flow from the sign-in page to the profile, for each person", async () => {
  for (const who of PEOPLE) {
    const of = attempt(google);
    const { status, body, text } = await redeem(google, who.email, of);
    assert.equal(status, 200, text);
    assert.deepEqual([body.expires_in, body.token_type], [3599, "Bearer"]);
    assert.equal(body.scope, `openid ${EMAIL} ${PROFILE} ${GMAIL}`);
    const { payload } = await jwtVerify(String(body.id_token), keys(), {
      issuer: google.origin,
      audience: google.client.id,
      algorithms: ["RS256"],
    });
    const hash = createHash("sha256").update(String(body.access_token)).digest().subarray(0, 16);
    assert.deepEqual(
      [payload.sub, payload.nonce, payload.email, payload.hd, payload.azp, payload.at_hash],
      [who.sub, of.nonce, who.email, who.domain, google.client.id, hash.toString("base64url")],
    );
    assert.equal(payload.nbf, undefined);
    const profile = (await userinfo(body.access_token)).body;
    assert.deepEqual(
      [profile.sub, profile.email, profile.given_name, profile.hd],
      [who.sub, who.email, who.givenName, who.domain],
    );
  }
});

test("discovery names what is there; the issuer can be Google's own name", async () => {
  const found = (await get(`${google.origin}/.well-known/openid-configuration`, "")).body;
  assert.deepEqual([found.issuer, found.jwks_uri], [google.origin, `${google.origin}/oauth2/v3/certs`]);
  google.control({ issuer: "https://accounts.google.com" });
  const of = attempt(google);
  const target = new URL(await signIn({ authorizeUrl: of.url, email: ALICE }));
  assert.equal(target.searchParams.get("iss"), "https://accounts.google.com");
  const { body } = await redeem(google, ALICE);
  assert.equal(decodeJwt(String(body.id_token)).iss, "https://accounts.google.com");
});

test("only the world's people are offered, and no other can be picked", async () => {
  const page = await (await fetch(attempt(google).url)).text();
  const offered = [...page.matchAll(/name="email" value="([^"]*)"/g)].map(([, email]) => email);
  assert.deepEqual(
    offered,
    PEOPLE.map(({ email }) => email),
  );
  const form = new URLSearchParams({ email: "testuser@gmail.com", redirect_uri: REDIRECT });
  const url = `${google.origin}/o/oauth2/v2/auth/callback`;
  assert.equal((await fetch(url, { method: "POST", body: form, redirect: "manual" })).status, 400);
});

test("a refresh token comes of consent to offline access, and of nothing else", async () => {
  const given = async (changes: Record<string, string>, email = ALICE) => {
    const { body } = await redeem(google, email, attempt(google, changes));
    return body.refresh_token !== undefined;
  };
  assert.equal(await given({ access_type: "" }), false);
  assert.equal(await given({ prompt: "select_account" }), false);
  assert.equal(await given({ prompt: "consent" }), true);
  assert.equal(await given({ prompt: "consent", access_type: "online" }), false);
  assert.equal(await given({ prompt: "" }, BOB), true);
  assert.equal(await given({ prompt: "" }, BOB), false);
  google.control({ revoke: BOB });
  assert.equal(await given({ prompt: "" }, BOB), true);
});

test("scopes come back under their long names, without those that the person left unticked", async () => {
  const of = attempt(google, { scope: `email ${GMAIL}` });
  const target = new URL(await signIn({ authorizeUrl: of.url, email: DAVE }));
  assert.equal(target.searchParams.get("scope"), `${EMAIL} ${GMAIL} openid`);
  google.control({ declined: [GMAIL] });
  const { body } = await redeem(google, DAVE, attempt(google, { scope: `email ${GMAIL}` }));
  assert.equal(body.scope, `${EMAIL} openid`);
  assert.equal((await refresh(google, body.refresh_token)).body.scope, `${EMAIL} openid`);
  assert.deepEqual(Object.keys((await userinfo(body.access_token)).body).sort(), [
    "email",
    "email_verified",
    "sub",
  ]);
  const claims = decodeJwt(String(body.id_token));
  assert.deepEqual([claims.email, claims.name], [DAVE, undefined]);
  google.control({ declined: [] });
  const named = (await redeem(google, DAVE, attempt(google, { scope: "openid profile" }))).body;
  assert.equal((await userinfo(named.access_token)).body.email, undefined);
  assert.equal(decodeJwt(String(named.id_token)).email, undefined);
  const without = await redeem(google, DAVE, attempt(google, { scope: GMAIL }));
  assert.deepEqual([without.body.scope, without.body.id_token], [GMAIL, undefined]);
});

test("a wrong verifier, secret or redirect and a used code are refused", async () => {
  const of = attempt(google);
  const code = await codeOf(of, ALICE);
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT, code_verifier: of.verifier };
  const request = async (changes: Record<string, string>) => {
    const { status, body } = await tokenRequest(google, { ...form, ...changes });
    return [status, body.error];
  };
  assert.deepEqual(await request({ code_verifier: "x".repeat(43) }), [400, "invalid_grant"]);
  assert.deepEqual(await request({ client_secret: "no" }), [401, "invalid_client"]);
  assert.deepEqual(await request({ client_id: "nobody" }), [401, "invalid_client"]);
  assert.deepEqual(await request({ redirect_uri: `${REDIRECT}/x` }), [400, "redirect_uri_mismatch"]);
  assert.deepEqual(await request({ grant_type: "password" }), [400, "unsupported_grant_type"]);
  const without = { grant_type: "authorization_code", code, code_verifier: of.verifier };
  assert.equal((await tokenRequest(google, without)).body.error, "invalid_request");
  assert.deepEqual(await request({}), [200, undefined]);
  assert.deepEqual(await request({}), [400, "invalid_grant"]);
});

test("a client may name itself in the header", async () => {
  const of = attempt(google);
  const code = await codeOf(of, ALICE);
  const { id, secret } = google.client;
  const response = await fetch(`${google.origin}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: REDIRECT,
      code_verifier: of.verifier,
    }),
  });
  assert.equal(response.status, 200);
});

test("deny sends access_denied and the state back; what is wrong with a request is told nobody but the person", async () => {
  const of = attempt(google);
  const target = new URL(await signIn({ authorizeUrl: of.url }));
  assert.equal(target.origin + target.pathname, REDIRECT);
  assert.equal(target.searchParams.get("error"), "access_denied");
  assert.equal(target.searchParams.get("state"), of.state);
  assert.equal(target.searchParams.get("iss"), google.origin);
  const foreign = of.url.replace(encodeURIComponent(REDIRECT), encodeURIComponent("http://evil.example/"));
  const bad = ["redirect_uri", "response_type", "scope"].map((name) => attempt(google, { [name]: "" }).url);
  const token = attempt(google, { response_type: "token" }).url;
  for (const url of [foreign, foreign.replace("auth?", "auth/cancel?"), ...bad, token]) {
    const response = await fetch(url, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [400, null], url);
  }
});

test("each bad ID token is refused by a verifier that does its work", async () => {
  const fitting = BAD_ID_TOKENS.filter((bad) => bad !== "wrong-tid");
  for (const bad of fitting) {
    google.control({ token: { kind: "id-token", bad } });
    const of = attempt(google);
    const { body } = await redeem(google, ALICE, of);
    const check = async () => {
      const { payload } = await jwtVerify(String(body.id_token), keys(), {
        audience: google.client.id,
        issuer: google.origin,
        algorithms: ["RS256"],
      });
      assert.equal(payload.nonce, of.nonce);
    };
    await assert.rejects(check, `${bad} was taken for good`);
  }
  assert.throws(() => google.control({ token: { kind: "id-token", bad: "wrong-tid" } }));
  assert.throws(() => google.control({ api: { kind: "claims-challenge" } }), /no fault claims-challenge/);
});
