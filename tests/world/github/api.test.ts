import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { get } from "../testing.ts";
import { type GitHub, startGitHub } from "./github.ts";
import { ALICE, BOB, redeem, refresh, revocation, revoke } from "./testing.ts";

let github: GitHub;
before(async () => {
  github = await startGitHub();
});
after(() => github.close());
beforeEach(() => github.control({ reset: true, revoke: true }));

const user = async (token: unknown) => (await get(`${github.origin}/user`, token)).status;

/** `fetch` always says who it is. */
function statusWithoutUserAgent(method: string, path: string, headers: Record<string, string>) {
  return new Promise<number | undefined>((resolve, reject) => {
    const sent = request(`${github.origin}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once("error", reject);
    sent.end();
  });
}

test("the API wants a User-Agent and a token that is alive", async () => {
  const { access_token: token } = (await redeem(github, ALICE)).body;
  const bearer = { authorization: `Bearer ${token}` };
  assert.equal(await statusWithoutUserAgent("GET", "/user", bearer), 403);
  const basic = Buffer.from(`${github.lasting.id}:${github.lasting.secret}`).toString("base64");
  const path = `/applications/${github.lasting.id}/token`;
  assert.equal(await statusWithoutUserAgent("DELETE", path, { authorization: `Basic ${basic}` }), 403);
  const dead = await get(`${github.origin}/user`, "gho_none");
  assert.deepEqual([dead.status, dead.body.message], [401, "Bad credentials"]);
  assert.equal((await fetch(`${github.origin}/user`)).status, 401);
  const scheme = await fetch(`${github.origin}/user`, { headers: { authorization: `token ${token}` } });
  assert.equal(scheme.status, 200);
});

test("the rest of the API is the emulator's, in the person's name and on the world's origin", async () => {
  const { access_token: token } = (await redeem(github, BOB)).body;
  const answer = await fetch(`${github.origin}/user/repos`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "notes" }),
  });
  const repository = (await answer.json()) as Record<string, unknown>;
  assert.deepEqual([answer.status, repository.full_name], [201, "bob-brandt/notes"]);
  assert.ok(String(repository.url).startsWith(`${github.origin}/`), String(repository.url));
  assert.equal((await get(`${github.origin}/repos/bob-brandt/none`, token)).status, 404);
});

test("an app ends a token of its own, once; others stay", async () => {
  const [first, second] = [await redeem(github, ALICE), await redeem(github, ALICE)];
  assert.equal(await revoke(github, first.body.access_token), 204);
  assert.deepEqual([await user(first.body.access_token), await user(second.body.access_token)], [401, 200]);
  assert.equal(await revoke(github, first.body.access_token), 404);
  assert.equal(await revoke(github, "gho_none"), 404);
  assert.equal(await revoke(github, second.body.access_token, github.expiring), 404);
  const { lasting } = github;
  const body = { access_token: second.body.access_token };
  assert.equal((await revocation(github, lasting, "token", body, "wrong")).status, 404);
  const asAnother = { ...github.expiring, id: lasting.id };
  assert.equal((await revocation(github, asAnother, "token", body)).status, 404);
  const authorization = `Basic ${Buffer.from(`${lasting.id}:${lasting.secret}`).toString("base64")}`;
  const elsewhere = `${github.origin}/applications/${github.expiring.id}/token`;
  const order = { method: "DELETE", headers: { authorization }, body: JSON.stringify(body) };
  assert.equal((await fetch(elsewhere, order)).status, 404);
  for (const bad of [{}, { access_token: 1 }, []])
    assert.equal((await revocation(github, lasting, "token", bad)).status, 422);
  assert.equal(await user(second.body.access_token), 200);
});

test("with an expiring token ends its refresh token; an expired one ends nothing", async () => {
  const { expiring } = github;
  const first = (await redeem(github, ALICE, expiring)).body;
  assert.equal(await revoke(github, first.access_token, expiring), 204);
  assert.equal((await refresh(github, first.refresh_token)).body.error, "bad_refresh_token");
  const second = (await redeem(github, ALICE, expiring)).body;
  github.control({ expire_access_tokens: true });
  assert.equal(await revoke(github, second.access_token, expiring), 404);
  const third = (await refresh(github, second.refresh_token)).body;
  assert.equal(await revoke(github, third.access_token, expiring), 204);
});

test("deleting the grant ends every token of that person at that app", async () => {
  const [first, second, other, bob] = [
    await redeem(github, ALICE),
    await redeem(github, ALICE),
    await redeem(github, ALICE, github.expiring),
    await redeem(github, BOB),
  ].map(({ body }) => body.access_token);
  assert.equal(await revoke(github, first, github.lasting, "grant"), 204);
  assert.deepEqual(await Promise.all([first, second, other, bob].map(user)), [401, 401, 200, 200]);
});

test("a person takes everything back", async () => {
  const [alice, bob] = [await redeem(github, ALICE, github.expiring), await redeem(github, BOB)];
  github.control({ revoke: ALICE });
  assert.deepEqual([await user(alice.body.access_token), await user(bob.body.access_token)], [401, 200]);
  assert.equal((await refresh(github, alice.body.refresh_token)).body.error, "bad_refresh_token");
});

test("faults of the API and of revocation", async () => {
  const { access_token: token } = (await redeem(github, ALICE)).body;
  github.control({ api: { kind: "status", status: 429, retry_after: 3, path: "/user" } });
  assert.equal((await get(`${github.origin}/user`, token)).headers.get("retry-after"), "3");
  github.control({ revocation: [{ kind: "status", status: 503 }, { kind: "drop-before" }] });
  assert.equal(await revoke(github, token), 503);
  await assert.rejects(revoke(github, token));
  assert.equal(await user(token), 200);
  github.control({ revocation: { kind: "drop-after" } });
  await assert.rejects(revoke(github, token));
  assert.equal(await user(token), 401);
});
