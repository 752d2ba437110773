/**
 * What a killed workerd left on disk of each connection, opened with the run's own keys. It is read from a copy: the
 * next workerd has to recover from the very files that the kill left.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { FieldReader, FieldWriter } from "../../worker-shim/src/fields.ts";
import { KeyRing } from "../../worker-shim/src/sealing.ts";

/** A journal (core/connection/journal.h) and the refresh token in the answer that was kept for it. */
export interface StoredJournal {
  readonly user: string;
  readonly baseVersion: number;
  readonly attempts: number;
  readonly retryAt: number;
  readonly keptToken: string | undefined;
}

export interface Stored {
  readonly user: string;
  readonly version: number;
  readonly status: string;
  readonly refreshToken: string | undefined;
  readonly refresh: StoredJournal | undefined;
  readonly signIn: StoredJournal | undefined;
}

interface Id {
  readonly org: string;
  readonly integration: string;
  readonly user: string;
}

const decoder = new TextDecoder();

/** core/connection/record.h: the associated data of a sealed field. */
const sealContext = (id: Id, field: string, version: number) =>
  new FieldWriter().add("postern-seal-1", id.org, id.integration, id.user, field, version).bytes();

async function readRecord(bytes: Uint8Array, ring: KeyRing) {
  const f = new FieldReader(bytes);
  // Later formats have more at the end; what is moved would not open.
  if (!f.text().startsWith("postern-record-")) throw new Error("a record of an unknown format");
  const id: Id = { org: f.text(), integration: f.text(), user: f.text() };
  f.text(); // provider
  const version = f.number();
  const status = f.text();
  for (let n = 0; n < 6; n += 1) f.text(); // the account, and the tenant
  const sealed = f.text();
  const context = sealContext(id, "refresh_token", f.number());
  const refreshToken = sealed === "" ? undefined : decoder.decode(await ring.open(id.org, context, sealed));
  return { user: id.user, version, status, refreshToken };
}

async function readJournal(
  bytes: Uint8Array | undefined,
  kept: Uint8Array | undefined,
  ring: KeyRing,
): Promise<StoredJournal | undefined> {
  if (bytes === undefined) return undefined;
  const f = new FieldReader(bytes);
  const field = f.text() === "code" ? "kept_code" : "kept_refresh";
  const id: Id = { org: f.text(), integration: f.text(), user: f.text() };
  f.number(); // when it was sent
  const [baseVersion, attempts, retryAt] = [f.number(), f.number(), f.number()];
  let keptToken: string | undefined;
  if (kept !== undefined) {
    const context = sealContext(id, field, baseVersion);
    const answer = new FieldReader(await ring.open(id.org, context, decoder.decode(kept)));
    // What no answer came of is kept as the name of its fault, and has no body.
    if (answer.text() === "") {
      answer.number();
      answer.bytes();
      keptToken = refreshTokenIn(answer.text());
    }
  }
  return { user: id.user, baseVersion, attempts, retryAt, keptToken };
}

function refreshTokenIn(body: string): string | undefined {
  const { refresh_token: token } = JSON.parse(body) as Record<string, unknown>;
  return typeof token === "string" ? token : undefined;
}

function valuesIn(file: string): Map<string, Uint8Array> {
  const database = new DatabaseSync(file);
  try {
    const table = database.prepare("SELECT name FROM sqlite_master WHERE name = '_cf_KV'").get();
    if (table === undefined) return new Map();
    const rows = database.prepare("SELECT key, value FROM _cf_KV").all();
    return new Map(rows.map(({ key, value }) => [String(key), deserialize(value as Uint8Array)]));
  } finally {
    database.close();
  }
}

/** Of every connection that has anything stored, by its user. `state` is where workerd keeps it, `scratch` ours. */
export async function readStored(
  state: string,
  scratch: string,
  masterKeys: string,
): Promise<Map<string, Stored>> {
  const ring = new KeyRing(masterKeys);
  const folder = join(state, "v3", "do", "postern-ConnectionObject");
  const found = new Map<string, Stored>();
  if (!existsSync(folder)) return found;
  mkdirSync(scratch, { recursive: true });
  const copy = mkdtempSync(join(scratch, "stored-"));
  try {
    // The index of a write-ahead log is made anew by whoever opens it.
    for (const name of readdirSync(folder).filter((file) => !file.endsWith("-shm")))
      copyFileSync(join(folder, name), join(copy, name));
    const files = readdirSync(copy).filter(
      (name) => name.endsWith(".sqlite") && !name.startsWith("metadata"),
    );
    for (const file of files) {
      const values = valuesIn(join(copy, file));
      const record = values.get("record");
      const read = record === undefined ? undefined : await readRecord(record, ring);
      const refresh = await readJournal(values.get("journal"), values.get("kept"), ring);
      const signIn = await readJournal(values.get("sign_in"), values.get("sign_in_kept"), ring);
      const user = read?.user ?? signIn?.user;
      if (user === undefined) continue;
      const nothing = { version: 0, status: "not_connected", refreshToken: undefined };
      found.set(user, { ...nothing, ...read, user, refresh, signIn });
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return found;
}
