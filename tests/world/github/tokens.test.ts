import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { get } from "../testing.ts";
import { type GitHub, startGitHub } from "./github.ts";
import { ALICE, attempt, BOB, redeem, refresh, tokenRequest } from "./testing.ts";

let github: GitHub;
before(async () => {
  github = await startGitHub();
});
after(() => github.close());
beforeEach(() => github.control({ reset: true, revoke: true }));

const user = async (token: unknown) => (await get(`${github.origin}/user`, token)).status;
const HOURS = 3_600_000;

test("an expiring app's token lives eight hours and comes with a refresh token", async () => {
  const { body } = await redeem(github, ALICE, github.expiring);
  assert.match(String(body.access_token), /^ghu_/);
  assert.match(String(body.refresh_token), /^ghr_/);
  assert.deepEqual([body.expires_in, body.refresh_token_expires_in, body.scope], [28_800, 15_811_200, ""]);
  const start = Date.now();
  github.control({ clock: start + 8 * HOURS - 5000 });
  assert.equal(await user(body.access_token), 200);
  github.control({ clock: start + 8 * HOURS + 5000 });
  assert.equal(await user(body.access_token), 401);
  assert.equal((await refresh(github, body.refresh_token)).body.error, undefined);
});

test("a used refresh token is dead, and so is the old access token", async () => {
  const first = (await redeem(github, ALICE, github.expiring)).body;
  const second = (await refresh(github, first.refresh_token)).body;
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.deepEqual([await user(first.access_token), await user(second.access_token)], [401, 200]);
  const again = await refresh(github, first.refresh_token);
  assert.deepEqual([again.status, again.body.error], [200, "bad_refresh_token"]);
  assert.equal((await refresh(github, second.refresh_token)).body.error, undefined);
});

test("a refresh may come as query parameters; another app's, an unknown or an expired token is refused", async () => {
  const { body } = await redeem(github, ALICE, github.expiring);
  assert.equal((await refresh(github, body.refresh_token, github.lasting)).body.error, "bad_refresh_token");
  assert.equal((await refresh(github, "ghr_none")).body.error, "bad_refresh_token");
  const wrong = {
    grant_type: "refresh_token",
    refresh_token: String(body.refresh_token),
    client_secret: "x",
  };
  const refused = await tokenRequest(github, github.expiring, wrong);
  assert.equal(refused.body.error, "incorrect_client_credentials");
  const url = new URL(`${github.origin}/login/oauth/access_token`);
  url.search = new URLSearchParams({
    client_id: github.expiring.id,
    client_secret: github.expiring.secret,
    grant_type: "refresh_token",
    refresh_token: String(body.refresh_token),
  }).toString();
  const answer = await fetch(url, { method: "POST", headers: { accept: "application/json" } });
  const next = (await answer.json()) as Record<string, unknown>;
  github.control({ clock: Date.now() + 15_811_200_000 + 5000 });
  assert.equal((await refresh(github, next.refresh_token)).body.error, "bad_refresh_token");
  github.control({ clock: Date.now() });
  assert.equal((await refresh(github, next.refresh_token)).body.error, undefined);
});

test("whether tokens expire can be changed at any time, for the next ones", async () => {
  const lasting = (await redeem(github, ALICE)).body;
  github.control({ tokens: "expiring", expires_in: 60 });
  const expiring = (await redeem(github, ALICE)).body;
  assert.deepEqual([lasting.expires_in, expiring.expires_in], [undefined, 60]);
  github.control({ expire_access_tokens: true });
  assert.deepEqual([await user(lasting.access_token), await user(expiring.access_token)], [200, 401]);
  assert.equal((await refresh(github, expiring.refresh_token, github.lasting)).body.expires_in, 60);
  github.control({ tokens: "lasting" });
  assert.equal((await redeem(github, ALICE, github.expiring)).body.refresh_token, undefined);
});

test("the eleventh token of a person, app and scope ends the oldest", async () => {
  github.control({ tokens: "expiring" });
  const expiring = await redeem(github, ALICE);
  github.control({ tokens: "by-app" });
  const tokens: unknown[] = [];
  for (let n = 0; n < 11; n += 1) tokens.push((await redeem(github, ALICE)).body.access_token);
  const others = [
    expiring,
    await redeem(github, BOB),
    await redeem(github, ALICE, github.lasting, attempt(github, github.lasting, { scope: "gist" })),
    await redeem(github, ALICE, github.expiring),
  ];
  const alive = await Promise.all(tokens.map(user));
  assert.deepEqual(alive, [401, ...Array.from({ length: 10 }, () => 200)]);
  for (const { body } of others) assert.equal(await user(body.access_token), 200);
});

test("faults of the token endpoint; an OAuth error comes with 200", async () => {
  let { body } = await redeem(github, ALICE, github.expiring);
  github.control({ token: { kind: "error", error: "bad_refresh_token" } });
  const error = await refresh(github, body.refresh_token);
  assert.deepEqual([error.status, error.body.error], [200, "bad_refresh_token"]);
  github.control({ token: { kind: "status", status: 503, retry_after: 7 } });
  assert.equal((await refresh(github, body.refresh_token)).headers.get("retry-after"), "7");
  github.control({ token: { kind: "drop-before" } });
  await assert.rejects(refresh(github, body.refresh_token));
  github.control({ token: { kind: "omit-refresh-token", times: 2 } });
  for (let n = 0; n < 2; n += 1) {
    const kept = await refresh(github, body.refresh_token);
    assert.deepEqual([kept.body.error, kept.body.refresh_token], [undefined, undefined]);
    assert.equal(await user(kept.body.access_token), 200);
  }
  github.control({ token: { kind: "patch", value: { expires_in: "28800", scope: null } } });
  body = (await refresh(github, body.refresh_token)).body;
  assert.deepEqual([body.expires_in, body.scope], ["28800", undefined]);
  github.control({ token: { kind: "drop-after" } });
  await assert.rejects(refresh(github, body.refresh_token));
  assert.equal((await refresh(github, body.refresh_token)).body.error, "bad_refresh_token");
  const bad = { kind: "id-token", bad: "expired" } as const;
  assert.throws(() => github.control({ token: bad }), /no fault id-token/);
  assert.throws(() => github.control({ graph: { kind: "html" } } as object), /bad control graph/);
});

test("requests are counted, and secrets are known", async () => {
  const fresh = await startGitHub();
  await fresh.close();
  const { lasting, expiring } = fresh;
  assert.deepEqual(fresh.world.ledger.secrets().client_secrets, [lasting.secret, expiring.secret]);
  const { body } = await redeem(github, ALICE, expiring);
  await refresh(github, body.refresh_token);
  await user("nobody's");
  const counts = github.world.ledger.stats();
  assert.deepEqual(counts.token.by_grant_type, { authorization_code: 1, refresh_token: 1 });
  assert.deepEqual(counts.token.by_refresh_token, { [String(body.refresh_token)]: 1 });
  assert.deepEqual([counts.api.by_status, counts.revocation.requests], [{ 401: 1 }, 0]);
  const secrets = github.world.ledger.secrets();
  const none = ["id_tokens", "nonces", "client_assertions"];
  for (const [kind, values] of Object.entries(secrets))
    assert.equal(values.length === 0, none.includes(kind), kind);
  assert.ok(secrets.access_tokens?.includes(String(body.access_token)));
});

test("another world takes over what this one gave out, and what it had ended", async () => {
  const first = (await redeem(github, ALICE, github.expiring)).body;
  const second = (await refresh(github, first.refresh_token)).body;
  const lasting = (await redeem(github, ALICE)).body;
  const { sessions } = github.world.known();
  const other = await startGitHub();
  try {
    const userAt = async (token: unknown) => (await get(`${other.origin}/user`, token)).body.login;
    assert.equal(await userAt(second.access_token), undefined);
    for (const app of [other.expiring, other.lasting]) {
      const { access_token } = (await redeem(other, ALICE, app)).body;
      const own = sessions.filter((session) => session.client_id === app.id);
      other.control({ adopt: { access_token, sessions: own } });
    }
    assert.equal(await userAt(second.access_token), "alice-anders");
    assert.equal(await userAt(lasting.access_token), "alice-anders");
    assert.equal(await userAt(first.access_token), undefined);
    assert.equal((await refresh(other, first.refresh_token)).body.error, "bad_refresh_token");
    const next = (await refresh(other, second.refresh_token)).body;
    assert.equal(await userAt(next.access_token), "alice-anders");
    assert.equal(await userAt(second.access_token), undefined);
    assert.throws(() => other.control({ adopt: { access_token: "nobody's", sessions: [] } }));
  } finally {
    await other.close();
  }
});
