/** Writes what comes from the operations' declarations and from wrangler.jsonc: TypeScript for the Worker, docs/api.md for people. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { apiDocument } from "./api-document.mjs";
import { at, fail, ownNodeEnv, root } from "./lib.mjs";
import { rpcModule } from "./rpc-module.mjs";

export function readManifest() {
  const module = new WebAssembly.Module(readFileSync(at("dist", "postern.wasm")));
  const { exports } = new WebAssembly.Instance(module, {});
  exports._initialize();
  const pointer = exports.postern_manifest();
  const bytes = new Uint8Array(exports.memory.buffer, pointer, exports.postern_manifest_length());
  return JSON.parse(new TextDecoder().decode(bytes));
}

const NOTICE = "// Generated from core/flow/*/operations.h; not to be edited.\n";

/** Which of the two holds content that the host streams. */
const contentOf = ({ streams, result }) => (!streams ? "" : result === "Response" ? "answer" : "request");

export function manifestModule(manifest) {
  const operations = manifest.operations.map(({ parameters, summary, result, call, streams, ...used }) => ({
    ...used,
    streams: contentOf({ streams, result }),
  }));
  return `${NOTICE}
export interface OperationInfo {
  readonly name: string;
  readonly rpc: string;
  readonly rpc_alias: string;
  readonly method: string;
  readonly path: string;
  readonly alias: string;
  readonly access: "open" | "key" | "admin" | "browser" | "authority";
  readonly permission: string;
  readonly entropy_bytes: number;
  readonly coalesced: boolean;
  readonly aside: boolean;
  readonly forwards: boolean;
  /** Which of the two holds content that is passed on as it comes. */
  readonly streams: "" | "answer" | "request";
  readonly rpc_result: string;
}

export const manifest = {
  version: ${JSON.stringify(manifest.version)},
  environment: ${JSON.stringify(manifest.environment.map(({ name, authority_only }) => ({ name, authority_only })))},
  operations: ${JSON.stringify(operations)} satisfies readonly OperationInfo[] as readonly OperationInfo[],
  problems: ${JSON.stringify(manifest.problems.map(({ code, status, title }) => ({ code, status, title })))} as const,
} as const;
`;
}

/** The types of what wrangler.jsonc binds and of the files that it lets the Worker import, as wrangler sees them. */
function generateBindings() {
  const file = "worker-shim/src/generated/bindings.gen.d.ts";
  const sources = ["wrangler.jsonc", "package-lock.json"].map((name) => statSync(at(name)).mtimeMs);
  if (existsSync(at(file)) && statSync(at(file)).mtimeMs > Math.max(...sources)) return;
  const wrangler = at("node_modules", "wrangler", "bin", "wrangler.js");
  // No .dev.vars: what one machine has in it is no part of the Worker. Node's own types come from workers-types.
  const args = [
    "types",
    file,
    "--include-runtime=false",
    "--env-interface=ConfiguredBindings",
    "--env-file=/dev/null",
  ];
  const { status, stdout, stderr } = spawnSync(at("node_modules", ".bin", "node"), [wrangler, ...args], {
    cwd: root,
    encoding: "utf8",
    env: ownNodeEnv({ WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "1" }),
  });
  if (status !== 0) fail(`wrangler types failed\n${stdout}${stderr}`);
}

/** What is the same stays untouched: `wrangler dev` and people's watchers look at the time of a file. */
function writeChanged(text, ...path) {
  if (!existsSync(at(...path)) || readFileSync(at(...path), "utf8") !== text)
    writeFileSync(at(...path), text);
}

export function generate() {
  const manifest = readManifest();
  mkdirSync(at("worker-shim", "src", "generated"), { recursive: true });
  generateBindings();
  writeChanged(manifestModule(manifest), "worker-shim", "src", "generated", "manifest.gen.ts");
  writeChanged(NOTICE + rpcModule(manifest), "worker-shim", "src", "generated", "rpc.gen.ts");
  writeChanged(apiDocument(manifest), "docs", "api.md");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) generate();
