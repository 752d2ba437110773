/** "The service" in docs/threats.md: service bindings, browsers of other origins, what every answer says. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { prepare } from "../../../worker-shim/src/env.ts";
import {
  binding,
  boundRpc,
  connected,
  createKey,
  expectProblem,
  get,
  http,
  newOrg,
  newUser,
  readToken,
  rpc,
} from "../support/client.ts";
import { contains } from "../support/instances.ts";
import { ADMIN_KEY, ORIGIN } from "../support/variables.ts";
import { world } from "../support/world.ts";

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
    const service = boundRpc({ org: "acme", permissions: ["*"] }) as unknown as Fetcher;
    const answer = await service.fetch(`${ORIGIN}/user?user_id=x`);
    expect(answer.status).toBe(401);
    await answer.body?.cancel();
  });

  test("a front is given the administrator's key to compare with, and the client secret never", () => {
    const { environment, withSecrets } = prepare(env);

    expect([contains(environment, ADMIN_KEY), contains(environment, env.AZURE_CLIENT_SECRET)]).toEqual([
      true,
      false,
    ]);
    expect([contains(withSecrets, ADMIN_KEY), contains(withSecrets, env.AZURE_CLIENT_SECRET)]).toEqual([
      true,
      true,
    ]);
  });

  test("parameters that no JSON can say are refused, not thrown", async () => {
    const service = rpc("acme") as unknown as Record<string, (value?: unknown) => Promise<unknown>>;
    const cycle: Record<string, unknown> = { userId: "x" };
    cycle.of = [cycle];
    for (const parameters of [{ userId: 1n }, cycle, { userId: [{ deep: 2n }] }]) {
      expect(await service.listConnections?.(parameters)).toMatchObject({
        success: false,
        code: "invalid_request",
      });
    }
    const large = "x".repeat(100 * 1024);
    for (const parameters of [{ userId: large }, { [large]: 1 }, Array.from({ length: 70_000 }, () => 1)]) {
      expect(await service.listConnections?.(parameters)).toMatchObject({ code: "payload_too_large" });
    }
    // As large as over HTTP, and not a byte less for being measured.
    const most = "x".repeat(64 * 1024 - '{"userId":""}'.length);
    expect(await service.listConnections?.({ userId: most })).toMatchObject({ code: "invalid_request" });
    expect(await service.listConnections?.({ userId: `${most}x` })).toMatchObject({
      code: "payload_too_large",
    });
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

  test.each(["/user", "/mail", "/subscriptions", "/connect"])(
    "may call %s with a key as well, once they are allowed",
    async (path) => {
      const { key } = await createKey(newOrg());
      const answer = await get(`${path}?user_id=x`, key, { origin: "https://app.example" });
      expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
      const other = await get(`${path}?user_id=x`, key, { origin: "https://evil.example" });
      expect(other.headers.get("access-control-allow-origin")).toBeNull();
    },
  );

  test("what takes no key shares nothing", async () => {
    const { key } = await createKey(newOrg());
    const origin = "https://app.example";
    for (const path of ["/callback", "/health", "/connect/some-link", "/"]) {
      const answer = await get(path, key, { origin });
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("may ask for any header and method of an API's, and read what it answers", async () => {
    const answer = await http("/v1/proxy/azure/x/v1.0/me", {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,if-match,consistencylevel",
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(answer.headers.get("access-control-allow-headers")).toBe(
      "authorization,if-match,consistencylevel",
    );
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    const read = await get("/v1/proxy/azure/x/v1.0/me", "wrong", { origin: "https://app.example" });
    expect([read.status, read.headers.get("access-control-expose-headers")]).toEqual([401, "*"]);
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
    expect(await get("/health?deep=1", ADMIN_KEY)).toMatchObject({
      status: 503,
      json: { status: "degraded" },
    });
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
