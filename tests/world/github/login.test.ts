import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { signIn } from "../sign-in.ts";
import { codeOf, get } from "../testing.ts";
import { type GitHub, startGitHub } from "./github.ts";
import { PEOPLE } from "./people.ts";
import { ALICE, attempt, BOB, REDIRECT, redeem, tokenRequest } from "./testing.ts";

let github: GitHub;
before(async () => {
  github = await startGitHub();
});
after(() => github.close());
beforeEach(() => github.control({ reset: true }));

test("PKCE flow from the sign-in page to the profile, for each person", async () => {
  for (const [n, who] of PEOPLE.entries()) {
    const { status, body, text } = await redeem(github, who.email);
    assert.equal(status, 200, text);
    assert.match(String(body.access_token), /^gho_/);
    assert.deepEqual(Object.keys(body).sort(), ["access_token", "scope", "token_type"]);
    const user = (await get(`${github.origin}/user`, body.access_token)).body;
    assert.deepEqual([user.login, user.email, user.id], [who.login, who.email, n + 3]);
  }
});

test("only the world's people are offered, by login and by e-mail", async () => {
  const page = await (await fetch(attempt(github).url)).text();
  const logins = [...page.matchAll(/name="login" value="([^"]*)"/g)].map(([, login]) => login);
  assert.deepEqual(logins, PEOPLE.map(({ login }) => login).sort());
  assert.ok(new URL(await signIn({ authorizeUrl: attempt(github).url, email: "bob-brandt" })).search);
  const form = new URLSearchParams({ login: "admin", client_id: github.lasting.id, redirect_uri: REDIRECT });
  const answer = await fetch(`${github.origin}/login/oauth/callback`, { method: "POST", body: form });
  assert.equal(answer.status, 400);
});

test("the answer is a form unless JSON is asked for; errors, too, and with 200", async () => {
  const of = attempt(github);
  const form = { code: await codeOf(of, ALICE), redirect_uri: REDIRECT, code_verifier: of.verifier };
  const wrong = await tokenRequest(github, github.lasting, { ...form, code: "none" }, {});
  assert.equal(wrong.status, 200);
  assert.equal(new URLSearchParams(wrong.text).get("error"), "bad_verification_code");
  const good = await tokenRequest(github, github.lasting, form, {});
  assert.match(good.headers.get("content-type") ?? "", /^application\/x-www-form-urlencoded/);
  assert.equal(new URLSearchParams(good.text).get("scope"), "gist,repo,user:email");
});

test("scopes are kept without those that others include", async () => {
  const of = attempt(github, github.lasting, { scope: "user gist user:email read:user" });
  assert.equal((await redeem(github, ALICE, github.lasting, of)).body.scope, "gist,user");
});

test("a wrong verifier, secret or redirect, another app's code and a used code are refused with 200", async () => {
  const of = attempt(github);
  const form = { code: await codeOf(of, ALICE), redirect_uri: REDIRECT, code_verifier: of.verifier };
  const { lasting, expiring } = github;
  const request = async (changes: Record<string, string>, app = lasting) => {
    const { status, body } = await tokenRequest(github, app, { ...form, ...changes });
    return [status, body.error];
  };
  assert.deepEqual(await request({ code_verifier: "x".repeat(43) }), [200, "bad_verification_code"]);
  assert.deepEqual(await request({ code_verifier: "" }), [200, "bad_verification_code"]);
  assert.deepEqual(await request({ client_secret: "no" }), [200, "incorrect_client_credentials"]);
  assert.deepEqual(await request({ client_id: "nobody" }), [200, "incorrect_client_credentials"]);
  assert.deepEqual(await request({ redirect_uri: `${REDIRECT}/x` }), [200, "redirect_uri_mismatch"]);
  assert.deepEqual(await request({}, expiring), [200, "bad_verification_code"]);
  assert.deepEqual(await request({ grant_type: "password" }), [200, "unsupported_grant_type"]);
  assert.deepEqual(await request({}), [200, undefined]);
  assert.deepEqual(await request({}), [200, "bad_verification_code"]);
});

test("PKCE may be left out; any method but S256 is refused", async () => {
  const without = attempt(github, github.lasting, { code_challenge: "", code_challenge_method: "" });
  const form = { code: await codeOf(without, BOB), redirect_uri: REDIRECT };
  assert.equal((await tokenRequest(github, github.lasting, form)).body.error, undefined);
  const plain = attempt(github, github.lasting, { code_challenge_method: "plain" });
  const target = new URL(await signIn({ authorizeUrl: plain.url, email: BOB }));
  assert.deepEqual(
    [target.searchParams.get("error"), target.searchParams.get("state")],
    ["invalid_request", plain.state],
  );
});

test("deny sends access_denied and the state back; nothing is sent to a redirect that is not registered", async () => {
  const of = attempt(github);
  const target = new URL(await signIn({ authorizeUrl: of.url }));
  assert.equal(target.origin + target.pathname, REDIRECT);
  assert.equal(target.searchParams.get("error"), "access_denied");
  assert.equal(target.searchParams.get("state"), of.state);
  const foreign = of.url.replace(encodeURIComponent(REDIRECT), encodeURIComponent("http://evil.example/"));
  for (const url of [foreign, foreign.replace("authorize?", "cancel?")]) {
    const response = await fetch(url, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [400, null]);
  }
});

test("a person keeps the id when the world starts again", async () => {
  const other = await startGitHub();
  try {
    const idAt = async (world: GitHub) =>
      (await get(`${world.origin}/user`, (await redeem(world, BOB)).body.access_token)).body.id;
    assert.equal(await idAt(github), await idAt(other));
  } finally {
    await other.close();
  }
});
