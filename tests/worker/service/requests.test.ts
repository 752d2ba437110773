/** "The service" in docs/threats.md: bodies, ids and paths as nobody should send them. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  connected,
  createKey,
  createLink,
  expectProblem,
  get,
  http,
  newOrg,
  rpc,
  send,
} from "../support/client.ts";
import { ADMIN_KEY, ORIGIN } from "../support/variables.ts";
import { world } from "../support/world.ts";

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
    expect(paths.length).toBeGreaterThan(4);
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
    ["/v1/connections/azure/token", "user_id=x&resource=drive"],
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
