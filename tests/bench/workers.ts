/** The contestants in one workerd, each on a socket of its own: no proxy stands before any of them. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { V4MiniflareOptions, V4WorkerOptions } from "miniflare";
import { freshVars } from "../../scripts/dev-vars.ts";
import { root } from "../../scripts/local-postern.ts";
import { Load } from "./load.ts";
import { ORG, type Person, people, plainEntries, posternEntries } from "./seed.ts";

// The Miniflare and the esbuild that wrangler brings: what `npm start` and a deployment use.
const require = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
export const { Miniflare, convertV4MiniflareOptions } = require("miniflare") as typeof import("miniflare");
const esbuild = require("esbuild") as {
  build(options: Record<string, unknown>): Promise<{ outputFiles: { text: string }[] }>;
};

/** So many that nobody is asked for twice by a cold reader: what the isolate remembers is no help. */
export const USERS = 8_000;
export const SOCKET = [{ host: "127.0.0.1", port: 0 }];
const DAY_MS = 24 * 3600 * 1000;

export interface Workers {
  readonly people: readonly Person[];
  readonly postern: Load;
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

/** Just what a deployment uploads: dist/worker, as `wrangler deploy --dry-run` wrote it. */
export function uploaded(
  folder = join(root, "dist", "worker"),
  entry = "index.js",
): V4WorkerOptions & { modules: object[] } {
  const type = (name: string) =>
    name.endsWith(".js") ? "ESModule" : name.endsWith(".wasm") ? "CompiledWasm" : "Text";
  const names = readdirSync(folder).filter((name) => /\.(js|wasm|css|svg)$/.test(name));
  names.sort((a, b) => Number(b === entry) - Number(a === entry));
  const modules = names.map((name) => ({
    type: type(name),
    path: join(folder, name),
    contents: name.endsWith(".wasm")
      ? new Uint8Array(readFileSync(join(folder, name)))
      : readFileSync(join(folder, name), "utf8"),
  }));
  return { modules, modulesRoot: folder } as V4WorkerOptions & { modules: object[] };
}

export async function startWorkers(): Promise<Workers> {
  const vars = freshVars(8787);
  const plainKey = randomBytes(32);
  const who = people(USERS);
  const expiresAt = Date.now() + DAY_MS;
  const settings = readWranglerSettings();
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
    ],
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  await miniflare.ready;
  const portOf = async (name: string) => Number((await miniflare.unsafeGetDirectURL(name)).port);
  const entries = [
    ...(await posternEntries(who, vars.MASTER_KEYS ?? "", expiresAt)),
    ...plainEntries(who, plainKey, expiresAt),
  ];
  await fill(await portOf("caller"), entries);
  const loads = {
    postern: new Load(await portOf("postern")),
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

/** The date and the flags that the deployed Worker runs with, for all of them. */
export function readWranglerSettings() {
  const text = readFileSync(join(root, "wrangler.jsonc"), "utf8");
  const date = /"compatibility_date": "([^"]+)"/.exec(text)?.[1];
  const flags = /"compatibility_flags": (\[[^\]]*\])/.exec(text)?.[1];
  if (date === undefined || flags === undefined) throw new Error("wrangler.jsonc has no date or no flags");
  return { compatibilityDate: date, compatibilityFlags: JSON.parse(flags) as string[] };
}

async function fill(port: number, entries: [string, string][]): Promise<void> {
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

export function workerdPid(): number | undefined {
  if (process.platform !== "linux") return undefined;
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const name of children) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(parent) === process.pid && stat.includes("(workerd)")) return Number(name);
    } catch {
      // ended while we looked
    }
  }
  return undefined;
}

/** User and system time. */
export function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}
