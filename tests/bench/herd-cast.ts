/**
 * Who takes part: several front isolates and the one that has the connection objects, each a Worker of its own from
 * the same bundle, with the stores between them; as many fronts and an object that do nothing; and a Worker that is
 * bound to all of the fronts.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { V4MiniflareOptions } from "miniflare";
import { root } from "../../scripts/local-postern.ts";
import { uploaded, wranglerSettings } from "./deployed.ts";
import type { Contestant } from "./herd-calls.ts";
import { bundled, SOCKET } from "./workers.ts";

export const FRONTS = 4;
export const ORG = "herd";
export const AUTHORITY = "authority";
export const CALLER = "caller";
export const frontsOf = (contestant: Contestant): string[] =>
  Array.from({ length: FRONTS }, (_, n) => `${contestant}-${n}`);

/** The deployed bundle, and an entrypoint beside it that tells how many instances are in use. */
export function bundleWithFigures(): { folder: string; entry: string } {
  const folder = join(root, "build", "herd");
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "deploy", "tests/worker/node/worker.ts", "--dry-run", "--outdir", folder];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "1" };
  const done = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", env });
  if (done.status !== 0) throw new Error(`the bundle failed\n${done.stdout}${done.stderr}`);
  return { folder, entry: "worker.js" };
}

export interface CastOptions {
  /** Absent: what a deployment uploads, by itself. */
  readonly withFigures?: { readonly folder: string; readonly entry: string };
  /** Of V8's inspector; absent: there is none, which would cost time. */
  readonly inspectorPort?: number;
}

export async function cast(vars: Record<string, string>, options: CastOptions): Promise<V4MiniflareOptions> {
  const { withFigures, inspectorPort } = options;
  const settings = wranglerSettings();
  const script = async (name: string) => ({ ...settings, modules: true, script: await bundled(name) });
  const postern = {
    ...settings,
    ...uploaded(withFigures?.folder, withFigures?.entry),
    bindings: vars,
    kvNamespaces: { AZURE_TOKENS: "store" },
    d1Databases: { DB: "db" },
  };
  const connection = { className: "ConnectionObject", useSQLite: true };
  const plain = { ...(await script("herd-plain-worker.ts")), bindings: { ANSWER: plainAnswer() } };
  const object = { className: "PlainObject", useSQLite: true };
  return {
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
    workers: [
      {
        name: CALLER,
        ...(await script("herd-caller-worker.ts")),
        unsafeDirectSockets: SOCKET,
        serviceBindings: bindings(withFigures !== undefined),
      },
      ...frontsOf("postern").map((name) => ({
        name,
        ...postern,
        unsafeDirectSockets: SOCKET,
        durableObjects: { CONNECTION: { ...connection, scriptName: AUTHORITY } },
      })),
      { name: AUTHORITY, ...postern, durableObjects: { CONNECTION: connection } },
      ...frontsOf("plain").map((name) => ({
        name,
        ...plain,
        unsafeDirectSockets: SOCKET,
        durableObjects: { OBJECT: { ...object, scriptName: "plain-object" } },
      })),
      { name: "plain-object", ...plain, durableObjects: { OBJECT: object } },
    ],
  };
}

function bindings(withFigures: boolean) {
  const props = { org: ORG, permissions: ["*"] };
  const postern = frontsOf("postern").map((name) => [name, { name, entrypoint: "AzureService", props }]);
  const plain = frontsOf("plain").map((name) => [name, { name, entrypoint: "PlainService" }]);
  const figures = [...frontsOf("postern"), AUTHORITY].map((name) => [
    `figures ${name}`,
    { name, entrypoint: "Figures" },
  ]);
  return Object.fromEntries([...postern, ...plain, ...(withFigures ? figures : [])]);
}

/** As long as Postern's answer is. */
const plainAnswer = () =>
  JSON.stringify({
    access_token: "x".repeat(2_000),
    token_type: "Bearer",
    resource: "graph",
    expires_at: new Date().toISOString(),
    scope: "User.Read Mail.Read Calendars.Read profile openid email",
    version: 1,
  });
