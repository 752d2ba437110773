/** Postern with connected people, the bare pass-through Worker, or both, in one workerd before one API. */
import type { V4MiniflareOptions, V4WorkerOptions } from "miniflare";
import { freshVars } from "../../scripts/dev-vars.ts";
import { convertV4MiniflareOptions, Miniflare, uploaded, workerdPids, wranglerSettings } from "./deployed.ts";
import type { LoadRequest } from "./load.ts";
import { type Person, people, posternEntries } from "./seed.ts";
import { bundled, fill, SOCKET } from "./workers.ts";

const DAY_MS = 24 * 3600 * 1000;

export interface ProxyWorkers {
  readonly people: readonly Person[];
  /** Of each worker that was asked for. */
  port(name: ProxyWorker): number;
  /** Of this workerd; undefined where the system does not tell. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

export type ProxyWorker = "postern" | "pass";

export async function startProxyWorkers(
  names: readonly ProxyWorker[],
  apiOrigin: string,
  users: number,
): Promise<ProxyWorkers> {
  const vars = freshVars(8787, { login: apiOrigin, graph: apiOrigin, arm: apiOrigin });
  const who = people(users);
  const shared = { ...wranglerSettings(), unsafeDirectSockets: SOCKET };
  const script = async (name: string) => ({ modules: true, script: await bundled(name) });
  const kinds: Record<ProxyWorker, () => Promise<V4WorkerOptions>> = {
    postern: async () => ({
      name: "postern",
      ...shared,
      ...uploaded(),
      bindings: { ...vars },
      kvNamespaces: { AZURE_TOKENS: "store" },
      d1Databases: { DB: "db" },
      durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
    }),
    pass: async () => ({
      name: "pass",
      ...shared,
      ...(await script("pass-worker.ts")),
      bindings: { UPSTREAM: apiOrigin, TOKEN: who[0]?.token ?? "" },
    }),
  };
  const before = new Set(workerdPids());
  const options: V4MiniflareOptions = {
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    workers: [
      ...(await Promise.all(names.map((name) => kinds[name]()))),
      { name: "filler", ...shared, ...(await script("caller-worker.ts")), kvNamespaces: { STORE: "store" } },
    ],
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  await miniflare.ready;
  const portOf = async (name: string) => Number((await miniflare.unsafeGetDirectURL(name)).port);
  if (names.includes("postern"))
    await fill(
      await portOf("filler"),
      await posternEntries(who, vars.MASTER_KEYS ?? "", Date.now() + DAY_MS, "tokens:read proxy"),
    );
  const ports = new Map<ProxyWorker, number>();
  for (const name of names) ports.set(name, await portOf(name));
  return {
    people: who,
    port: (name) => ports.get(name) ?? Number.NaN,
    pid: workerdPids().find((pid) => !before.has(pid)),
    close: () => miniflare.dispose(),
  };
}

/** A call of the API by a worker: the pass-through one takes the path alone. */
export function callBy(
  worker: ProxyWorker,
  person: Person | undefined,
  path: string,
  headers: Record<string, string> = {},
): LoadRequest {
  if (worker === "pass") return { path, headers };
  return {
    path: `/v1/proxy/azure/${person?.userId}${path}`,
    headers: { ...headers, authorization: `Bearer ${person?.apiKey}` },
  };
}
