/** Postern in `wrangler dev`: what `npm start` and the tests that need all of it have in common. */
import { type ChildProcess, spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "./children.ts";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
const READY_WITHIN_MS = 90_000;

/** Something that the user can act on: printed without a stack. */
export class Problem extends Error {}

export interface LocalPostern {
  readonly port: number;
  /** Where `wrangler.jsonc` is, when it is not ours. */
  readonly folder?: string;
  /** Where D1, KV and the objects are kept. */
  readonly state: string;
  /** Everything that wrangler and the Worker print. */
  readonly log: string;
  /** Wrangler's own debug logs. */
  readonly logs: string;
  /** Variables come from here; absent: from `.dev.vars`, as wrangler does by itself. */
  readonly envFile?: string;
}

/** Wrangler asks nobody on the network and nobody at the terminal. */
const environment = (of: LocalPostern) => ({
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_PATH: of.logs,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CI: "1",
  NO_COLOR: "1",
});

export function migrate(of: LocalPostern): void {
  const args = [wrangler, "d1", "migrations", "apply", "DB", "--local", "--persist-to", of.state];
  const done = spawnSync(process.execPath, args, {
    cwd: of.folder ?? root,
    env: environment(of),
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Problem(`D1 migrations failed.\n${done.stdout}${done.stderr}`);
}

export function startDev(of: LocalPostern): ChildProcess {
  const args = [
    wrangler,
    "dev",
    "--port",
    String(of.port),
    "--ip",
    "localhost",
    "--inspector-port",
    "0",
    "--persist-to",
    of.state,
    "--show-interactive-dev-session=false",
    ...(of.envFile === undefined ? [] : ["--env-file", of.envFile]),
  ];
  return startChild(process.execPath, args, {
    cwd: of.folder ?? root,
    env: environment(of),
    log: openSync(of.log, "w", 0o600),
  });
}

export function lastLines(file: string, count = 30): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}

export async function waitForHealth(of: LocalPostern, mount = ""): Promise<void> {
  const origin = `http://localhost:${of.port}${mount}`;
  const end = performance.now() + READY_WITHIN_MS;
  while (performance.now() < end) {
    try {
      if ((await fetch(`${origin}/health`, { signal: AbortSignal.timeout(5000) })).ok) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Problem(`Postern did not answer ${origin}/health.\n${lastLines(of.log)}`);
}

/** A call that has to work: GET, or POST where there is a body. */
export async function ask(url: string, bearer: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Problem(`${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Record<string, unknown>;
}
