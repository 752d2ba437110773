/** The contestants in one workerd, each on a socket of its own: no proxy stands before any of them. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import type { V4MiniflareOptions } from "miniflare";
import { freshVars } from "../../scripts/dev-vars.ts";
import { root } from "../../scripts/local-postern.ts";
import {
  convertV4MiniflareOptions,
  fromWrangler,
  Miniflare,
  uploaded,
  workerdPid,
  wranglerSettings,
} from "./deployed.ts";
import { Load } from "./load.ts";
import { bystanders, ORG, type Person, people, plainEntries, posternEntries } from "./seed.ts";

const esbuild = fromWrangler("esbuild") as {
  build(options: Record<string, unknown>): Promise<{ outputFiles: { text: string }[] }>;
};

/** So many that nobody is asked for twice by a cold reader: what the isolate remembers is no help. */
export const USERS = 8_000;
/** Whose connections and keys lie around those of the readers, in a second Postern's store. */
export const ORGANIZATIONS = 10_000;
export const SOCKET = [{ host: "127.0.0.1", port: 0 }];
const DAY_MS = 24 * 3600 * 1000;

export interface Workers {
  readonly people: readonly Person[];
  readonly postern: Load;
  /** The same, among 10,000 organizations. */
  readonly crowded: Load;
  readonly plain: Load;
  readonly constant: Load;
  readonly caller: Load;
  /** Processor time of workerd so far; undefined where the system does not tell. */
  cpuMicros(): number | undefined;
  close(): Promise<void>;
}

export async function bundled(name: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, "tests", "bench", name)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:workers"],
    conditions: ["workerd", "worker", "browser"],
  });
  return outputFiles.map((file) => file.text).join("");
}

export async function startWorkers(): Promise<Workers> {
  const vars = freshVars(8787);
  const plainKey = randomBytes(32);
  const who = people(USERS);
  const expiresAt = Date.now() + DAY_MS;
  const settings = wranglerSettings();
  const shared = { ...settings, unsafeDirectSockets: SOCKET };
  const script = async (name: string) => ({ modules: true, script: await bundled(name) });
  const answer = JSON.stringify({
    access_token: who[0]?.token,
    token_type: "Bearer",
    resource: "graph",
    expires_at: new Date(expiresAt).toISOString(),
    scope: "User.Read Mail.Read Calendars.Read profile openid email",
    version: 1,
  });
  const props = { org: ORG, permissions: ["tokens:read"] };
  const options: V4MiniflareOptions = {
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    workers: [
      {
        name: "postern",
        ...shared,
        ...uploaded(),
        bindings: vars,
        kvNamespaces: { AZURE_TOKENS: "store" },
        d1Databases: { DB: "db" },
        durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
      },
      {
        name: "crowded",
        ...shared,
        ...uploaded(),
        bindings: vars,
        kvNamespaces: { AZURE_TOKENS: "crowd" },
        d1Databases: { DB: "crowd-db" },
        durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
      },
      {
        name: "plain",
        ...shared,
        ...(await script("plain-worker.ts")),
        bindings: { MASTER_KEY: plainKey.toString("base64") },
        kvNamespaces: { STORE: "store" },
      },
      { name: "constant", ...shared, ...(await script("hono-worker.ts")), bindings: { ANSWER: answer } },
      {
        name: "caller",
        ...shared,
        ...(await script("caller-worker.ts")),
        kvNamespaces: { STORE: "store" },
        serviceBindings: {
          POSTERN: { name: "postern", entrypoint: "AzureService", props },
          PLAIN: { name: "plain", entrypoint: "PlainService" },
          CONSTANT: { name: "constant", entrypoint: "ConstantService" },
        },
      },
      {
        name: "crowd-filler",
        ...shared,
        ...(await script("caller-worker.ts")),
        kvNamespaces: { STORE: "crowd" },
      },
    ],
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  await miniflare.ready;
  const portOf = async (name: string) => Number((await miniflare.unsafeGetDirectURL(name)).port);
  const readers = await posternEntries(who, vars.MASTER_KEYS ?? "", expiresAt);
  await fill(await portOf("caller"), [...readers, ...plainEntries(who, plainKey, expiresAt)]);
  await fill(await portOf("crowd-filler"), [...bystanders(ORGANIZATIONS), ...readers]);
  const loads = {
    postern: new Load(await portOf("postern")),
    crowded: new Load(await portOf("crowded")),
    plain: new Load(await portOf("plain")),
    constant: new Load(await portOf("constant")),
    caller: new Load(await portOf("caller")),
  };
  const pid = workerdPid();
  return {
    ...loads,
    people: who,
    cpuMicros: () => (pid === undefined ? undefined : cpuMicrosOf(pid)),
    close: async () => {
      for (const load of Object.values(loads)) load.close();
      await miniflare.dispose();
    },
  };
}

export async function fill(port: number, entries: [string, string][]): Promise<void> {
  const PIECE = 800;
  for (let at = 0; at < entries.length; at += PIECE) {
    const body = JSON.stringify(entries.slice(at, at + PIECE));
    // On a connection of its own: workerd may hang up on a kept one just as it is used again.
    const [response] = (await once(
      request({ port, host: "127.0.0.1", method: "POST", agent: false }).end(body),
      "response",
    )) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`the store answered ${response.statusCode}`);
    response.resume();
  }
}

const TICK_MICROS = 10_000;

/** User and system time. */
export function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}
