/** The stores as they are, behind Postern's back. */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { ConnectionObject } from "../../../worker-shim/src/connection-object.ts";
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { memory } from "../../../worker-shim/src/isolate.ts";
import { toBase64Url } from "../../../worker-shim/src/sealing.ts";
import { integrationOf } from "./client.ts";

export interface Whose {
  readonly org: string;
  /** `-`: the organization itself. */
  readonly user: string;
  /** Microsoft's when absent. */
  readonly integration?: string;
  /** `default` when absent. */
  readonly account?: string;
}

/** User and account in one text (core/connection/subject.cpp). */
function subjectOf({ user, account = "default" }: Whose): string {
  if (user === "-") return `\x1f${account}`;
  return account === "default" ? user : `${user}\x1f${account}`;
}

/** The key of a connection, in KV and as its authority's name (core/connection/record.cpp). */
export async function connectionKey(who: Whose): Promise<string> {
  const id = new FieldWriter().add(who.org, integrationOf(who), subjectOf(who)).bytes().slice();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", id));
  return `connection:${who.org}:${toBase64Url(hash)}`;
}

export type Authority = DurableObjectStub<ConnectionObject>;

export async function authorityOf(who: Whose): Promise<Authority> {
  return env.CONNECTION.get(env.CONNECTION.idFromName(await connectionKey(who)));
}

export function storedKeys(object: Authority): Promise<string[]> {
  return runInDurableObject(object, (_, state) => [...state.storage.kv.list()].map(([key]) => key));
}

const variablesOf = new Map<string, Record<string, string>>();

/** The runtime lets go of an object that nobody asks for ten seconds: its next life has to find its variables too. */
for (const name of ["run", "alarm"] as const) {
  const real = ConnectionObject.prototype[name] as (...values: unknown[]) => Promise<unknown>;
  Object.defineProperty(ConnectionObject.prototype, name, {
    configurable: true,
    writable: true,
    value(this: { ctx: DurableObjectState; env: unknown }, ...values: unknown[]): Promise<unknown> {
      const variables = variablesOf.get(this.ctx.id.toString());
      if (variables && this.env !== variables) this.env = variables;
      return real.call(this, ...values);
    },
  });
}

/** Variables of this connection's object from now on; in front they stay as they are. */
export async function configure(who: Whose, variables: Record<string, string>): Promise<void> {
  const { id } = await authorityOf(who);
  variablesOf.set(id.toString(), { ...env, ...variables } as unknown as Record<string, string>);
}

/** When its alarm rings; 0: never. */
export function alarmOf(object: Authority): Promise<number> {
  return runInDurableObject(object, async (_, state) => (await state.storage.getAlarm()) ?? 0);
}

export function wipe(object: Authority): Promise<void> {
  return runInDurableObject(object, async (_, state) => {
    await state.storage.deleteAlarm();
    await state.storage.deleteAll();
  });
}

/** As a fresh isolate would be: nothing remembered; until the test ends, or what this answers is called. */
export function forget(): () => void {
  const spy = vi.spyOn(memory, "get").mockReturnValue(undefined);
  return () => void spy.mockRestore();
}

export async function inKv(who: Whose): Promise<Uint8Array | undefined> {
  const value = await env.AZURE_TOKENS.get(await connectionKey(who), "arrayBuffer");
  return value === null ? undefined : new Uint8Array(value);
}

export async function deleteFromKv(who: Whose): Promise<void> {
  await env.AZURE_TOKENS.delete(await connectionKey(who));
}

export function inD1(who: Whose): Promise<Record<string, unknown> | null> {
  return env.DB.prepare(
    "SELECT * FROM oauth_connections WHERE org_id = ? AND integration = ? AND user_id = ?",
  )
    .bind(who.org, integrationOf(who), subjectOf(who))
    .first();
}

export async function everyAuthorityEntry(): Promise<[string, Uint8Array][]> {
  const entries: [string, Uint8Array][] = [];
  for (const id of await listDurableObjectIds(env.CONNECTION)) {
    const found = await runInDurableObject(env.CONNECTION.get(id), (_, state) =>
      [...state.storage.kv.list<Uint8Array>()].map(([key, value]): [string, Uint8Array] => [key, value]),
    );
    entries.push(...found);
  }
  return entries;
}

/** Time moves on for Postern; tokens of the world keep their own time. */
export function later(milliseconds: number): void {
  const now = Date.now() + milliseconds;
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ["Date"], now });
}
