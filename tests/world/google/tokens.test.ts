import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { decodeJwt } from "jose";
import { codeOf, get } from "../testing.ts";
import { type Google, startGoogle } from "./google.ts";
import { ALICE, attempt, BOB, GMAIL, REDIRECT, redeem, refresh, revoke, tokenRequest } from "./testing.ts";

let google: Google;
before(async () => {
  google = await startGoogle();
});
after(() => google.close());
beforeEach(() => google.control({ reset: true, revoke: true }));

const userinfo = async (token: unknown, at = google) => (await get(`${at.origin}/v1/userinfo`, token)).status;
const HOUR = 3_600_000;
const HALF_A_YEAR = 15_811_200_000;

test("a refresh token is not rotated, and gives an ID token without a nonce", async () => {
  const first = (await redeem(google, ALICE)).body;
  for (let n = 0; n < 3; n += 1) {
    const { status, body } = await refresh(google, first.refresh_token);
    assert.deepEqual(
      [status, body.refresh_token, body.scope, body.expires_in],
      [200, undefined, first.scope, 3599],
    );
    assert.equal(decodeJwt(String(body.id_token)).nonce, undefined);
    assert.equal(await userinfo(body.access_token), 200);
  }
  assert.equal(await userinfo(first.access_token), 200);
  assert.equal((await refresh(google, "1//none")).body.error, "invalid_grant");
});

test("an access token ends after an hour, or when told; ID tokens go by the world's clock", async () => {
  const start = Date.now();
  const { body } = await redeem(google, ALICE);
  google.control({ clock: start + HOUR - 10_000 });
  assert.equal(await userinfo(body.access_token), 200);
  google.control({ clock: start + HOUR + 10_000 });
  const dead = await get(`${google.origin}/v1/userinfo`, body.access_token);
  assert.deepEqual([dead.status, dead.body.error_description], [401, "Invalid Credentials"]);
  assert.match(dead.headers.get("www-authenticate") ?? "", /error="invalid_token"/);
  const next = (await refresh(google, body.refresh_token)).body;
  const { iat = 0 } = decodeJwt(String(next.id_token));
  assert.ok(Math.abs(iat * 1000 - start - HOUR) < 60_000);
  google.control({ expire_access_tokens: true });
  assert.equal(await userinfo(next.access_token), 401);
  google.control({ expires_in: 60 });
  const short = (await refresh(google, body.refresh_token)).body;
  assert.equal(short.expires_in, 60);
  google.control({ clock: google.world.now() + 61_000 });
  assert.equal(await userinfo(short.access_token), 401);
});

test("a refresh token that is not used for half a year ends", async () => {
  const { refresh_token: token } = (await redeem(google, ALICE)).body;
  let now = Date.now();
  for (let n = 0; n < 2; n += 1) {
    now += HALF_A_YEAR - 10_000;
    google.control({ clock: now });
    assert.equal((await refresh(google, token)).status, 200);
  }
  google.control({ clock: now + HALF_A_YEAR + 10_000 });
  const ended = await refresh(google, token);
  assert.deepEqual([ended.status, ended.body.error], [400, "invalid_grant"]);
});

test("of a person's refresh tokens at a client the newest hundred are good", async () => {
  const tokens: unknown[] = [];
  const bob = (await redeem(google, BOB)).body.refresh_token;
  for (let n = 0; n < 101; n += 1) tokens.push((await redeem(google, ALICE)).body.refresh_token);
  const status = async (token: unknown) => (await refresh(google, token)).status;
  assert.deepEqual(
    await Promise.all([tokens[0], tokens[1], tokens[100], bob].map(status)),
    [400, 200, 200, 200],
  );
});

test("revoking either token ends all that the person granted, there and then", async () => {
  for (const which of ["access_token", "refresh_token"] as const) {
    const [one, two, bob] = [
      (await redeem(google, ALICE)).body,
      (await redeem(google, ALICE)).body,
      (await redeem(google, BOB)).body,
    ];
    const of = attempt(google);
    const code = await codeOf(of, ALICE);
    assert.equal((await revoke(google, one[which])).status, 200);
    for (const { access_token, refresh_token } of [one, two]) {
      assert.equal(await userinfo(access_token), 401);
      const { status, body } = await refresh(google, refresh_token);
      assert.deepEqual([status, body.error], [400, "invalid_grant"]);
      const again = await revoke(google, refresh_token);
      assert.deepEqual([again.status, again.body.error], [400, "invalid_token"]);
    }
    const form = {
      grant_type: "authorization_code",
      code,
      redirect_uri: REDIRECT,
      code_verifier: of.verifier,
    };
    assert.equal((await tokenRequest(google, form)).body.error, "invalid_grant");
    assert.equal(await userinfo(bob.access_token), 200);
    assert.equal((await refresh(google, bob.refresh_token)).status, 200);
  }
});

test("a revocation may name the token in the query; an unknown, an expired and no token are refused", async () => {
  const { body } = await redeem(google, ALICE);
  const post = async (query: string, method = "POST") => {
    const response = await fetch(`${google.origin}/revoke${query}`, { method });
    return [response.status, ((await response.json()) as { error?: string }).error];
  };
  assert.deepEqual(await post(""), [400, "invalid_request"]);
  assert.deepEqual(await post("?token=none"), [400, "invalid_token"]);
  assert.deepEqual(await post(`?token=${body.access_token}`, "GET"), [404, "Not Found"]);
  google.control({ expire_access_tokens: true });
  assert.deepEqual(await post(`?token=${body.access_token}`), [400, "invalid_token"]);
  assert.equal((await refresh(google, body.refresh_token)).status, 200);
  assert.deepEqual(await post(`?token=${body.refresh_token}`), [200, undefined]);
  assert.equal((await refresh(google, body.refresh_token)).status, 400);
});

test("a person takes everything back", async () => {
  const [alice, bob] = [(await redeem(google, ALICE)).body, (await redeem(google, BOB)).body];
  google.control({ revoke: ALICE });
  assert.equal((await refresh(google, alice.refresh_token)).body.error, "invalid_grant");
  assert.deepEqual([await userinfo(alice.access_token), await userinfo(bob.access_token)], [401, 200]);
});

test("the rest of the API is the emulator's, in the person's name", async () => {
  const { access_token: token } = (await redeem(google, BOB)).body;
  const labels = (email: string, bearer: unknown) =>
    get(`${google.origin}/gmail/v1/users/${email}/labels`, bearer);
  assert.equal((await labels(BOB, token)).status, 200);
  assert.equal((await labels(ALICE, token)).status, 404);
  const dead = await labels(BOB, "none");
  assert.deepEqual([dead.status, (dead.body.error as { status: string }).status], [401, "UNAUTHENTICATED"]);
});

test("faults of the token endpoint, the keys, the API and of revocation", async () => {
  const { body } = await redeem(google, ALICE);
  google.control({ token: { kind: "error", error: "invalid_grant", suberror: "invalid_rapt" } });
  const refused = await refresh(google, body.refresh_token);
  assert.deepEqual(
    [refused.status, refused.body.error, refused.body.error_subtype],
    [400, "invalid_grant", "invalid_rapt"],
  );
  google.control({ token: { kind: "drop-after" } });
  await assert.rejects(refresh(google, body.refresh_token));
  google.control({ token: { kind: "patch", value: { expires_in: null } } });
  assert.equal((await refresh(google, body.refresh_token)).body.expires_in, undefined);
  google.control({ token: { kind: "omit-refresh-token" } });
  assert.equal((await redeem(google, ALICE)).body.refresh_token, undefined);
  google.control({ keys: { kind: "status", status: 503 } });
  assert.equal((await get(`${google.origin}/oauth2/v3/certs`, "")).status, 503);
  google.control({ api: { kind: "status", status: 429, retry_after: 3, path: "userinfo" } });
  assert.equal(await userinfo(body.access_token), 429);
  google.control({ revocation: [{ kind: "status", status: 503 }, { kind: "drop-before" }] });
  assert.equal((await revoke(google, body.refresh_token)).status, 503);
  await assert.rejects(revoke(google, body.refresh_token));
  assert.equal((await refresh(google, body.refresh_token)).status, 200);
  google.control({ revocation: { kind: "drop-after" } });
  await assert.rejects(revoke(google, body.refresh_token));
  assert.equal((await refresh(google, body.refresh_token)).status, 400);
});

test("requests are counted, and secrets are known", async () => {
  const fresh = await startGoogle();
  await fresh.close();
  assert.deepEqual(fresh.world.ledger.secrets().client_secrets, [fresh.client.secret]);
  const { body } = await redeem(google, ALICE);
  await refresh(google, body.refresh_token);
  await userinfo(body.access_token);
  await revoke(google, body.access_token);
  const counts = google.world.ledger.stats();
  assert.deepEqual(counts.token.by_grant_type, { authorization_code: 1, refresh_token: 1 });
  assert.deepEqual([counts.api.by_status, counts.revocation.by_status], [{ 200: 1 }, { 200: 1 }]);
  const secrets = google.world.ledger.secrets();
  for (const [kind, values] of Object.entries(secrets))
    assert.equal(values.length === 0, kind === "client_assertions", kind);
  assert.ok(secrets.access_tokens?.includes(String(body.access_token)));
  assert.ok(secrets.refresh_tokens?.includes(String(body.refresh_token)));
});

test("access tokens can be as long as Google's", async () => {
  google.control({ access_token_bytes: 2048 });
  const { access_token: token } = (await redeem(google, ALICE)).body;
  assert.deepEqual([String(token).length, await userinfo(token)], [2048, 200]);
});

test("another world takes over what this one gave out, and what it had ended", async () => {
  const first = (await redeem(google, ALICE)).body;
  const bobs = (await redeem(google, BOB)).body;
  google.control({ revoke: BOB });
  const known = google.world.known();
  assert.ok(!JSON.stringify(known).includes(String(bobs.refresh_token)));
  const other = await startGoogle();
  try {
    assert.equal(await userinfo(first.access_token, other), 401);
    const own = (await redeem(other, ALICE, attempt(other))).body;
    const ended = { token: "1//ended", email: ALICE, scopes: [GMAIL], used_at: Date.now(), ended: true };
    const adopt = { ...own, access: known.access, refresh: [...known.refresh, ended] };
    other.control({ adopt });
    assert.equal(await userinfo(first.access_token, other), 200);
    const next = (await refresh(other, first.refresh_token)).body;
    assert.deepEqual([await userinfo(next.access_token, other), next.scope], [200, first.scope]);
    assert.equal((await refresh(other, "1//ended")).body.error, "invalid_grant");
    assert.equal((await revoke(other, first.refresh_token)).status, 200);
    assert.equal((await refresh(other, own.refresh_token)).body.error, "invalid_grant");
    assert.throws(() => other.control({ adopt: { ...adopt, refresh_token: "nobody's" } }));
  } finally {
    await other.close();
  }
});
