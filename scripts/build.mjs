/** Builds the wasm and what is generated from it; run directly, also the Worker's bundle in dist/worker. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { generate } from "./generate.mjs";
import { at, fail, llvmVersion, ownNodeEnv, root, run, say } from "./lib.mjs";

/** Quiet when it works: the output of a build matters only when it fails. */
function quietly(what, command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env: ownNodeEnv(),
    maxBuffer: 1 << 28,
  });
  if (status !== 0)
    fail(`${what} failed${error ? `: ${error.message}` : ""}\n${stdout ?? ""}${stderr ?? ""}`);
}

export function buildWasm() {
  const start = performance.now();
  quietly("cmake configure", "cmake", ["--preset", "wasi", `-DPOSTERN_LLVM_VERSION=${llvmVersion()}`]);
  quietly("wasm build", "cmake", ["--build", "--preset", "wasi"]);
  generate();
  say(`build: wasm (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

/** dist/worker: what a deployment uploads. */
export function buildUpload() {
  const wrangler = at("node_modules", "wrangler", "bin", "wrangler.js");
  // Names of modules carry a hash: what an earlier build left would be counted as well.
  rmSync(at("dist", "worker"), { recursive: true, force: true });
  const env = ownNodeEnv({ WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" });
  const args = [wrangler, "deploy", "--dry-run", "--outdir", "dist/worker"];
  if (run(at("node_modules", ".bin", "node"), args, { env }) !== 0) fail("build: the Worker's bundle failed");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  buildWasm();
  buildUpload();
}
