/** Defences that decide alone, behind one's own name: what is stored, listed, refused and flooded. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { KeyRing, toBase64Url } from "../../../worker-shim/src/sealing.ts";
import {
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  describeConnection,
  expectSafePage,
  get,
  http,
  newOrg,
  newUser,
  pageCode,
  readToken,
  refreshNow,
  rpc,
} from "../support/client.ts";
import { onStart } from "../support/instances.ts";
import { authorityOf, connectionKey, forget, inD1, inKv, storedKeys } from "../support/stores.ts";
import { MASTER_KEYS } from "../support/variables.ts";
import { ALICE, BOB, world } from "../support/world.ts";

async function stranger(): Promise<Connected> {
  const org = newOrg();
  return { org, key: (await createKey(org)).key, user: newUser() };
}

const newestToken = async () => (await world.secrets()).access_tokens?.at(-1) ?? "";
const token = async (who: Connected) => (await readToken(who)).json.access_token;

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

describe("what stands under a connection's key", () => {
  test("in KV: a record that names another one is not believed, though its token opens", async () => {
    const who = await connected();
    const earlier = await inKv(who);
    expect((await refreshNow(who)).status).toBe(200);
    const newest = await newestToken();
    await env.AZURE_TOKENS.put(await connectionKey(who), replaceText(earlier, who.user, other(who.user)));
    forget();
    expect(await token(who)).toBe(newest);
    // A control: with its own name, the earlier record is a stale copy, and is served.
    await env.AZURE_TOKENS.put(await connectionKey(who), earlier ?? "");
    expect(await token(who)).not.toBe(newest);
  });

  test("in the authority: a record that names another one is shown to nobody", async () => {
    const [alice, bob] = [await connected(ALICE), await connected(BOB)];
    await storeRecord(bob, (await inKv(alice)) ?? new Uint8Array());
    const answer = await describeConnection(bob);
    expect(answer.json.code).toBe("stored_data_unreadable");
    expect(answer.text).not.toContain(ALICE);
  });
});

describe("a list of connections", () => {
  test("shows nothing of another organization's record, be it in one's own row", async () => {
    const [alice, bob] = [await connected(ALICE), await connected(BOB)];
    expect((await get("/v1/connections", bob.key)).text).toContain(BOB);
    await env.DB.prepare("UPDATE oauth_connections SET record = ? WHERE org_id = ?")
      .bind((await inD1(alice))?.record, bob.org)
      .run();
    const listed = await get("/v1/connections", bob.key);
    expect(listed.json.connections).toEqual([]);
    expect(listed.text).not.toContain(ALICE);
  });
});

describe("a cursor", () => {
  test("that points right before another organization's connection shows nothing of it", async () => {
    const [ours, theirs] = [await connected(ALICE), await connected(BOB)];
    const before = new FieldWriter().add(theirs.user.slice(0, -1), "azure").bytes();
    const list = (who: Connected) => get(`/v1/connections?cursor=${toBase64Url(before)}`, who.key);
    expect((await list(theirs)).text).toContain(theirs.user);
    const answer = await list(ours);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(theirs.user);
  });
});

describe("GLOBAL", () => {
  test("is not used where nothing is found, nor where a store fails", async () => {
    // A connection of GLOBAL, as good as any: sealed for it and fresh.
    const made: Connected = { ...(await stranger()), org: "tenant" };
    const { key } = await createKey("tenant");
    expect((await connect(key, made.user)).status).toBe(200);
    const ring = new KeyRing(MASTER_KEYS);
    const context = (org: string) =>
      new FieldWriter().add("postern-seal-1", org, "azure", made.user, "access_token:graph", 1).bytes();
    const sealed = String((await inD1(made))?.access_token);
    const opened = await ring.open("tenant", context("tenant"), sealed);
    const resealed = await ring.seal("GLOBAL", context("GLOBAL"), opened);
    const record = replaceText(replaceText(await inKv(made), sealed, resealed), "tenant", "GLOBAL");
    await env.AZURE_TOKENS.put(await connectionKey({ org: "GLOBAL", user: made.user }), record);

    const ask = () => rpc(newOrg()).getToken({ integration: "azure", userId: made.user });
    const gets = vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get");
    expect(await ask()).toMatchObject({ success: false, code: "not_connected" });
    expect(gets).toHaveBeenCalled();
    expect(JSON.stringify(gets.mock.calls)).not.toContain("GLOBAL");
    const real = env.AZURE_TOKENS.get.bind(env.AZURE_TOKENS) as (...asked: unknown[]) => unknown;
    gets.mockRestore();
    vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get").mockImplementation((...asked: unknown[]) =>
      String(asked[0]).includes("GLOBAL") ? real(...asked) : Promise.reject(new Error("down")),
    );
    expect(await ask()).toMatchObject({ success: false, code: "store_unavailable" });
  });
});

describe("a key that is not good", () => {
  test("costs the same look-ups whether its organization has keys or not", async () => {
    const good = (await createKey("acme")).key;
    const wrong = `${good.slice(0, -2)}${good.at(-2) === "A" ? "B" : "A"}${good.at(-1)}`;
    const nobody = `pk_nobody-has-this_${good.slice(-43)}`;
    const kv = vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS), "get");
    const prepared = vi.spyOn(Object.getPrototypeOf(env.DB), "prepare");
    const batch = vi.spyOn(Object.getPrototypeOf(env.DB), "batch");
    const lookUps = async (key: string) => {
      for (const spy of [kv, prepared, batch]) spy.mockClear();
      expect((await get("/v1/connections", key)).status).toBe(401);
      const asked = [kv.mock.calls.length, batch.mock.calls.length, prepared.mock.calls.flat()];
      return JSON.stringify(asked);
    };
    const seen = await lookUps(wrong);
    expect(seen).toContain("FROM api_keys WHERE key_hash = ?");
    expect(await lookUps(nobody)).toBe(seen);
    // Nor does a second try tell them apart.
    expect(await lookUps(wrong)).toBe(await lookUps(nobody));
  });
});

describe("a body over 64 KiB", () => {
  test("is refused over RPC as over HTTP, before anything reads it", async () => {
    const started: string[] = [];
    onStart((_, operation) => void started.push(operation));
    const answer = await rpc("acme").getToken({ integration: "azure", userId: "x".repeat(64 * 1024) });
    expect(answer).toMatchObject({ success: false, code: "payload_too_large" });
    expect(started).toEqual([]);
  });
});

describe("a flood writes nothing", () => {
  async function everything(): Promise<unknown> {
    const counts: Record<string, unknown> = {};
    for (const table of ["connect_links", "oauth_states", "oauth_connections", "api_keys"]) {
      counts[table] = await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first("n");
    }
    return { ...counts, kv: (await env.AZURE_TOKENS.list()).keys.map((entry) => entry.name).sort() };
  }

  test("on one connection that nobody has", async () => {
    const who = await stranger();
    await get("/v1/connections", who.key);
    const before = await everything();
    const answers = await Promise.all(Array.from({ length: 50 }, () => readToken(who)));
    for (const answer of answers) expect([404, 503]).toContain(answer.status);
    expect(answers.some((answer) => answer.status === 404)).toBe(true);
    expect(await storedKeys(await authorityOf(who))).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  test("on links and states that nobody was given", async () => {
    const before = await everything();
    for (let n = 0; n < 30; n += 1) {
      const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
      expectSafePage(
        await new Browser().press(`https://postern.example/connect/${secret}`),
        404,
        "link_unknown",
      );
      const state = `att_${"A".repeat(22)}.${secret}`;
      const answer = await http(`/callback/azure?code=x&state=${state}`, {
        headers: { cookie: `__Host-postern-${"A".repeat(22)}=${secret}` },
      });
      expect(pageCode(answer)).toBe("attempt_used_or_expired");
    }
    expect(await world.tokenRequests()).toBe(0);
    expect(await everything()).toEqual(before);
  });
});
