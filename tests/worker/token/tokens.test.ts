/** Reading, refreshing and recovering tokens: the rows of "Tokens" in docs/threats.md. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import {
  type Answer,
  type Connected,
  connect,
  connected,
  describeConnection,
  get,
  newUser,
  readToken,
  refreshNow,
  rpc,
  send,
} from "../support/client.ts";
import { pass, SECOND } from "../support/clock.ts";
import {
  authorityOf,
  connectionKey,
  deleteFromKv,
  forget,
  inD1,
  inKv,
  later,
  storedKeys,
  wipe,
} from "../support/stores.ts";
import { ALICE, BOB, world } from "../support/world.ts";

const SOON_SECONDS = 200;
const NINETY_DAYS = 90 * 24 * 3600;

/** Connected, with a token that is to be refreshed on its next use and lives until then. */
async function nearExpiry(): Promise<{ who: Connected; old: unknown }> {
  await world.control({ expires_in: SOON_SECONDS });
  const who = await connected();
  const old = await storedToken();
  await world.control({ expires_in: 3600, reset_stats: true });
  return { who, old };
}

/** The newest access token that the world gave out. */
async function storedToken(): Promise<string> {
  return (await world.secrets()).access_tokens?.at(-1) ?? "";
}

const token = async (who: Connected, more: Record<string, string> = {}) =>
  (await readToken(who, more)).json.access_token;

async function expectNeedsReauth(answer: Answer, cause: string): Promise<string> {
  expect(answer.json).toMatchObject({ success: false, code: "needs_reauth", status: 409, cause });
  expect(answer.json.connect_url).toMatch(/^https:\/\/postern\.example\/connect\/[\w-]{43}$/);
  return String(answer.json.connect_url);
}

describe("a refresh on use", () => {
  test("200 callers over HTTP and RPC make one token request and get the same new token", async () => {
    const { who, old } = await nearExpiry();
    const callers = Array.from({ length: 200 }, async (_, n) => {
      if (n % 2 === 0) return token(who);
      const answer = await rpc(who.org).getToken({ integration: "azure", userId: who.user });
      return (answer as Record<string, unknown>).access_token;
    });
    const tokens = await Promise.all(callers);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toBe(await storedToken());
    expect(tokens[0]).not.toBe(old);
    const { token: asked } = await world.stats();
    expect([asked.requests, asked.most_at_once]).toEqual([1, 1]);
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
  });

  test.each([
    [299, 1],
    [3600, 0],
    [330, 0],
  ])("a token that lives %i s more makes %i token requests", async (seconds, requests) => {
    await world.control({ expires_in: seconds });
    const who = await connected();
    await world.control({ reset_stats: true });
    forget();
    expect((await readToken(who)).status).toBe(200);
    expect(await world.tokenRequests()).toBe(requests);
  });

  test("forced refreshes coalesce, and a caller who came before shares the result", async () => {
    const who = await connected();
    await world.control({ reset_stats: true });
    const answers = await Promise.all(Array.from({ length: 30 }, () => refreshNow(who)));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    expect(await world.tokenRequests()).toBeLessThanOrEqual(2);
  });

  test("min_ttl beyond the lifetime is no storm", async () => {
    const who = await connected();
    await world.control({ reset_stats: true });
    forget();
    later(20 * 60_000);
    const wishes = Array.from({ length: 30 }, () => token(who, { min_ttl: "1000000" }));
    expect(new Set(await Promise.all(wishes)).size).toBe(1);
    for (let n = 0; n < 3; n += 1) {
      later(4 * 60_000);
      await token(who, { min_ttl: "1000000" });
    }
    expect(await world.tokenRequests()).toBe(1);
  });

  test("one refresh token serves each resource with a token of its own", async () => {
    const who = await connected();
    const graph = await token(who, { resource: "graph" });
    const arm = await token(who, { resource: "arm" });
    expect(arm).not.toBe(graph);
    expect(await token(who, { resource: "graph" })).toBe(graph);
    expect((await get(`/subscriptions?user_id=${who.user}`, who.key)).json.subscriptions).toHaveLength(7);
    expect(await world.tokenRequests("refresh_token")).toBe(1);
    expect((await readToken(who, { resource: "drive" })).json.code).toBe("invalid_request");
  });

  test("an answer without a refresh token keeps the old one, under the new version", async () => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "omit-refresh-token" } });
    const first = await token(who);
    expect((await refreshNow(who)).status).toBe(200);
    expect(await token(who)).not.toBe(first);
    expect(await world.tokenRequests()).toBe(2);
  });

  test("a token that Graph refuses is refreshed once and tried once more", async () => {
    const who = await connected();
    await world.control({ expire_access_tokens: true, reset_stats: true });
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    expect(await world.tokenRequests()).toBe(1);
    later(31_000);
    await world.control({ reset_stats: true, graph: { kind: "status", status: 401, times: "always" } });
    const answer = await get(`/user?user_id=${who.user}`, who.key);
    expect(answer.json).toMatchObject({ success: false, code: "provider_rejected" });
    const { token: asked, graph } = await world.stats();
    expect([asked.requests, graph.requests]).toEqual([1, 2]);
    // A server that refuses every token does not get a new one with each request.
    for (let n = 0; n < 20; n += 1) await get(`/user?user_id=${who.user}`, who.key);
    expect(await world.tokenRequests()).toBe(1);
    later(31_000);
    await get(`/user?user_id=${who.user}`, who.key);
    expect(await world.tokenRequests()).toBe(2);
  });
});

describe("a store that lost it, or is down", () => {
  test("KV: the next read recovers, and KV has it again for 90 days", async () => {
    const who = await connected();
    const before = await token(who);
    await world.control({ reset_stats: true });
    await deleteFromKv(who);
    forget();
    expect(await token(who)).toBe(before);
    expect(await inKv(who)).toBeDefined();
    const { keys } = await env.AZURE_TOKENS.list({ prefix: await connectionKey(who) });
    const left = (keys[0]?.expiration ?? 0) - Date.now() / 1000;
    expect(left).toBeGreaterThan(NINETY_DAYS - 60);
    expect(left).toBeLessThanOrEqual(NINETY_DAYS + 60);
    expect(await world.tokenRequests()).toBe(0);
  });

  /** A request that the lost storage knew of may be on its way for 25 s: until then nobody shows the token. */
  const waitOutWhatWasLost = async (who: Parameters<typeof refreshNow>[0]) => {
    expect((await refreshNow(who)).status).toBe(503);
    await pass(25 * SECOND);
  };

  test("KV and the authority: recovered from D1, and it refreshes on", async () => {
    const who = await connected();
    const before = await token(who);
    const object = await authorityOf(who);
    await deleteFromKv(who);
    await wipe(object);
    forget();
    expect(await token(who)).toBe(before);
    expect(await storedKeys(object)).toContain("record");
    await waitOutWhatWasLost(who);
    expect((await refreshNow(who)).json).toMatchObject({ status: "connected" });
    expect(await token(who)).not.toBe(before);
  });

  test("a backup that is behind says honestly that nobody can know", async () => {
    const who = await connected();
    const behind = await inD1(who);
    await refreshNow(who);
    await env.DB.prepare("UPDATE oauth_connections SET record = ?, version = ? WHERE org_id = ?")
      .bind(behind?.record, behind?.version, who.org)
      .run();
    await deleteFromKv(who);
    await wipe(await authorityOf(who));
    await waitOutWhatWasLost(who);
    await expectNeedsReauth(await refreshNow(who), "refresh_outcome_unknown");
  });

  test("a backup that is behind recovers where the provider keeps old tokens good", async () => {
    await world.control({ rotation: "reusable" });
    const who = await connected();
    const behind = await inD1(who);
    await refreshNow(who);
    await env.DB.prepare("UPDATE oauth_connections SET record = ?, version = ? WHERE org_id = ?")
      .bind(behind?.record, behind?.version, who.org)
      .run();
    await deleteFromKv(who);
    await wipe(await authorityOf(who));
    await waitOutWhatWasLost(who);
    expect((await refreshNow(who)).json).toMatchObject({ status: "connected" });
    expect(await token(who)).toBe(await storedToken());
  });

  const down = {
    fails: () => Promise.reject(new Error("D1_ERROR: down")),
    "never answers": () => new Promise<never>(() => undefined),
  };
  /** Deadlines come a hundred times sooner. */
  function hurry(): void {
    const real = globalThis.setTimeout;
    vi.stubGlobal("setTimeout", (work: () => void, ms?: number) => real(work, (ms ?? 0) / 100));
  }

  test.each(Object.entries(down))(
    "D1 that %s stops no read, no refresh, and gets the record later",
    async (_, how) => {
      const { who, old } = await nearExpiry();
      hurry();
      const batch = vi.spyOn(Object.getPrototypeOf(env.DB), "batch").mockImplementation(how);
      forget();
      const fresh = await token(who);
      expect(fresh).toBe(await storedToken());
      expect(fresh).not.toBe(old);
      expect(batch).toHaveBeenCalled();
      expect(await token(who)).toBe(fresh);
      const version = (await inD1(who))?.version as number;
      batch.mockRestore();
      const object = await authorityOf(who);
      expect(await storedKeys(object)).toContain("outbox");
      expect(await runDurableObjectAlarm(object)).toBe(true);
      expect((await inD1(who))?.version).toBe(version + 1);
      expect(await storedKeys(object)).not.toContain("outbox");
    },
  );

  test.each(Object.entries(down))("KV that %s stops no read and no refresh", async (_, how) => {
    const { who } = await nearExpiry();
    hurry();
    const prototype = Object.getPrototypeOf(env.AZURE_TOKENS);
    const spies = (["get", "put", "delete"] as const).map((name) =>
      vi.spyOn(prototype, name).mockImplementation(how),
    );
    forget();
    const fresh = await token(who);
    expect(fresh).toBe(await storedToken());
    expect(await token(who)).toBe(fresh);
    expect(await world.tokenRequests()).toBe(1);
    for (const spy of spies) spy.mockRestore();
    expect(await runDurableObjectAlarm(await authorityOf(who))).toBe(true);
    vi.restoreAllMocks();
    forget();
    expect(await token(who)).toBe(fresh);
  });

  test("a key cannot be checked while all stores are down: 503, never 401", async () => {
    const who = await connected();
    const fail = () => Promise.reject(new Error("down"));
    vi.spyOn(Object.getPrototypeOf(env.DB), "batch").mockImplementation(fail);
    vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get").mockImplementation(fail);
    forget();
    const answer = await readToken(who);
    expect([answer.status, answer.json.code]).toEqual([503, "store_unavailable"]);
  });
});

describe("sealed values", () => {
  const replaceBytes = (bytes: Uint8Array, from: string, to: string): Uint8Array => {
    const latin = new TextDecoder("latin1").decode(bytes);
    expect(latin).toContain(from);
    expect(to.length).toBe(from.length);
    return Uint8Array.from(latin.replaceAll(from, to), (c) => c.charCodeAt(0));
  };
  const sealedIn = async (who: Connected) => String((await inD1(who))?.access_token);

  test("a token moved to another user's row does not open there", async () => {
    const alice = await connected(ALICE);
    const bob: Connected = { ...alice, user: newUser() };
    expect((await connect(bob.key, bob.user, BOB)).status).toBe(200);
    const bobs = await token(bob);
    const forged = replaceBytes(
      (await inKv(bob)) ?? new Uint8Array(),
      await sealedIn(bob),
      await sealedIn(alice),
    );
    await env.AZURE_TOKENS.put(await connectionKey(bob), forged);
    forget();
    expect(await token(bob)).toBe(bobs);
    expect((await get(`/user?user_id=${bob.user}`, bob.key)).json.mail).toBe(BOB);
    // In the authority itself there is nothing behind it: refused, never served.
    await runInDurableObject(await authorityOf(bob), (_, state) => state.storage.kv.put("record", forged));
    await deleteFromKv(bob);
    expect((await readToken(bob)).json.code).toBe("stored_data_unreadable");
  });

  test("another tenant's row under one's own key is not taken for one's own", async () => {
    const alice = await connected(ALICE);
    const bob = await connected(BOB);
    const bobs = await token(bob);
    await env.AZURE_TOKENS.put(await connectionKey(bob), (await inKv(alice)) ?? "");
    forget();
    expect(await token(bob)).toBe(bobs);
    await env.AZURE_TOKENS.put(await connectionKey(bob), (await inKv(alice)) ?? "");
    await env.DB.prepare("UPDATE oauth_connections SET record = ? WHERE org_id = ?")
      .bind((await inD1(alice))?.record, bob.org)
      .run();
    await wipe(await authorityOf(bob));
    expect((await readToken(bob)).json.code).toBe("stored_data_unreadable");
  });
});

describe("a disconnect", () => {
  const disconnect = (who: Connected) => send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);

  test("ends it everywhere, and may be repeated", async () => {
    const who = await connected();
    await token(who);
    const sealed = [(await inD1(who))?.access_token, (await inD1(who))?.refresh_token];
    expect((await disconnect(who)).json).toMatchObject({ success: true, disconnected: true });
    expect((await disconnect(who)).json).toMatchObject({ success: true, disconnected: false });
    forget();
    expect((await readToken(who)).json.code).toBe("not_connected");
    expect((await describeConnection(who)).json.code).toBe("not_connected");
    const row = await inD1(who);
    expect(row).toMatchObject({ status: "revoked", access_token: "", refresh_token: null });
    const kept = new TextDecoder("latin1").decode((await inKv(who)) ?? new Uint8Array());
    for (const value of sealed) expect(kept).not.toContain(value);
    expect(await world.tokenRequests("refresh_token")).toBe(0);
  });

  test("a stale copy does not rise again", async () => {
    const who = await connected();
    const stale = await inKv(who);
    await refreshNow(who);
    await disconnect(who);
    await env.AZURE_TOKENS.put(await connectionKey(who), stale ?? "");
    await wipe(await authorityOf(who));
    forget();
    later(3600_000);
    expect((await readToken(who)).json.code).toBe("not_connected");
    expect((await refreshNow(who)).json.code).toBe("not_connected");
    expect(await world.tokenRequests("refresh_token")).toBe(1);
  });

  test("in this isolate the token is gone at once, and connecting again works", async () => {
    const who = await connected();
    await token(who);
    await disconnect(who);
    expect((await readToken(who)).json.code).toBe("not_connected");
    // After a disconnect the person is free to choose another account.
    expect((await connect(who.key, who.user, BOB)).status).toBe(200);
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(BOB);
  });
});

describe("nothing is written for a connection that nobody has", () => {
  test("an unknown user costs no storage", async () => {
    const who: Connected = { ...(await connected()), user: newUser() };
    expect((await readToken(who)).json.code).toBe("not_connected");
    expect((await refreshNow(who)).json.code).toBe("not_connected");
    expect(await storedKeys(await authorityOf(who))).toEqual([]);
    expect(await inD1(who)).toBeNull();
  });
});
