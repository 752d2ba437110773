/**
 * Builds the wasm and what is generated from it; run directly, also the Worker's bundle in dist/worker.
 *   --toolchain NAME  another compiler (docs/toolchains.md). Emscripten's module is built and checked, and not deployed.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bringEmscripten, emscriptenEnv } from "./emscripten.mjs";
import { generate } from "./generate.mjs";
import { at, fail, llvmVersion, ownNodeEnv, quietly, run, say } from "./lib.mjs";
import { readToolchain, refuseOthers, TOOLCHAINS, usualToolchain } from "./toolchains.mjs";

/** Ends the command where a toolchain that somebody brings is not where it should be. */
function checkToolchain(name) {
  if (name !== "wasi-sdk") return;
  const sdk = process.env.WASI_SDK_PATH;
  if (!sdk)
    fail(`build: the toolchain wasi-sdk is the one that WASI_SDK_PATH names, and it names none.
Set it to the folder of an unpacked wasi-sdk, the one with bin/clang++ and share/wasi-sysroot.`);
  const missing = ["bin/clang++", "bin/llvm-ar", "share/wasi-sysroot"].find(
    (part) => !existsSync(join(sdk, part)),
  );
  if (missing)
    fail(`build: WASI_SDK_PATH is ${sdk}, but there is no ${missing} in it.
Set it to the folder of an unpacked wasi-sdk, or unset it to build with Debian's packages.`);
}

/** What CMake must be told, and the environment that it runs in. */
function settingsOf(name) {
  if (name === "emscripten")
    return { variables: { POSTERN_EMSCRIPTEN: bringEmscripten() }, env: emscriptenEnv() };
  const env = ownNodeEnv({ WASI_SDK_PATH: "" });
  if (name === "debian")
    return { variables: { POSTERN_LLVM_VERSION: llvmVersion(), POSTERN_WASI_SDK: "" }, env };
  return { variables: { POSTERN_WASI_SDK: resolve(process.env.WASI_SDK_PATH) }, env };
}

/** CMake keeps the compiler that it first saw: with another one it must begin anew. */
function isOther(preset, variables) {
  const cache = at("build", preset, "CMakeCache.txt");
  if (!existsSync(cache)) return false;
  const text = readFileSync(cache, "utf8");
  return Object.entries(variables).some(
    ([name, value]) => (new RegExp(`^${name}:[A-Z]+=(.*)$`, "m").exec(text)?.[1] ?? "") !== value,
  );
}

export function buildWasm(name = usualToolchain()) {
  checkToolchain(name);
  const { preset, module } = TOOLCHAINS[name];
  const { variables, env } = settingsOf(name);
  const start = performance.now();
  const defines = Object.entries(variables).map(([variable, value]) => `-D${variable}=${value}`);
  const fresh = isOther(preset, variables) ? ["--fresh"] : [];
  quietly("cmake configure", "cmake", ["--preset", preset, ...defines, ...fresh], { env });
  quietly("wasm build", "cmake", ["--build", "--preset", preset], { env });
  if (name !== "emscripten") generate();
  say(`build: ${module} by ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
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
  const { name, rest } = readToolchain("build", process.argv.slice(2));
  refuseOthers("build", rest);
  checkToolchain(name);
  if (run(process.execPath, [at("scripts", "setup.mjs"), "--no-build"]) !== 0) process.exit(1);
  buildWasm(name);
  if (name !== "emscripten") buildUpload();
  else process.exit(run(process.execPath, [at("wasm", "check.mjs"), "--toolchain", name]));
}
