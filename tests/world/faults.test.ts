import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Fault } from "./faults.ts";
import { type Microsoft, startMicrosoft } from "./microsoft/microsoft.ts";
import { ALICE, attempt, BOB, get, redeem, refresh } from "./microsoft/testing.ts";
import type { MicrosoftCounts } from "./microsoft/world.ts";
import type { Answer } from "./testing.ts";

let microsoft: Microsoft;
before(async () => {
  microsoft = await startMicrosoft();
});
after(() => microsoft.close());
beforeEach(() => microsoft.control({ reset: true }));

const me = (token: unknown) => get(`${microsoft.graphOrigin}/v1.0/me`, token);

async function post(path: string, order: unknown): Promise<Response> {
  return fetch(`${microsoft.loginOrigin}/__world/${path}`, { method: "POST", body: JSON.stringify(order) });
}

async function stats(): Promise<MicrosoftCounts> {
  return (await fetch(`${microsoft.loginOrigin}/__world/stats`)).json() as Promise<MicrosoftCounts>;
}

test("an access token ends when expires_in says so, or when told", async () => {
  microsoft.control({ expires_in: 1 });
  const short = (await redeem(microsoft, ALICE)).body;
  assert.equal(short.expires_in, 1);
  assert.equal((await me(short.access_token)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.equal((await me(short.access_token)).status, 401);
  microsoft.control({ expires_in: 3600 });
  const long = (await refresh(microsoft, short.refresh_token)).body;
  assert.equal((await me(long.access_token)).status, 200);
  microsoft.control({ expire_access_tokens: true });
  assert.equal((await me(long.access_token)).status, 401);
  assert.equal((await me("unheard-of")).status, 401);
});

test("requests are counted by grant, by refresh token and by status; secrets are known", async () => {
  const first = (await redeem(microsoft, ALICE)).body;
  await Promise.all([refresh(microsoft, first.refresh_token), refresh(microsoft, first.refresh_token)]);
  await me(first.access_token);
  const counts = await stats();
  assert.deepEqual(counts.token.by_grant_type, { authorization_code: 1, refresh_token: 2 });
  assert.deepEqual(counts.token.by_refresh_token, { [String(first.refresh_token)]: 2 });
  assert.deepEqual(counts.token.by_status, { 200: 2, 400: 1 });
  assert.deepEqual(counts.graph, { requests: 1, by_status: { 200: 1 } });
  const secrets = (await (await fetch(`${microsoft.loginOrigin}/__world/secrets`)).json()) as Record<
    string,
    string[]
  >;
  assert.ok(secrets.access_tokens?.includes(String(first.access_token)));
  for (const [kind, values] of Object.entries(secrets))
    assert.equal(values.length === 0, kind === "client_assertions", kind);
});

test("faults of the token endpoint that keep the refresh token alive", async () => {
  let token = (await redeem(microsoft, ALICE)).body.refresh_token;
  const harmless: [Fault, (answer: Answer) => void][] = [
    [{ kind: "status", status: 503, retry_after: 7 }, (a) => assert.equal(a.headers.get("retry-after"), "7")],
    [{ kind: "status", status: 429, retry_after: 1 }, (a) => assert.equal(a.status, 429)],
    [{ kind: "status", status: 500 }, (a) => assert.equal(a.status, 500)],
    [{ kind: "html" }, (a) => assert.match(a.text, /<h1>/)],
    [{ kind: "huge" }, (a) => assert.ok(a.text.length > 10_000_000)],
    [{ kind: "error", error: "invalid_grant" }, (a) => assert.equal(a.body.error, "invalid_grant")],
    [{ kind: "error", error: "invalid_client", status: 401 }, (a) => assert.equal(a.status, 401)],
    [
      { kind: "error", error: "invalid_grant", status: 200 },
      (a) => assert.deepEqual([a.status, a.body.error], [200, "invalid_grant"]),
    ],
  ];
  for (const [fault, check] of harmless) {
    microsoft.control({ token: fault });
    check(await refresh(microsoft, token));
    const next = await refresh(microsoft, token);
    assert.equal(next.status, 200, next.text);
    token = next.body.refresh_token;
  }
});

test("a dropped connection: before, nothing rotated; after, the token is lost", async () => {
  const token = (await redeem(microsoft, ALICE)).body.refresh_token;
  microsoft.control({ token: { kind: "drop-before" } });
  await assert.rejects(refresh(microsoft, token));
  const second = await refresh(microsoft, token);
  assert.equal(second.status, 200);
  microsoft.control({ token: { kind: "drop-after" } });
  await assert.rejects(refresh(microsoft, second.body.refresh_token));
  assert.equal((await refresh(microsoft, second.body.refresh_token)).body.error, "invalid_grant");
});

test("silence and delay", async () => {
  const token = String((await redeem(microsoft, ALICE)).body.refresh_token);
  microsoft.control({ token: { kind: "silent" }, graph: { kind: "silent", path: "/me" } });
  const url = `${microsoft.loginOrigin}/common/oauth2/v2.0/token`;
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: token });
  await assert.rejects(fetch(url, { method: "POST", body: form, signal: AbortSignal.timeout(200) }));
  await assert.rejects(fetch(`${microsoft.graphOrigin}/v1.0/me`, { signal: AbortSignal.timeout(200) }));
  microsoft.control({ token: { kind: "delay", ms: 150, when: "after" } });
  const start = performance.now();
  assert.equal((await refresh(microsoft, token)).status, 200);
  assert.ok(performance.now() - start >= 140);
});

test("an omitted refresh token leaves the presented one good, again and again", async () => {
  const token = (await redeem(microsoft, ALICE)).body.refresh_token;
  microsoft.control({ token: { kind: "omit-refresh-token", times: 3 } });
  for (let n = 0; n < 3; n += 1) {
    const answer = await refresh(microsoft, token);
    assert.deepEqual([answer.status, answer.body.refresh_token], [200, undefined], answer.text);
  }
  const rotated = await refresh(microsoft, token);
  assert.equal(rotated.status, 200, rotated.text);
  assert.equal((await refresh(microsoft, token)).status, 400);
  assert.equal((await refresh(microsoft, rotated.body.refresh_token)).status, 200);
});

test("members of a good answer are overwritten and removed", async () => {
  let token = (await redeem(microsoft, ALICE)).body.refresh_token;
  for (const value of ["3600", -1, null, 1e15]) {
    microsoft.control({ token: { kind: "patch", value: { expires_in: value } } });
    const { body } = await refresh(microsoft, token);
    assert.equal(body.expires_in, value ?? undefined);
    token = body.refresh_token;
  }
});

test("faults that are not used up yet can be cleared, all of them", async () => {
  const { body } = await redeem(microsoft, ALICE);
  for (const clear of [{ clear_faults: true }, { reset: true }] as const) {
    microsoft.control({ token: { kind: "html", times: 2 }, graph: { kind: "html" } });
    microsoft.control(clear);
    assert.equal((await me(body.access_token)).body.mail, ALICE);
  }
  assert.equal((await refresh(microsoft, body.refresh_token)).status, 200);
});

test("revoking ends one person's grants only", async () => {
  const [alice, bob] = [await redeem(microsoft, ALICE), await redeem(microsoft, BOB)];
  microsoft.control({ revoke: ALICE });
  assert.equal((await refresh(microsoft, alice.body.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(microsoft, bob.body.refresh_token)).status, 200);
});

test("faults of Graph and ARM", async () => {
  const { body } = await redeem(microsoft, ALICE);
  microsoft.control({
    graph: [{ kind: "status", status: 429, retry_after: 3 }, { kind: "claims-challenge" }],
  });
  const throttled = await me(body.access_token);
  assert.deepEqual([throttled.status, throttled.headers.get("retry-after")], [429, "3"]);
  const challenged = await me(body.access_token);
  assert.equal(challenged.status, 401);
  assert.match(
    challenged.headers.get("www-authenticate") ?? "",
    /error="insufficient_claims", claims="[\w=]+"/,
  );
  assert.equal((await me(body.access_token)).status, 200);
});

test("control over HTTP is strict; sign-in over HTTP works", async () => {
  assert.equal((await post("control", { expires_in: 60 })).status, 200);
  assert.equal(microsoft.world.settings.expires_in, 60);
  for (const order of [
    { nonsense: true },
    { token: { kind: "staus" } },
    { token: { kind: "html", tims: 2 } },
  ])
    assert.equal((await post("control", order)).status, 400);
  const of = attempt(microsoft);
  const answer = await post("sign-in", { authorize_url: of.url, email: BOB });
  const { redirect } = (await answer.json()) as { redirect: string };
  assert.ok(new URL(redirect).searchParams.get("code"));
});
