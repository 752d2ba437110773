/** Hands that keep everything in maps, so that a flow can run a thousand times in a second. */

import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Outcome } from "../../../worker-shim/src/effects.ts";
import { prepare } from "../../../worker-shim/src/env.ts";
import { type AuthorityCall, runFlow } from "../../../worker-shim/src/flow-runner.ts";
import type { Hands } from "../../../worker-shim/src/interpreter.ts";
import { IsolateMemory } from "../../../worker-shim/src/memory.ts";
import { operationNamed } from "../../../worker-shim/src/operations.ts";
import { KeyRing } from "../../../worker-shim/src/sealing.ts";
import { MASTER_KEYS } from "./variables.ts";

export type Stored = Map<string, Uint8Array>;

/** A store that takes every write and has nothing. */
const emptyD1 = {
  prepare: () => ({ bind: () => ({}) }),
  batch: (statements: unknown[]) =>
    Promise.resolve(statements.map(() => ({ results: [], success: true, meta: { changes: 1 } }))),
} as unknown as D1Database;

const emptyKv = {
  get: () => Promise.resolve(null),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(),
} as unknown as KVNamespace;

const ring = new KeyRing(MASTER_KEYS);

/** What an authority works with, on a storage of the test's. */
export function authorityHands(stored: Stored): Hands {
  return {
    kv: emptyKv,
    bindings: { DB: emptyD1 },
    ring,
    memory: new IsolateMemory(),
    logLevel: "error",
    storage: {
      read: (key) => stored.get(key),
      commit: (puts, deletes) => {
        for (const key of deletes) stored.delete(key);
        for (const [key, value] of puts) stored.set(key, value);
      },
    },
  };
}

/** What a Worker in front works with: the real stores, and a memory of its own. */
export function frontHands(): Hands {
  return { kv: env.AZURE_TOKENS, bindings: env, ring, memory: new IsolateMemory(), logLevel: "error" };
}

export async function runAuthority(operation: string, payload: Uint8Array, stored: Stored): Promise<Outcome> {
  const step = await runFlow(
    {
      operation,
      entry: operation === "authority.alarm" ? "alarm" : "authority",
      entropyBytes: operationNamed(operation)?.entropy_bytes ?? 0,
      environment: prepare(env).withSecrets,
      payload,
      // One object, which outlives the flows that trap in it.
      incarnation: "this",
    },
    authorityHands(stored),
  );
  if (step.kind === "authority") throw new Error("an authority does not call another");
  return step;
}

export function runFront(
  operation: string,
  org: string,
  parameters: Record<string, unknown>,
  hands: Hands = frontHands(),
): Promise<Outcome | AuthorityCall> {
  return runFlow(
    {
      operation,
      entry: "rpc",
      entropyBytes: operationNamed(operation)?.entropy_bytes ?? 0,
      environment: prepare(env).environment,
      bindingOrg: org,
      bindingPermissions: "*",
      body: new TextEncoder().encode(JSON.stringify(parameters)),
    },
    hands,
  );
}

/** What the front hands over to the authority for these parameters. */
export async function payloadFor(
  operation: string,
  org: string,
  parameters: Record<string, unknown>,
): Promise<{ operation: string; payload: Uint8Array }> {
  const step = await runFront(operation, org, parameters);
  if (step.kind !== "authority") throw new Error(`${operation} did not go on in the authority`);
  return { operation: step.operation, payload: step.payload.slice() };
}

/** The first answer of each address is the world's, and is given again from then on. Counts token requests. */
export function replayTheWorld(): { tokenRequests: () => number } {
  const real = globalThis.fetch;
  const known = new Map<string, { status: number; headers: [string, string][]; body: ArrayBuffer }>();
  let tokenRequests = 0;
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    if (url.includes("/__world/")) return real(url, init);
    if (url.endsWith("/token")) tokenRequests += 1;
    const grant = new URLSearchParams(
      String(init.body ? new TextDecoder().decode(init.body as Uint8Array) : ""),
    );
    const name = `${url} ${grant.get("grant_type")}`;
    let answer = known.get(name);
    if (!answer) {
      const { signal: _, ...rest } = init;
      const response = await real(url, rest);
      answer = {
        status: response.status,
        headers: [...response.headers],
        body: await response.arrayBuffer(),
      };
      known.set(name, answer);
    }
    return new Response(answer.body.slice(0), { status: answer.status, headers: answer.headers });
  });
  return { tokenRequests: () => tokenRequests };
}
