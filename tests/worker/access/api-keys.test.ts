/** "The service" in docs/threats.md: API keys, and the organizations that they belong to. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  type Answer,
  type Connected,
  connected,
  createKey,
  describeConnection,
  expectProblem,
  get,
  http,
  newOrg,
  readToken,
  send,
} from "../support/client.ts";
import { forget, later } from "../support/stores.ts";
import { ADMIN_KEY } from "../support/variables.ts";

describe("API keys", () => {
  test("unknown, wrong, revoked, expired, malformed: one answer for all", async () => {
    const org = newOrg();
    const good = await createKey(org);
    const revoked = await createKey(org);
    const short = await createKey(org, ["*"], { expires_at: new Date(Date.now() + 60_000).toISOString() });
    expect((await get("/v1/connections", short.key)).status).toBe(200);
    expect((await get("/v1/connections", revoked.key)).status).toBe(200);
    expect((await send("DELETE", `/v1/api-keys/${revoked.id}`, ADMIN_KEY)).status).toBe(200);
    later(61_000);
    const flipped = `${good.key.slice(0, -1)}${good.key.endsWith("A") ? "B" : "A"}`;
    const answers: Answer[] = [];
    for (const authorization of [
      `Bearer ${flipped}`,
      `Bearer ${good.key.replace(org, "acme")}`,
      `Bearer pk_nobody_${"A".repeat(43)}`,
      `Bearer ${revoked.key}`,
      `Bearer ${short.key}`,
      `Bearer ${good.key}x`,
      `Bearer ${good.key} ${good.key}`,
      `Bearer ${ADMIN_KEY}x`,
      `Basic ${btoa(`x:${good.key}`)}`,
      good.key,
      "Bearer",
      "Bearer ",
    ]) {
      answers.push(await http("/v1/connections", { headers: { authorization } }));
    }
    answers.push(await http(`/v1/connections?api_key=${good.key}`));
    answers.push(await http("/v1/connections", { headers: { cookie: `authorization=${good.key}` } }));
    for (const answer of answers) {
      expectProblem(answer, 401, "unauthenticated");
      expect(answer.text).toBe(answers[0]?.text);
    }
    expect((await get("/v1/connections", good.key)).status).toBe(200);
  });

  test("a revoked key stops, in other isolates as well", async () => {
    const { key, id } = await createKey(newOrg());
    expect((await get("/v1/connections", key)).status).toBe(200);
    await send("DELETE", `/v1/api-keys/${id}`, ADMIN_KEY);
    expect((await get("/v1/connections", key)).status).toBe(401);
    forget();
    expect((await get("/v1/connections", key)).status).toBe(401);
  });

  test("the key is shown once and stored hashed", async () => {
    const org = newOrg();
    const { key, id } = await createKey(org);
    const listed = await get(`/v1/api-keys?org_id=${org}`, ADMIN_KEY);
    expect(listed.text).toContain(id);
    expect(listed.text).not.toContain(key);
    const row = await env.DB.prepare("SELECT * FROM api_keys WHERE id = ?").bind(id).first();
    expect(Object.values(row ?? {})).not.toContain(key);
    expect(row?.key_hash).toMatch(/^[\w-]{43}$/);
  });

  test("only the administrator's key makes, lists and revokes them, and it does nothing else", async () => {
    const { key, id } = await createKey(newOrg());
    const wish = { org_id: "acme", name: "mine", permissions: ["*"] };
    expectProblem(await send("POST", "/v1/api-keys", key, wish), 403, "permission_denied");
    expectProblem(await get("/v1/api-keys", key), 403, "permission_denied");
    expectProblem(await send("DELETE", `/v1/api-keys/${id}`, key), 403, "permission_denied");
    expectProblem(await http("/v1/api-keys"), 401, "unauthenticated");
    for (const path of ["/connect?user_id=x", "/user?user_id=x", "/v1/connections"]) {
      expectProblem(await get(path, ADMIN_KEY), 403, "permission_denied");
    }
    expect((await get("/v1/connections", key)).status).toBe(200);
  });

  test("a key does what its permissions say, and no more", async () => {
    const org = newOrg();
    const { user } = await connected(undefined, org);
    const calls: [string, string, string][] = [
      ["connect", "GET", `/connect?user_id=${user}`],
      ["graph:read", "GET", `/user?user_id=${user}`],
      ["arm:read", "GET", `/subscriptions?user_id=${user}`],
      ["tokens:read", "GET", `/v1/connections/azure/token?user_id=${user}`],
      ["connections:read", "GET", "/v1/connections"],
      ["connections:write", "POST", `/v1/connections/azure/refresh?user_id=${user}`],
    ];
    for (const [permission] of calls) {
      const { key } = await createKey(org, [permission]);
      for (const [needed, method, path] of calls) {
        const answer = await send(method, path, key);
        expect([permission, path, answer.status]).toEqual([
          permission,
          path,
          needed === permission ? 200 : 403,
        ]);
      }
    }
  });

  test("organization ids that would be taken for something else are refused", async () => {
    for (const org of ["GLOBAL", "", "a_b", "a:b", "-a", "a".repeat(64), "a b", "ä", "../x"]) {
      const answer = await send("POST", "/v1/api-keys", ADMIN_KEY, {
        org_id: org,
        name: "x",
        permissions: ["*"],
      });
      expectProblem(answer, 400, "invalid_request");
    }
  });
});

describe("an organization's key with a name of another organization", () => {
  test("sees, uses and ends nothing of it", async () => {
    const ours = await connected();
    const theirs: Connected = { ...(await connected()), user: ours.user };
    const before = (await readToken(ours)).json.access_token;
    const user = `user_id=${ours.user}`;
    for (const path of [
      `/v1/connections/azure/token?${user}`,
      `/v1/connections/azure?${user}`,
      `/user?${user}`,
      `/mail?${user}`,
      `/calendar/events?${user}`,
      `/subscriptions?${user}`,
      `/subscriptions/x/resourceGroups?${user}`,
    ]) {
      expectProblem(await get(path, theirs.key), 404, "not_connected");
    }
    expectProblem(
      await send("POST", `/v1/connections/azure/refresh?${user}`, theirs.key),
      404,
      "not_connected",
    );
    const ended = await send("DELETE", `/v1/connections/azure?${user}`, theirs.key);
    expect(ended.json).toMatchObject({ disconnected: false });
    expect((await get(`/v1/connections?${user}`, theirs.key)).json.connections).toEqual([]);
    expect((await get("/v1/connections", theirs.key)).text).not.toContain(ours.user);
    expect((await describeConnection(ours)).json.status).toBe("connected");
    expect((await readToken(ours)).json.access_token).toBe(before);
  });

  test("a cursor of another organization shows nothing of it", async () => {
    const org = newOrg();
    const { key } = await createKey(org);
    const stranger = await connected();
    for (const cursor of ["A", stranger.user, btoa(stranger.org), "../..", "x".repeat(3000)]) {
      const answer = await get(`/v1/connections?${new URLSearchParams({ cursor })}`, key);
      expect([200, 400]).toContain(answer.status);
      expect(answer.text).not.toContain(stranger.user);
    }
  });
});

test("a list goes on behind a page of which nothing can be read", async () => {
  const who = await connected();
  // Sorted: 51 of them stand before and one behind the user who can be read.
  const copy = (user: string) =>
    env.DB.prepare(
      `INSERT INTO oauth_connections SELECT org_id, integration, ?, provider, provider_user_id, tenant_id, access_token,
         refresh_token, expires_at, created_at, updated_at, version, status, account_name, 'AAAA', account_key
         FROM oauth_connections WHERE user_id = ?`,
    ).bind(user, who.user);
  await env.DB.batch(Array.from({ length: 51 }, (_, n) => copy(`a-${String(n).padStart(2, "0")}`)));
  const first = await get("/v1/connections", who.key);
  expect([first.status, first.json.connections]).toEqual([200, []]);
  const cursor = String(first.json.cursor);
  const second = await get(`/v1/connections?${new URLSearchParams({ cursor })}`, who.key);
  expect(second.json).toMatchObject({ connections: [{ user_id: who.user }] });
  expect(second.json.cursor).toBeUndefined();
});
