/** "The service" in docs/threats.md: keys, organizations, bodies, paths, origins. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import {
  type Answer,
  binding,
  type Connected,
  connected,
  createKey,
  createLink,
  describeConnection,
  get,
  http,
  newOrg,
  newUser,
  readToken,
  rpc,
  send,
} from "./client.ts";
import { forget, later } from "./stores.ts";
import { ADMIN_KEY, ORIGIN } from "./variables.ts";
import { world } from "./world.ts";

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.json).toMatchObject({ success: false, status, error: expect.any(String) });
}

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

describe("a service binding", () => {
  test.each([
    ["undefined", undefined],
    ["{}", {}],
    ["an org without permissions", { org: "acme" }],
    ["permissions without an org", { permissions: ["*"] }],
    ["empty permissions", { org: "acme", permissions: [] }],
    ["an empty org", { org: "", permissions: ["*"] }],
    ["the reserved org", { org: "GLOBAL", permissions: ["*"] }],
    ["an org that is no text", { org: ["acme"], permissions: ["*"] }],
  ])("whose props are %s is refused", async (_, props) => {
    const refused = { success: false, code: "unauthenticated", status: 401 };
    const service = binding(props);
    expect(await service.getToken({ integration: "azure", userId: "x" })).toMatchObject(refused);
    expect(await service.createConnectLink({ userId: "x" })).toMatchObject(refused);
    expect(await service.listConnections({})).toMatchObject(refused);
  });

  test("without the permission is refused, and the organization comes from props alone", async () => {
    const who = await connected();
    const reader = rpc(who.org, ["connections:read"]);
    expect(await reader.getToken({ integration: "azure", userId: who.user })).toMatchObject({
      code: "permission_denied",
    });
    expect(await reader.getConnection({ integration: "azure", userId: who.user })).toMatchObject({
      status: "connected",
    });
    for (const extra of [{ org: who.org }, { orgId: who.org }, { org_id: who.org }]) {
      const wish = { integration: "azure", userId: who.user, ...extra };
      expect(await rpc("umbrella").getToken(wish)).toMatchObject({ code: "invalid_request" });
    }
    expect(await rpc("umbrella").getToken({ integration: "azure", userId: who.user })).toMatchObject({
      code: "not_connected",
    });
  });

  test("HTTP over the binding needs a key all the same", async () => {
    const service = binding({ org: "acme", permissions: ["*"] }) as unknown as Fetcher;
    const answer = await service.fetch(`${ORIGIN}/user?user_id=x`);
    expect(answer.status).toBe(401);
    await answer.body?.cancel();
  });

  test("parameters that are no object are refused, not thrown", async () => {
    const service = rpc("acme") as unknown as Record<string, (value?: unknown) => Promise<unknown>>;
    for (const value of [
      undefined,
      null,
      "x",
      5,
      [],
      { userId: 5 },
      { userId: "" },
      { userId: "a\u0000b" },
    ]) {
      expect(await service.getToken?.(value)).toMatchObject({ success: false, code: "invalid_request" });
    }
    const long = { integration: "azure", userId: "x".repeat(10_000) };
    expect(await service.getToken?.(long)).toMatchObject({ success: false, code: "invalid_request" });
  });
});

describe("a body that is", () => {
  const create = (body: BodyInit, headers: Record<string, string> = {}) =>
    http("/v1/api-keys", {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json", ...headers },
      body,
    });
  const good = '"org_id":"acme","name":"x","permissions":["*"]';

  test("larger than 64 KiB is refused, with its length told or not", async () => {
    const large = `{${good},"pad":"${"x".repeat(64 * 1024)}"}`;
    expectProblem(await create(large), 413, "payload_too_large");
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 40; n += 1) controller.enqueue(new Uint8Array(4096).fill(32));
        controller.close();
      },
    });
    expectProblem(await create(chunks), 413, "payload_too_large");
  });

  const nested = (open: string, close: string) => `${open.repeat(10_000)}${close.repeat(10_000)}`;
  test.each<[string, string | Uint8Array]>([
    ["10,000 levels deep", `{${good},"x":${nested("[", "]")}}`],
    ["10,000 objects deep", nested('{"a":', "}").replace(":}", ":1}")],
    ["one with duplicate keys", `{${good},"org_id":"umbrella"}`],
    ["one with a lone surrogate", `{"org_id":"acme","name":"\\ud800","permissions":["*"]}`],
    ["one with NUL", `{"org_id":"acme","name":"a\\u0000b","permissions":["*"]}`],
    ["invalid UTF-8", new Uint8Array([...new TextEncoder().encode('{"name":"'), 0xff, 0xfe, 0x22, 0x7d])],
    ["overlong UTF-8", new Uint8Array([...new TextEncoder().encode('{"name":"'), 0xc0, 0xaf, 0x22, 0x7d])],
    ["cut off", `{${good}`],
    ["followed by more", `{${good}}{}`],
    ["a list", `[{${good}}]`],
    ["a string", '"acme"'],
    ["empty", ""],
    ["one with a comment", `{${good}/*x*/}`],
    ["one with a member that is unknown", `{${good},"admin":true}`],
    ["one with a member of another type", `{"org_id":5,"name":"x","permissions":["*"]}`],
    ["one with an empty permission", `{"org_id":"acme","name":"x","permissions":["connect "]}`],
    ["a number that is absurd", "1e999999"],
  ])("%s is refused with a problem document", async (_, body) => {
    const keys = () => env.DB.prepare("SELECT count(*) AS n FROM api_keys").first<number>("n");
    const before = await keys();
    expectProblem(await create(body), 400, "invalid_request");
    expect(await keys()).toBe(before);
  });
});

describe("ids", () => {
  const STRANGE = [
    "a/b",
    "a:b",
    "a%2Fb",
    "a%b",
    "..",
    "a b",
    "ä€😀",
    "'; DROP TABLE api_keys; --",
    "a\\b",
    "a?b#c",
    "<b>",
  ];

  test("with / : % and the like are opaque, and never another's", async () => {
    const org = newOrg();
    const { key } = await createKey(org);
    for (const user of STRANGE) {
      await createLink(key, user);
      const answer = await get(`/v1/connections/azure?${new URLSearchParams({ user_id: user })}`, key);
      expectProblem(answer, 404, "not_connected");
    }
    const { results } = await env.DB.prepare("SELECT user_id FROM connect_links WHERE org_id = ?")
      .bind(org)
      .all();
    expect(results.map((row) => row.user_id).sort()).toEqual([...STRANGE].sort());
  });

  test.each([
    ["10,000 characters", "x".repeat(10_000)],
    ["256 bytes", "x".repeat(256)],
    ["empty", ""],
    ["with NUL", "a\u0000b"],
    ["with a line break", "a\nb"],
    ["with DEL", "a\u007fb"],
  ])("%s are refused", async (_, user) => {
    const { key } = await createKey(newOrg());
    const query = new URLSearchParams({ user_id: user });
    for (const path of ["/connect", "/user", "/v1/connections/azure", "/v1/connections/azure/token"]) {
      expectProblem(await get(`${path}?${query}`, key), 400, "invalid_request");
    }
  });

  test.each([
    "user_id=%ff",
    "user_id=%c0%af",
    "user_id=%ed%a0%80",
    "user_id=%",
    "user_id=%zz",
    "user_id=a&user_id=b",
  ])("a query of %s is refused", async (query) => {
    const { key } = await createKey(newOrg());
    expectProblem(await get(`/user?${query}`, key), 400, "invalid_request");
  });

  test("of a subscription or a group cannot leave their place in the path", async () => {
    const who = await connected();
    await world.control({ reset_stats: true });
    for (const id of ["..%2F..%2Ftenants", "a%2Fb", "%2e%2e%2fx", "x%3Fy=1", "x%23y", "%252e%252e"]) {
      await get(`/subscriptions/${id}/resourceGroups?user_id=${who.user}`, who.key);
    }
    for (const group of ["..", ".", "../..", "a/b", "a?b"]) {
      const query = new URLSearchParams({ user_id: who.user, resource_group: group });
      await get(`/subscriptions/s/resources?${query}`, who.key);
    }
    for (const subscriptionId of ["..", ".", "../..", "a/../b", "%2e%2e"]) {
      await rpc(who.org).listResourceGroups({ userId: who.user, subscriptionId });
      await rpc(who.org).listResources({ userId: who.user, subscriptionId });
    }
    const paths = (await world.requests())
      .filter((entry) => entry.origin === "arm")
      .map((entry) => entry.path.split("?")[0]);
    expect(paths.length).toBeGreaterThan(8);
    for (const path of paths) {
      expect(path).toMatch(
        /^\/subscriptions\/[^/]+\/(resourcegroups|resources|resourceGroups\/[^/]+\/resources)$/,
      );
    }
  });

  test.each([
    ["/user", ""],
    ["/mail", "user_id=x&top=-1"],
    ["/mail", "user_id=x&top=1e3"],
    ["/mail", "user_id=x&top=99999999999999999999"],
    ["/mail", "user_id=x&skip=0x10"],
    ["/calendar/events", "user_id=x&start=yesterday&end=2026-01-01T00:00:00Z"],
    ["/calendar/events", "user_id=x&start=2026-01-01T00:00:00Z"],
    ["/user", "user_id=x&admin=true"],
    ["/v1/connections", "limit=5"],
    ["/v1/connections/azure/token", "user_id=x&resource=vault"],
    ["/v1/connections/azure/token", "user_id=x&min_ttl=soon"],
  ])("%s?%s is refused", async (path, query) => {
    const { key } = await createKey(newOrg());
    expectProblem(await get(`${path}?${query}`, key), 400, "invalid_request");
  });
});

describe("paths", () => {
  test.each([
    "/V1/api-keys",
    "/v1/API-KEYS",
    "//v1/api-keys",
    "/v1//api-keys",
    "/v1/api-keys/",
    "/v1/%61pi-keys",
    "/%76%31/api-keys",
    "/v1%2fapi-keys",
    "/v1/./api-keys",
    "/v1/x/../api-keys",
    "/v1/x/%2e%2e/api-keys",
    "/v1/api-keys;x",
    "/v1/api-keys%00",
    "/v1\\api-keys",
    "/USER?user_id=x",
    "/user/?user_id=x",
    "//user?user_id=x",
    "/user%2f?user_id=x",
    "/connect//?user_id=x",
    "/v1/connections/azure/TOKEN?user_id=x",
    "/v1/connections/azure%2ftoken?user_id=x",
  ])("%s passes no check by", async (path) => {
    const answer = await http(`${ORIGIN}${path}`);
    expect([401, 404]).toContain(answer.status);
    expect(answer.json.success ?? (/<h1/.test(answer.text) ? false : "no refusal")).toBe(false);
    // A key of an organization does not become the administrator's by it either.
    const { key } = await createKey(newOrg(), ["graph:read"]);
    expect((await get(`${ORIGIN}${path}`, key)).status).toBeGreaterThanOrEqual(400);
  });

  test("what is not there, and methods that are not, get a problem document", async () => {
    const { key } = await createKey(newOrg());
    expectProblem(await get("/nothing", key), 404, "not_found");
    for (const method of ["PUT", "PATCH", "DELETE", "POST"]) {
      expectProblem(await send(method, "/user?user_id=x", key), 404, "not_found");
    }
    expectProblem(await send("PUT", "/v1/api-keys", ADMIN_KEY, {}), 404, "not_found");
  });
});

describe("browsers of other origins", () => {
  const preflight = (origin: string) =>
    http("/v1/connections", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
      },
    });

  test("on the allowlist may call, by name, without credentials", async () => {
    const { key } = await createKey(newOrg());
    const answer = await get("/v1/connections", key, { origin: "https://app.example" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(answer.headers.get("vary")).toMatch(/origin/i);
    expect((await preflight("https://console.example")).headers.get("access-control-allow-origin")).toBe(
      "https://console.example",
    );
  });

  test.each([
    "https://evil.example",
    "https://app.example.evil.example",
    "http://app.example",
    "null",
    "https://APP.example",
  ])("%s is not allowed", async (origin) => {
    const { key } = await createKey(newOrg());
    for (const answer of [await get("/v1/connections", key, { origin }), await preflight(origin)]) {
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("outside of /v1 nothing is shared, wildcards nowhere", async () => {
    const { key } = await createKey(newOrg());
    const origin = "https://app.example";
    for (const path of ["/user?user_id=x", "/connect?user_id=x", "/callback", "/health"]) {
      const answer = await get(path, key, { origin });
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("answers", () => {
  test("are kept by no cache and framed by nobody", async () => {
    const who = await connected();
    for (const answer of [
      await readToken(who),
      await get(`/user?user_id=${who.user}`, who.key),
      await http("/health"),
      await http("/nothing"),
      await http("/callback"),
    ]) {
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-frame-options")).toBe("DENY");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("referrer-policy")).toMatch(/^(no-referrer|same-origin)$/);
    }
  });

  test("health is open; its depth is the administrator's", async () => {
    expect((await http("/health")).json).toMatchObject({ status: "ok", service: "postern" });
    expectProblem(await http("/health?deep=1"), 401, "unauthenticated");
    expectProblem(await get("/health?deep=1", (await createKey(newOrg())).key), 403, "permission_denied");
    expect((await get("/health?deep=1", ADMIN_KEY)).json).toMatchObject({ status: "ok" });
    vi.spyOn(Object.getPrototypeOf(env.DB), "batch").mockRejectedValue(new Error("down"));
    expect(await get("/health?deep=1", ADMIN_KEY)).toMatchObject({ status: 503 });
  });

  test("a flood with one wrong key stays in the isolate", async () => {
    const batch = vi.spyOn(Object.getPrototypeOf(env.DB), "batch");
    const wrong = `pk_acme_${"E".repeat(43)}`;
    for (let n = 0; n < 20; n += 1) expect((await get("/v1/connections", wrong)).status).toBe(401);
    expect(batch).toHaveBeenCalledTimes(1);
  });

  test("a flood on one connection that nobody has writes nothing", async () => {
    const { key } = await createKey(newOrg());
    const user = newUser();
    const flood = Array.from({ length: 100 }, () => get(`/v1/connections/azure/token?user_id=${user}`, key));
    for (const answer of await Promise.all(flood)) expect([404, 503]).toContain(answer.status);
    expect(await world.tokenRequests()).toBe(0);
  });
});
