/** What is kept, where, for how long, and that no secret is in it or in a log. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { KeyRing, SealingFault } from "../../../worker-shim/src/sealing.ts";
import {
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  createLink,
  disconnect,
  get,
  newUser,
  readToken,
  refreshNow,
  rpc,
  send,
} from "../support/client.ts";
import { everySecret, everyStoredByte } from "../support/hay.ts";
import { eventsLogged, logLines } from "../support/logs.ts";
import { connectedAt, GITHUB, GOOGLE, given } from "../support/providers.ts";
import { findSecrets, formsOf } from "../support/secrets.ts";
import {
  alarmOf,
  authorityOf,
  connectionKey,
  forget,
  inD1,
  inKv,
  later,
  storedKeys,
} from "../support/stores.ts";
import { CALLER_REDIRECT, RETURN_TO } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";

const D1_BATCH = (Object.getPrototypeOf(env.DB) as D1Database).batch;
/** What a statement says; the runtime's own class keeps it there. */
const textOf = (statement: D1PreparedStatement | undefined) =>
  String((statement as unknown as { statement: string } | undefined)?.statement);

describe("a connection is kept", () => {
  test("in KV, sealed, for 90 days", async () => {
    const who = await connected();
    const { keys } = await env.AZURE_TOKENS.list({ prefix: "connection:" });
    const own = keys.find((key) => key.name.startsWith(`connection:${who.org}:`));
    expect(own?.name).toBe(await connectionKey(who));
    const days = ((own?.expiration ?? 0) - Date.now() / 1000) / 86_400;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThanOrEqual(90.01);
    expect((await inKv(who))?.length).toBeGreaterThan(200);
  });

  test("in D1, with the reference's columns, sealed", async () => {
    const who = await connected();
    const row = await inD1(who);
    expect(row).toMatchObject({
      org_id: who.org,
      integration: "azure",
      user_id: who.user,
      provider: "microsoft",
      tenant_id: "11111111-1111-4111-8111-111111111111",
      status: "connected",
    });
    for (const column of ["access_token", "refresh_token"]) expect(row?.[column]).toMatch(/^s1\.k2\.[\w-]+$/);
    for (const column of ["provider_user_id", "expires_at", "created_at", "updated_at"]) {
      expect(row?.[column]).toBeTruthy();
    }
    const { results } = await env.DB.prepare("PRAGMA table_info(oauth_connections)").all();
    const primary = results
      .filter((column) => Number(column.pk) > 0)
      .sort((a, b) => Number(a.pk) - Number(b.pk));
    expect(primary.map((column) => column.name)).toEqual(["org_id", "integration", "user_id"]);
  });

  test("in D1, where an older version that arrives late does not replace a newer one", async () => {
    const who = await connected();
    const batch = vi.spyOn(Object.getPrototypeOf(env.DB) as D1Database, "batch");
    let late: D1PreparedStatement[] | undefined;
    batch.mockImplementation(function held(this: D1Database, statements) {
      if (late || !textOf(statements[0]).includes("INSERT INTO oauth_connections")) {
        return D1_BATCH.call(this, statements) as never;
      }
      // Taken, but only carried out when nobody waits for it any more.
      late = statements;
      return Promise.reject(new Error("timeout"));
    });
    expect((await refreshNow(who)).status).toBe(200);
    expect((await inD1(who))?.version).toBe(1);
    expect((await refreshNow(who)).status).toBe(200);
    const newest = await inD1(who);
    expect(newest?.version).toBe(3);
    batch.mockRestore();
    const [outcome] = await env.DB.batch(late ?? []);
    expect(outcome?.success).toBe(true);
    expect(await inD1(who)).toEqual(newest);
  });

  test("in its authority, with nothing open once all is delivered, and no alarm for weeks", async () => {
    const who = await connected();
    const object = await authorityOf(who);
    expect(await storedKeys(object)).toEqual(["record"]);
    expect(await alarmOf(object)).toBeGreaterThan(Date.now() + 40 * 86_400_000);
  });
});

describe("the search itself", () => {
  const secret = "a-secret-of-the-tests+/=%é";

  test("finds a secret in each form, in each store and in the log", async () => {
    const forms = formsOf(secret);
    expect(forms.length).toBeGreaterThanOrEqual(8);
    for (const form of forms) {
      for (const around of ["", "x", "xy", "xyz"]) {
        const bytes = Uint8Array.from(`${around}${form}${around}`, (c) => c.charCodeAt(0));
        expect(findSecrets(new Map([[secret, "it"]]), [{ where: "here", bytes }])).toEqual(["here: it"]);
      }
    }
    for (const lead of ["", "l", "le"]) {
      const nested = btoa(unescape(encodeURIComponent(`${lead}${secret} trail`)));
      expect(
        findSecrets(new Map([[secret, "it"]]), [{ where: "nested", bytes: `{"a":"${nested}"}` }]),
      ).toHaveLength(1);
    }
    const who = await connected();
    await env.AZURE_TOKENS.put("planted", `x${secret}`);
    await env.DB.prepare("UPDATE oauth_connections SET account_name = ? WHERE org_id = ?")
      .bind(btoa(unescape(encodeURIComponent(secret))), who.org)
      .run();
    const found = findSecrets(new Map([[secret, "it"]]), await everyStoredByte());
    expect(found.sort()).toEqual(["D1 oauth_connections.account_name: it", "KV value: it"]);
    await env.AZURE_TOKENS.delete("planted");
    await env.DB.prepare("DELETE FROM oauth_connections WHERE org_id = ?").bind(who.org).run();
  });
});

describe("no secret in the clear", () => {
  const known = new Map<string, string>();

  async function keyOf(org: string): Promise<string> {
    const { key } = await createKey(org);
    known.set(key, "API key");
    return key;
  }
  async function linkFor(key: string, user: string, more: Record<string, string> = {}): Promise<string> {
    const { url } = await createLink(key, user, more);
    known.set(url.slice(url.lastIndexOf("/") + 1), "connect link");
    return url;
  }
  function knowCookies(browser: Browser): void {
    for (const value of browser.cookies.values()) known.set(value, "cookie");
  }

  test("of a provider whose revocation is down, in the record that is kept for it", async () => {
    await GITHUB.world.control({ tokens: "expiring" });
    for (const provider of [GITHUB, GOOGLE]) {
      const gone = await connectedAt(provider);
      await refreshNow(gone);
      await provider.world.control({ revocation: { kind: "status", status: 503, times: "always" } });
      expect((await disconnect(gone)).json.provider_revocation).toBe("pending");
      expect(await storedKeys(await authorityOf(gone))).toContain("outbox");
    }
    const secrets = await everySecret(known);
    for (const provider of [GITHUB, GOOGLE])
      for (const kind of ["access_tokens", "refresh_tokens"] as const)
        expect(secrets.get((await given(provider, kind)).at(-1) ?? "")).toBe(kind);
    expect(findSecrets(secrets, await everyStoredByte())).toEqual([]);
    expect(findSecrets(secrets, [{ where: "log", bytes: logLines().join("\n") }])).toEqual([]);
  });

  test("in any byte of KV, D1, the authorities and the log, during and after a run of everything", async () => {
    const key = await keyOf("acme");
    const user = newUser();
    const who: Connected = { org: "acme", key, user };
    // In the middle of an exchange: the journal is open, the code is on its way.
    await world.control({ token: { kind: "delay", ms: 400 } });
    const browser = new Browser();
    const callback = await browser.upToCallback(await linkFor(key, user), ALICE);
    knowCookies(browser);
    const under = browser.open(callback);
    await scheduler.wait(150);
    const during = await everyStoredByte();
    expect(during.map((straw) => straw.where)).toContain("authority sign_in");
    await under;

    // Pending, then confirmed.
    const other = newUser();
    const returning = new Browser();
    const link = await linkFor(key, other, { return_to: RETURN_TO, confirm: "backend" });
    const back = await returning.upToCallback(link, ALICE);
    knowCookies(returning);
    const target = new URL((await returning.open(back)).headers.get("location") ?? "");
    const [attempt, code] = [target.searchParams.get("attempt") ?? "", target.searchParams.get("code") ?? ""];
    known.set(code, "confirmation code");
    during.push(...(await everyStoredByte()));
    expect(during.map((straw) => straw.where)).toContain("authority pending");
    await send("POST", `/v1/connect-links/${attempt}/confirm`, key, { code: "A".repeat(43), user_id: other });
    await send("POST", `/v1/connect-links/${attempt}/confirm`, key, { code, user_id: other });

    // Over RPC, with a code of the caller's own.
    const verifier = "a-verifier-of-the-callers-own-a-verifier-of-the-callers";
    known.set(verifier, "verifier");
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
    const challenge = btoa(String.fromCharCode(...hash))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace("=", "");
    const third = newUser();
    const query = {
      user_id: third,
      mode: "caller",
      redirect_uri: CALLER_REDIRECT,
      code_challenge: challenge,
    };
    const begun = await get(`/connect?${new URLSearchParams(query)}`, key);
    const arrived = await world.signIn(String(begun.json.auth_url), ALICE);
    await rpc("acme").connectAccount({
      userId: third,
      code: arrived.searchParams.get("code") ?? "",
      codeVerifier: verifier,
      state: String(begun.json.state),
    });

    // Reads, refreshes, refusals, faults of every kind, a denial, a wrong browser, a bad ID token.
    for (const path of ["/user", "/mail", "/calendar/events", "/subscriptions"]) {
      expect((await get(`${path}?user_id=${user}`, key)).status).toBe(200);
    }
    await readToken(who, { resource: "arm" });
    await refreshNow(who);
    for (const fault of [
      { kind: "status", status: 503 },
      { kind: "html" },
      { kind: "drop-after" },
      { kind: "error", error: "invalid_client", status: 401 },
      { kind: "error", error: "invalid_grant" },
    ] as const) {
      await world.control({ rotation: "reusable", token: fault });
      await refreshNow(who);
      during.push(...(await everyStoredByte()));
      later(60_000);
    }
    vi.useRealTimers();
    await world.control({ token: { kind: "id-token", bad: "wrong-aud" } });
    await connect(key, newUser());
    await world.control({ graph: { kind: "status", status: 401, times: 2 } });
    await get(`/user?user_id=${other}`, key);
    const denied = new Browser();
    await denied.open(await denied.upToCallback(await linkFor(key, newUser())));
    const wrong = new Browser();
    await new Browser().open(await wrong.upToCallback(await linkFor(key, newUser()), ALICE));
    knowCookies(wrong);
    forget();
    await readToken({ ...who, user: other });
    await send("DELETE", `/v1/connections/azure?user_id=${third}`, key);
    await get("/v1/connections", `pk_acme_${"E".repeat(43)}`);

    const secrets = await everySecret(known);
    const kinds = new Set(secrets.values());
    for (const kind of ["access_tokens", "refresh_tokens", "id_tokens", "codes", "states", "nonces"]) {
      expect(kinds).toContain(kind);
    }
    for (const kind of ["code_verifiers", "client_secrets", "connect link", "cookie", "confirmation code"]) {
      expect(kinds).toContain(kind);
    }
    const hay = [...during, ...(await everyStoredByte())];
    expect(hay.length).toBeGreaterThan(300);
    // A nonce is no secret: it stands in the URL of the sign-in, and whoever knows it can do nothing. The
    // journal keeps it, so that an answer that outlives a crash can still be checked.
    expect(findSecrets(secrets, hay).filter((found) => found !== "authority sign_in: nonces")).toEqual([]);
    for (const event of ["connected", "refreshed", "needs_reauth", "integration_fault", "disconnected"]) {
      expect(eventsLogged(event).length).toBeGreaterThan(0);
    }
    expect(findSecrets(secrets, [{ where: "log", bytes: logLines().join("\n") }])).toEqual([]);
  });
});

describe("sealing", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const master = (n: number) => btoa(`postern-worker-test-master-key-${n}`).replace("=", "");
  const context = bytes("where it belongs");

  test("a ring that has turned opens what the old key sealed, and seals with the new one", async () => {
    const sealed = await new KeyRing(`old:${master(1)}`).seal("acme", context, bytes("token"));
    const turned = new KeyRing(`new:${master(2)},old:${master(1)}`);
    expect(new TextDecoder().decode(await turned.open("acme", context, sealed))).toBe("token");
    expect(await turned.seal("acme", context, bytes("token"))).toMatch(/^s1\.new\./);
    await expect(new KeyRing(`new:${master(2)}`).open("acme", context, sealed)).rejects.toThrow(SealingFault);
  });

  test("opens for nobody else: another organization, place, key or byte", async () => {
    const ring = new KeyRing(`k:${master(1)}`);
    const sealed = await ring.seal("acme", context, bytes("token"));
    await expect(ring.open("umbrella", context, sealed)).rejects.toThrow(SealingFault);
    await expect(ring.open("acme", bytes("elsewhere"), sealed)).rejects.toThrow(SealingFault);
    await expect(new KeyRing(`k:${master(2)}`).open("acme", context, sealed)).rejects.toThrow(SealingFault);
    for (const other of ["", "s1", "s1.k", `${sealed}.x`, sealed.replace("s1", "s2"), sealed.slice(0, -4)]) {
      await expect(ring.open("acme", context, other)).rejects.toThrow(SealingFault);
    }
    expect(await ring.seal("acme", context, bytes("token"))).not.toBe(sealed);
  });

  test.each([
    "",
    "k",
    "k:short",
    `k:${master(1)},k:${master(2)}`,
    `k:${master(1)}:x`,
    `k k:${master(1)}`,
    `k:${master(1)}\n`,
    `\r\nk:${master(1)}`,
    `k:${master(1)},\nl:${master(2)}`,
  ])("MASTER_KEYS of %j is refused, and not repeated", (keys) => {
    expect(() => new KeyRing(keys)).toThrow(SealingFault);
    try {
      new KeyRing(keys);
    } catch (error) {
      expect(String(error)).not.toContain(master(1));
    }
  });
});
