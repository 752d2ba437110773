/** All that is stored, as bytes: taken out of KV, D1 and the Durable Objects, and put back into them. */
import { applyD1Migrations, listDurableObjectIds, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

export interface StoredObject {
  readonly name: string;
  /** Key to bytes in base64. */
  readonly entries: Record<string, string>;
  /** 0: none is armed. */
  readonly alarm_at: number;
}

export interface StoredState {
  readonly objects: readonly StoredObject[];
  readonly kv: readonly { readonly key: string; readonly value: string; readonly expires_at: number }[];
  readonly d1: {
    /** The migrations that had been applied, by name. */
    readonly migrations: readonly string[];
    readonly tables: Record<string, readonly Record<string, string | number | null>[]>;
  };
}

const LEAST_TTL = 60;

export const toBase64 = (bytes: Uint8Array) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
export const fromBase64 = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** Everything in the stores. Objects say their ids only: `names` are those of all that may be there. */
export async function dumpState(names: readonly string[]): Promise<StoredState> {
  return { objects: await objects(names), kv: await kv(), d1: await d1() };
}

async function objects(names: readonly string[]): Promise<StoredObject[]> {
  const nameOf = new Map(names.map((name) => [env.CONNECTION.idFromName(name).toString(), name]));
  const found: StoredObject[] = [];
  for (const id of await listDurableObjectIds(env.CONNECTION)) {
    const object = await runInDurableObject(env.CONNECTION.get(id), readObject);
    if (Object.keys(object.entries).length === 0 && object.alarm_at === 0) continue;
    const name = nameOf.get(id.toString());
    if (name === undefined)
      throw new Error(`an object of an unknown name holds ${Object.keys(object.entries)}`);
    found.push({ name, ...object });
  }
  return found;
}

async function readObject(_: unknown, { storage }: DurableObjectState) {
  const entries: Record<string, string> = {};
  for (const [key, value] of storage.kv.list<unknown>()) {
    if (!(value instanceof Uint8Array)) throw new Error(`${key} is not bytes`);
    entries[key] = toBase64(value);
  }
  return { entries, alarm_at: (await storage.getAlarm()) ?? 0 };
}

async function kv(): Promise<StoredState["kv"][number][]> {
  const { keys, list_complete } = await env.AZURE_TOKENS.list();
  if (!list_complete) throw new Error("more in KV than one page");
  // KV's clock is the machine's, whatever the tests' says.
  const ahead = Date.now() - vi.getRealSystemTime();
  return Promise.all(
    keys.map(async ({ name, expiration = 0 }) => ({
      key: name,
      value: toBase64(new Uint8Array((await env.AZURE_TOKENS.get(name, "arrayBuffer")) ?? [])),
      expires_at: expiration === 0 ? 0 : Math.round(expiration * 1000 + ahead),
    })),
  );
}

async function tables(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  return results.map(({ name }) => name);
}

async function d1(): Promise<StoredState["d1"]> {
  const found: Record<string, Record<string, string | number | null>[]> = {};
  for (const table of await tables()) {
    const { results } = await env.DB.prepare(`SELECT * FROM "${table}"`).all<
      Record<string, string | number | null>
    >();
    if (table !== "d1_migrations" && results.length > 0) found[table] = results;
  }
  const { results } = await env.DB.prepare("SELECT name FROM d1_migrations ORDER BY id").all<{
    name: string;
  }>();
  return { migrations: results.map(({ name }) => name), tables: found };
}

/** Nothing is stored any more; the tables are there and empty. */
export async function emptyStores(): Promise<void> {
  await reset();
  await applyD1Migrations(env.DB, env.MIGRATIONS);
}

/**
 * Only this is stored. The database goes the way that a deployed one goes: rows come into the tables of their time, and
 * the migrations that came afterwards are applied over them.
 */
export async function loadState({ objects, kv, d1 }: StoredState): Promise<void> {
  await reset();
  await applyD1Migrations(
    env.DB,
    env.MIGRATIONS.filter(({ name }) => d1.migrations.includes(name)),
  );
  const inserts = Object.entries(d1.tables).flatMap(([table, rows]) => rows.map((row) => insert(table, row)));
  if (inserts.length > 0) await env.DB.batch(inserts);
  await applyD1Migrations(env.DB, env.MIGRATIONS);
  for (const { key, value, expires_at } of kv) {
    const ttl = Math.max(LEAST_TTL, Math.round((expires_at - Date.now()) / 1000));
    await env.AZURE_TOKENS.put(key, fromBase64(value), expires_at === 0 ? {} : { expirationTtl: ttl });
  }
  for (const { name, entries, alarm_at } of objects) {
    await runInDurableObject(env.CONNECTION.get(env.CONNECTION.idFromName(name)), async (_, { storage }) => {
      for (const [key, value] of Object.entries(entries)) storage.kv.put(key, fromBase64(value));
      if (alarm_at !== 0) await storage.setAlarm(alarm_at);
    });
  }
}

function insert(table: string, row: Record<string, string | number | null>): D1PreparedStatement {
  const columns = Object.keys(row).map((column) => `"${column}"`);
  const places = columns.map(() => "?");
  return env.DB.prepare(`INSERT INTO "${table}" (${columns.join(", ")}) VALUES (${places.join(", ")})`).bind(
    ...Object.values(row),
  );
}
