/** Defences of docs/threats.md that another one covers as well: each is looked at where it alone decides. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { Outcome } from "../../../worker-shim/src/effects.ts";
import { prepare } from "../../../worker-shim/src/env.ts";
import { runFlow } from "../../../worker-shim/src/flow-runner.ts";
import { operationNamed } from "../../../worker-shim/src/operations.ts";
import { toBase64Url } from "../../../worker-shim/src/sealing.ts";
import { frontHands, payloadFor } from "../support/bench-hands.ts";
import {
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  createLink,
  describeConnection,
  expectSafePage,
  get,
  newOrg,
  newUser,
  pageCode,
  readToken,
  refreshNow,
  rpc,
} from "../support/client.ts";
import { authorityOf, deleteFromKv, forget, inD1, inKv, later } from "../support/stores.ts";
import { CALLER_REDIRECT, RETURN_TO } from "../support/variables.ts";
import { ALICE, BOB, world } from "../support/world.ts";

async function stranger(): Promise<Connected> {
  const org = newOrg();
  return { org, key: (await createKey(org)).key, user: newUser() };
}

const newestToken = async () => (await world.secrets()).access_tokens?.at(-1) ?? "";
const tokensGivenOut = async () => (await world.secrets()).access_tokens?.length ?? 0;
const token = async (who: Connected) => (await readToken(who)).json.access_token;

async function nearExpiry(): Promise<{ who: Connected; old: string }> {
  await world.control({ expires_in: 200 });
  const who = await connected();
  const old = await newestToken();
  await world.control({ expires_in: 3600, reset_stats: true });
  return { who, old };
}

/** Connected an hour ago: whatever life is wished for beyond 200 s, the token has to be refreshed. */
async function aged(): Promise<Connected> {
  const who = await connected();
  await world.control({ reset_stats: true });
  later(3_400_000);
  return who;
}

/** Of the same length, for a record's fields carry their lengths. */
function replaceText(bytes: Uint8Array | undefined, from: string, to: string): Uint8Array {
  const latin = new TextDecoder("latin1").decode(bytes);
  expect(latin).toContain(from);
  expect(to.length).toBe(from.length);
  return Uint8Array.from(latin.replaceAll(from, to), (c) => c.charCodeAt(0));
}

/** Another text of the same length. */
const other = (text: string) => `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`;

const storeRecord = async (who: Connected, record: Uint8Array) =>
  runInDurableObject(await authorityOf(who), (_, state) => state.storage.kv.put("record", record));

describe("at the provider", () => {
  test("a code of another session gets no token: PKCE stops it there, before any nonce", async () => {
    const [attacker, victim] = [await stranger(), await stranger()];
    const stolen = new URL(
      await new Browser().upToCallback((await createLink(victim.key, victim.user)).url, BOB),
    );
    const browser = new Browser();
    const own = new URL(
      await browser.upToCallback((await createLink(attacker.key, attacker.user)).url, ALICE),
    );
    own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    const before = await tokensGivenOut();
    expectSafePage(await browser.open(own.href), 410, "code_refused");
    expect(await world.tokenRequests()).toBe(1);
    expect(await tokensGivenOut()).toBe(before);
  });

  test("an administrator's consent sends no token request", async () => {
    const who = await stranger();
    const browser = new Browser();
    const callback = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE));
    callback.searchParams.delete("code");
    callback.searchParams.set("admin_consent", "True");
    callback.searchParams.set("tenant", "11111111-1111-4111-8111-111111111111");
    expectSafePage(await browser.open(callback.href), 400, "bad_request");
    expect(await world.tokenRequests()).toBe(0);
  });

  /** Counts what is asked of the provider's keys; answers `first` to the first who asks. */
  /** How often for everybody's keys, and for those of the application alone; each is `first` once. */
  function keysAsked(first: string): () => [number, number] {
    const real = globalThis.fetch;
    const asked: [number, number] = [0, 0];
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
      if (!/\/keys($|\?)/.test(url)) return real(url, init);
      const at = url.includes("?appid=") ? 1 : 0;
      asked[at] += 1;
      return asked[at] === 1 ? new Response(first) : real(url, init);
    });
    return () => [...asked];
  }

  test("keys that were rotated are fetched again, once in 30 s, whatever tokens arrive", async () => {
    // What other tests left in the isolate's memory is over.
    later(31_000);
    const pair = (await crypto.subtle.generateKey(
      {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: 2048,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      },
      true,
      ["sign", "verify"],
    )) as CryptoKeyPair;
    const jwk = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
    const asked = keysAsked(JSON.stringify({ keys: [{ kty: "RSA", n: jwk.n, e: jwk.e, kid: "before" }] }));
    const who = await stranger();
    expect(pageCode(await connect(who.key, who.user))).toBe("id_token_refused");
    expect(asked()).toEqual([1, 1]);
    expect(pageCode(await connect(who.key, who.user))).toBe("connected");
    expect(asked()).toEqual([2, 1]);
    for (let n = 0; n < 3; n += 1) {
      await world.control({ token: { kind: "id-token", bad: "unknown-kid" } });
      expect(pageCode(await connect(who.key, newUser()))).toBe("id_token_refused");
    }
    expect(asked()).toEqual([2, 2]);
  });
});

describe("whose account", () => {
  test("another person with the same e-mail address is another account", async () => {
    const who = await connected(ALICE);
    // As if the one who is connected had been somebody else of that address before.
    const oid = String((await inD1(who))?.provider_user_id);
    await storeRecord(who, replaceText(await inKv(who), oid, other(oid)));
    expectSafePage(await connect(who.key, who.user, ALICE), 409, "other_account");
  });
});

describe("a caller's state", () => {
  test("that another organization or user tried is still good for its own", async () => {
    const verifier = "caller-verifier-caller-verifier-caller-verifier";
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const who: Connected = { org: "acme", key: (await createKey("acme")).key, user: newUser() };
    const query = new URLSearchParams({
      user_id: who.user,
      mode: "caller",
      redirect_uri: CALLER_REDIRECT,
      code_challenge: toBase64Url(new Uint8Array(hash)),
    });
    const begun = (await get(`/connect?${query}`, who.key)).json;
    const back = await world.signIn(String(begun.auth_url), ALICE);
    const redeem = (org: string, userId: string) =>
      rpc(org).connectAccount({
        userId,
        codeVerifier: verifier,
        state: String(begun.state),
        code: back.searchParams.get("code") ?? "",
      });
    expect(await redeem("umbrella", who.user)).toMatchObject({ code: "state_refused" });
    expect(await redeem("acme", newUser())).toMatchObject({ code: "state_refused" });
    expect(await redeem("acme", who.user)).toMatchObject({ status: "connected" });
  });
});

describe("an allowlist that names what is no safe target", () => {
  test.each([
    "javascript:alert(1)",
    "//evil.example",
    "http://app.example/done",
    "https://user@app.example/done",
    "https://app.example/done#here",
    "https://10.0.0.1/done",
    "https://app.example/a/../done",
  ])("%j is refused all the same", async (target) => {
    const ask = (allowed: string) =>
      runFlow(
        {
          operation: "create_connect_link",
          entry: "rpc",
          entropyBytes: operationNamed("create_connect_link")?.entropy_bytes ?? 0,
          environment: prepare({ ...env, ALLOWED_RETURN_URLS: JSON.stringify({ acme: [allowed] }) } as never)
            .environment,
          bindingOrg: "acme",
          bindingPermissions: "*",
          body: new TextEncoder().encode(JSON.stringify({ userId: "x", returnTo: allowed })),
        },
        frontHands(),
      ) as Promise<Outcome>;
    expect((await ask(RETURN_TO)).kind).toBe("json");
    const answer = await ask(target);
    expect(JSON.parse(new TextDecoder().decode(answer.body))).toMatchObject({
      success: false,
      code: "return_to_not_allowed",
    });
  });
});

describe("refreshes of one connection", () => {
  test("a slow one keeps its turn: who comes meanwhile waits, and no second request leaves", async () => {
    const who = await aged();
    await world.control({ token: { kind: "delay", ms: 3000 } });
    const readers = [readToken(who)];
    for (const min_ttl of ["400", "500", "600"]) {
      await scheduler.wait(100);
      readers.push(readToken(who, { min_ttl }));
    }
    const answers = await Promise.all(readers);
    const newest = await newestToken();
    for (const answer of answers) expect(answer.json.access_token).toBe(newest);
    const { token: asked } = await world.stats();
    expect([asked.requests, asked.most_at_once]).toEqual([1, 1]);
  });

  test("a loser's invalid_grant does not end what a winner stored meanwhile", async () => {
    const { who, old } = await nearExpiry();
    const before = await inKv(who);
    expect((await refreshNow(who)).status).toBe(200);
    const after = await inKv(who);
    // The authority begins with the older record; the newer one is there when the refusal arrives.
    await storeRecord(who, before ?? new Uint8Array());
    await deleteFromKv(who);
    forget();
    const real = globalThis.fetch;
    let refused = 0;
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
      if (!url.endsWith("/token")) return real(url, init);
      refused += 1;
      await storeRecord(who, after ?? new Uint8Array());
      return Response.json({ error: "invalid_grant" }, { status: 400 });
    });
    expect(await token(who)).toBe(old);
    expect(refused).toBe(1);
    vi.unstubAllGlobals();
    expect((await describeConnection(who)).json.status).toBe("connected");
    expect(await token(who)).toBe(await newestToken());
  });

  test("a token that could not be stored is served to nobody, and to all once it is", async () => {
    const { who, old } = await nearExpiry();
    forget();
    let down = true;
    await runInDurableObject(await authorityOf(who), (_, { storage }) => {
      const prototype = Object.getPrototypeOf(storage.kv) as typeof storage.kv;
      const { put } = prototype;
      vi.spyOn(prototype, "put").mockImplementation(function broken(this: unknown, key: string, value) {
        if (down && key === "record") throw new Error("down");
        put.call(this, key, value);
      });
    });
    expect(await token(who)).toBe(old);
    expect((await refreshNow(who)).json.code).toBe("store_unavailable");
    down = false;
    expect(await token(who)).toBe(await newestToken());
    expect(await world.tokenRequests()).toBe(1);
  });

  test("a refresh token that stays is sealed anew", async () => {
    const { who } = await nearExpiry();
    const before = await inD1(who);
    await world.control({ token: { kind: "omit-refresh-token" } });
    expect((await refreshNow(who)).status).toBe(200);
    const after = await inD1(who);
    expect(after?.version).toBe(Number(before?.version) + 1);
    expect(after?.refresh_token).toMatch(/^s1\.k2\./);
    expect(after?.refresh_token).not.toBe(before?.refresh_token);
  });

  async function outcomes(who: Connected, payloads: readonly Uint8Array[]): Promise<Outcome[]> {
    const object = await authorityOf(who);
    return Promise.all(
      payloads.map((bytes) => object.run("authority.token", bytes) as unknown as Promise<Outcome>),
    );
  }
  const wish = async (who: Connected, minTtl: number) =>
    (await payloadFor("get_token", who.org, { integration: "azure", userId: who.user, minTtl })).payload;

  test("1,200 callers with one wish are one job: none is turned away", async () => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "delay", ms: 500 } });
    const payload = await wish(who, 0);
    const answers = await outcomes(
      who,
      Array.from({ length: 1200 }, () => payload),
    );
    expect(new Set(answers.map((answer) => answer.kind))).toEqual(new Set(["data"]));
    expect(await world.tokenRequests()).toBe(1);
  });

  test("a flood of 1,100 different wishes ends at the queue's: the rest is told to come again", async () => {
    const who = await aged();
    await world.control({ token: { kind: "delay", ms: 2000 } });
    const payloads: Uint8Array[] = [];
    for (let n = 0; n < 1100; n += 1) payloads.push(await wish(who, 301 + n));
    const answers = await outcomes(who, payloads);
    const refused = answers.filter((answer) => answer.kind === "problem");
    expect(refused.length).toBe(99);
    for (const answer of refused) {
      expect(answer.status).toBe(503);
      expect(new TextDecoder().decode(answer.body)).toContain('"overloaded"');
    }
    expect(answers.filter((answer) => answer.kind === "data")).toHaveLength(1001);
    // One refresh after the sign-in. The provider may be asked for neighbours meanwhile, by their alarms.
    expect(await readToken(who)).toMatchObject({ status: 200, json: { version: 2 } });
  });
});
