/** Key Vault: a host of each call's, an audience of its own, and people who are asked for it when a call needs it. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  createLink,
  expectProblem,
  frontWith,
  get,
  newOrg,
  newUser,
  rpc,
  send,
} from "../support/client.ts";
import { ALICE, CAROL, DAVE, world } from "../support/world.ts";

const SCOPE = "https://vault.azure.net/user_impersonation";
const ALL = ["vault:read", "vault:secrets", "vault:write"] as const;

afterEach(async () => {
  vi.unstubAllGlobals();
  await world.reset();
});

const service = (who: Connected, permissions: readonly string[] = ALL) => rpc(who.org, permissions);

/** Somebody who consented to it, by the link of the first refusal. */
async function consented(email = ALICE): Promise<Connected> {
  const who = await connected(email);
  const refused = (await service(who).listSecrets({ userId: who.user, vault: "shop" })) as Record<
    string,
    unknown
  >;
  expect(refused).toMatchObject({ success: false, code: "needs_reauth", cause: "consent_required" });
  const browser = new Browser();
  const back = await browser.upToCallback(String(refused.connect_url), email);
  expect(new URL(browser.authorizeUrl ?? "").searchParams.get("scope")?.split(" ")).toContain(SCOPE);
  expect((await browser.open(back)).status).toBe(200);
  return who;
}

describe("whoever connects", () => {
  test("is not asked for it", async () => {
    const org = newUser();
    const { key } = await createKey(org);
    const browser = new Browser();
    await browser.upToCallback((await createLink(key, newUser())).url, ALICE);
    expect(browser.authorizeUrl).not.toContain("vault");
    expect(browser.authorizeUrl).not.toContain("storage");
  });

  test("is asked for it by the link of the first call's refusal, and keeps the rest", async () => {
    const who = await consented();
    const listed = (await service(who).listSecrets({ userId: who.user, vault: "shop" })) as unknown as {
      id: string;
    }[];
    expect(listed.length).toBeGreaterThanOrEqual(30);
    expect(await rpc(who.org).listSubscriptions({ userId: who.user })).toHaveLength(7);
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });

  test("stays connected while it is refused", async () => {
    const who = await connected();
    expect(await service(who).listSecrets({ userId: who.user, vault: "shop" })).toMatchObject({
      code: "needs_reauth",
    });
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
    const shown = await get(`/v1/connections/azure?user_id=${who.user}`, who.key);
    expect(shown.json.status).toBe("connected");
  });

  test("with a personal account has none, and Entra is not asked", async () => {
    const org = newOrg();
    const { key } = await createKey(org);
    const user = newUser();
    await connect(key, user, DAVE, { tenant_id: "consumers" });
    const who = { org, key, user };
    const before = await world.tokenRequests();
    const answer = await service(who).listSecrets({ userId: who.user, vault: "shop" });
    expect(answer).toMatchObject({ code: "resource_not_granted" });
    expect(await world.tokenRequests()).toBe(before);
  });
});

describe("a token", () => {
  test("for it goes to no other API, and no other API's goes there", async () => {
    const who = await consented();
    await service(who).listSecrets({ userId: who.user, vault: "shop" });
    await rpc(who.org).listSubscriptions({ userId: who.user });
    const requests = await world.requests();
    const refused = requests.filter(({ origin, status }) => origin !== "login" && status === 401);
    expect(refused).toEqual([]);
    const scopes = requests
      .filter(({ grantType }) => grantType === "refresh_token")
      .map(({ scope }) => scope);
    expect(scopes).toContain(`${SCOPE} offline_access`);
    expect(scopes.filter((scope) => scope?.includes("vault") && scope.includes("management"))).toEqual([]);
  });

  test("is handed out to whoever has the permission by its name", async () => {
    const who = await consented();
    const ask = { userId: who.user, resource: "vault" };
    for (const permissions of [["*"], ["tokens:read"], ["tokens:read:arm"], ["vault:read"]])
      expect(await rpc(who.org, permissions).getToken(ask)).toMatchObject({ code: "permission_denied" });
    expect(await rpc(who.org, ["tokens:read:vault"]).getToken(ask)).toMatchObject({
      resource: "vault",
      scope: SCOPE,
    });
  });
});

test("Storage has a token of its own too, of the same refresh token", async () => {
  const who = await connected();
  await world.control({ consent: "any" });
  const ask = { userId: who.user, resource: "storage" };
  expect(await rpc(who.org, ["tokens:read"]).getToken(ask)).toMatchObject({ code: "permission_denied" });
  expect(await rpc(who.org, ["tokens:read:storage"]).getToken(ask)).toMatchObject({
    resource: "storage",
    scope: "https://storage.azure.com/user_impersonation",
  });
});

describe("a vault", () => {
  test("lists names in pages, and gives a value only to who may have values", async () => {
    const who = await consented();
    const page = (await service(who).listSecrets({
      userId: who.user,
      vault: "shop",
      top: 3,
      cursor: "",
    })) as unknown as {
      secrets: Record<string, unknown>[];
      next_cursor: string;
    };
    expect(page.secrets.map(({ id }) => String(id).split("/").pop())).toEqual([
      "secret-00",
      "secret-01",
      "secret-02",
    ]);
    expect(page.secrets.every((secret) => !("value" in secret))).toBe(true);
    const ask = { userId: who.user, vault: "shop", cursor: page.next_cursor };
    expect(await service(who).listSecrets(ask)).toHaveProperty("secrets");
    expect(await service(who).listSecrets({ ...ask, vault: "other" })).toMatchObject({
      code: "invalid_request",
    });
    const secret = { userId: who.user, vault: "shop", secretName: "secret-07" };
    expect(await service(who).getSecret(secret)).toMatchObject({ value: "value 7" });
    expect(await service(who, ["vault:read", "vault:write", "*"]).getSecret(secret)).toMatchObject({
      code: "permission_denied",
    });
    expect(await service(who).listKeys({ userId: who.user, vault: "shop" })).toMatchObject([
      { tags: { team: "shop" } },
    ]);
  });

  test("takes a secret of several lines, over HTTP", async () => {
    const who = await consented();
    const { key } = await createKey(who.org, ALL);
    const at = `/vaults/shop/secrets/pem?user_id=${who.user}`;
    const value = "-----BEGIN-----\nabc\n-----END-----\n";
    const set = await send("PUT", at, key, { secret: { value, contentType: "application/x-pem-file" } });
    expect([set.status, set.json.value]).toEqual([200, value]);
    const first = String(set.json.id).split("/").pop() ?? "";
    await send("PUT", at, key, { secret: { value: "newer" } });
    expect((await get(at, key)).json.value).toBe("newer");
    expect((await get(`${at}&version=${first}`, key)).json.value).toBe(value);
  });

  test.each([
    ["secret-99", 404, "provider_not_found", "SecretNotFound"],
    // Here already: its API says BadParameter.
    ["a_b", 400, "invalid_request", undefined],
    ["a%2F..%2Fb", 400, "invalid_request", undefined],
    ["a".repeat(128), 400, "invalid_request", undefined],
  ])("refuses %s", async (name, status, code, word) => {
    const who = await consented();
    const { key } = await createKey(who.org, ALL);
    const answer = await get(`/vaults/shop/secrets/${name}?user_id=${who.user}`, key);
    expectProblem(answer, status, code);
    expect(answer.json.provider_code).toBe(word);
  });

  test("refuses who has no role in it", async () => {
    const who = await consented(CAROL);
    expect(await service(who).listSecrets({ userId: who.user, vault: "shop" })).toMatchObject({
      code: "provider_forbidden",
      provider_code: "Forbidden",
      provider_inner_code: "ForbiddenByRbac",
    });
  });
});

describe("the name of a vault", () => {
  test.each([
    "evil.example",
    "evil.example%2f",
    "a.b",
    "-a",
    "Shop",
    "a%40b",
    "a%3a443",
    "a".repeat(64),
    "x%2e%2e",
  ])("%s is refused before a token is looked for", async (name) => {
    const who = await connected();
    const { key } = await createKey(who.org, ALL);
    await world.control({ reset_stats: true });
    const answer = await get(`/vaults/${name}/secrets?user_id=${who.user}`, key);
    expectProblem(answer, 400, "invalid_request");
    expect(String(answer.json.detail)).toContain("`vault`");
    expect(await world.tokenRequests()).toBe(0);
  });

  test("is the first label of the host, and the rest is the cloud's", async () => {
    const who = await consented();
    await service(who).listSecrets({ userId: who.user, vault: "shop" });
    const asked: string[] = [];
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", (input: string, init: RequestInit = {}) => {
      if (input.startsWith(env.AZURE_LOGIN_ORIGIN)) return real(input, init);
      asked.push(input);
      return Promise.resolve(Response.json({ value: [] }));
    });
    const { key } = await createKey(who.org, ALL);
    const front = frontWith({ VAULT_ORIGIN: undefined });
    const answer = await get(`/vaults/shop-2/secrets?user_id=${who.user}`, key, {}, front);
    expect([answer.status, asked]).toEqual([200, ["https://shop-2.vault.azure.net/secrets?api-version=7.4"]]);
  });
});

test("the proxy does not call it", async () => {
  const who = await connected();
  const { key } = await createKey(who.org, ["proxy:vault", "proxy:storage"]);
  for (const api of ["vault", "storage"]) {
    const answer = await get(`/v1/proxy/azure.${api}/${who.user}/secrets`, key);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`The proxy does not call \`${api}\``);
  }
});
