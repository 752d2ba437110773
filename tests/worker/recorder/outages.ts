/** Stores that fail for a while; each answers how it ends. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Connected } from "../support/client.ts";
import { SECOND } from "../support/clock.ts";
import { authorityOf } from "../support/stores.ts";

const down = () => Promise.reject(new Error("down"));
const silent = () => new Promise<never>(() => undefined);

function outage(prototype: object, methods: readonly string[], how: () => Promise<never>): () => void {
  const spies = methods.map((name) => vi.spyOn(prototype as Record<string, () => unknown>, name));
  for (const spy of spies) spy.mockImplementation(how);
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}

export const d1Down = () => outage(Object.getPrototypeOf(env.DB), ["batch"], down);
export const kvDown = () => outage(Object.getPrototypeOf(env.AZURE_TOKENS), ["put", "delete"], down);

/** Writes to KV are begun and never answered; whoever waits for them has enough of it sooner. */
export function kvSilent(): () => void {
  const real = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (work: () => void, ms = 0) =>
    real(work, ms > SECOND && ms < 10 * SECOND ? ms / 100 : ms),
  );
  const over = outage(Object.getPrototypeOf(env.AZURE_TOKENS), ["put"], silent);
  return () => {
    over();
    vi.unstubAllGlobals();
  };
}

/** The object's storage takes `most` more commits, then none. */
export async function storageDownAfter(who: Connected, most: number): Promise<() => void> {
  return runInDurableObject(await authorityOf(who), (_, { storage }) => {
    const real = storage.transactionSync.bind(storage);
    let commits = 0;
    const spy = vi.spyOn(storage, "transactionSync").mockImplementation((work) => {
      commits += 1;
      if (commits > most) throw new Error("storage is down");
      return real(work);
    });
    return () => spy.mockRestore();
  });
}
