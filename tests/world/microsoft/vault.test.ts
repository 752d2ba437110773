import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answerOf } from "../testing.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { ALICE, ARM_SCOPE, attempt, CAROL, GRAPH_SCOPES, redeem, refresh, tokenFor } from "./testing.ts";

const VAULT_SCOPE = "https://vault.azure.net/user_impersonation";

let microsoft: Microsoft;
let token: unknown;
before(async () => {
  microsoft = await startMicrosoft();
  token = await tokenFor(microsoft, ALICE, VAULT_SCOPE);
});
after(() => microsoft.close());

async function ask(path: string, { bearer = token, body }: { bearer?: unknown; body?: unknown } = {}) {
  const response = await fetch(`${microsoft.vaultOrigin}${path}`, {
    method: body === undefined ? "GET" : "PUT",
    headers: { authorization: `Bearer ${bearer}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await answerOf(response);
  const error = answer.body.error as { code?: string; innererror?: { code?: string } } | undefined;
  return { ...answer, code: error?.innererror?.code ?? error?.code };
}

test("secrets are listed in pages, without their values", async () => {
  const first = await ask("/secrets?api-version=7.4");
  const items = first.body.value as Record<string, unknown>[];
  assert.equal(items.length, 25);
  assert.ok(items.every((item) => !("value" in item)));
  const second = await ask(String(first.body.nextLink).slice(microsoft.vaultOrigin.length));
  assert.deepEqual([(second.body.value as unknown[]).length, second.body.nextLink], [5, null]);
});

test("a secret is set, and read in its newest and in another version", async () => {
  const set = async (value: string) =>
    String((await ask("/secrets/mine?api-version=7.4", { body: { value } })).body.id);
  const first = new URL(await set("one"));
  await set("two");
  assert.equal((await ask("/secrets/mine?api-version=7.4")).body.value, "two");
  assert.equal((await ask(`${first.pathname}?api-version=7.4`)).body.value, "one");
});

test("each refusal is the vault's", async () => {
  const codes = async (...asked: Parameters<typeof ask>) => {
    const { status, code } = await ask(...asked);
    return [status, code];
  };
  assert.deepEqual(await codes("/secrets/none?api-version=7.4"), [404, "SecretNotFound"]);
  assert.deepEqual(await codes("/secrets"), [400, "BadParameter"]);
  assert.deepEqual(await codes("/secrets/a_b?api-version=7.4"), [400, "BadParameter"]);
  assert.deepEqual(await codes("/secrets/a?api-version=7.4", { body: {} }), [400, "BadParameter"]);
  assert.deepEqual(await codes("/secrets?api-version=7.4&maxresults=26"), [400, "BadParameter"]);
  const carol = await tokenFor(microsoft, CAROL, VAULT_SCOPE);
  assert.deepEqual(await codes("/secrets?api-version=7.4", { bearer: carol }), [403, "ForbiddenByRbac"]);
});

test("a token of another audience is refused, there and elsewhere", async () => {
  for (const scope of [GRAPH_SCOPES, ARM_SCOPE]) {
    const bearer = (await redeem(microsoft, ALICE, scope)).body.access_token;
    const { status, code } = await ask("/secrets?api-version=7.4", { bearer });
    assert.deepEqual([status, code], [401, "Unauthorized"]);
  }
  const graph = await fetch(`${microsoft.graphOrigin}/v1.0/me`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(graph.status, 401);
});

test("who never consented to it has no token for it of the same refresh token", async () => {
  const of = attempt(microsoft, "common", { scope: GRAPH_SCOPES });
  const { body } = await redeem(microsoft, ALICE, GRAPH_SCOPES, of);
  const refused = await refresh(microsoft, body.refresh_token, `${VAULT_SCOPE} offline_access`);
  assert.deepEqual(
    [refused.status, refused.body.error, refused.body.suberror],
    [400, "invalid_grant", "consent_required"],
  );
});
