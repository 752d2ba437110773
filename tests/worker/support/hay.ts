/** Where a secret might be found, and which secrets there are. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Hay } from "./secrets.ts";
import { everyAuthorityEntry } from "./stores.ts";
import { ADMIN_KEY, MASTER_KEYS } from "./variables.ts";
import { github, google, world } from "./world.ts";

export async function everyStoredByte(): Promise<Hay[]> {
  const hay: Hay[] = [];
  let cursor: string | undefined;
  do {
    const page = await env.AZURE_TOKENS.list(cursor === undefined ? {} : { cursor });
    for (const { name, metadata } of page.keys) {
      const value = await env.AZURE_TOKENS.get(name, "arrayBuffer");
      hay.push({ where: "KV key", bytes: name }, { where: "KV value", bytes: new Uint8Array(value ?? []) });
      hay.push({ where: "KV metadata", bytes: JSON.stringify(metadata ?? null) });
    }
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  for (const { name } of tables.results) {
    const { results } = await env.DB.prepare(`SELECT * FROM "${name}"`).all();
    for (const row of results) {
      for (const [column, cell] of Object.entries(row)) {
        hay.push({ where: `D1 ${name}.${column}`, bytes: String(cell) });
      }
    }
  }
  for (const [key, value] of await everyAuthorityEntry()) {
    hay.push({ where: "authority key", bytes: key }, { where: `authority ${key}`, bytes: value });
  }
  return hay;
}

/** What the worlds gave out, and what only the tests know of. */
export async function everySecret(known: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const secrets = new Map(known);
  const given = await Promise.all([world, github, google].map((one) => one.secrets()));
  for (const [kind, values] of given.flatMap((kinds) => Object.entries(kinds))) {
    for (const value of values) {
      // What a fault gave out instead of an ID token: too short to be one, or to look for.
      if (value === "not.a-jwt") continue;
      secrets.set(value, kind);
      // The public part of a state names its attempt; the rest is the secret.
      if (kind === "states") secrets.set(value.slice(value.indexOf(".") + 1), "secret part of a state");
    }
  }
  secrets.set(ADMIN_KEY, "administrator's key");
  secrets.set(MASTER_KEYS, "MASTER_KEYS");
  for (const entry of MASTER_KEYS.split(",")) {
    const material = entry.split(":")[1] ?? "";
    secrets.set(material, "master key");
    secrets.set(atob(material), "master key, raw");
  }
  for (const secret of secrets.keys()) expect(secret.length).toBeGreaterThan(15);
  return secrets;
}
