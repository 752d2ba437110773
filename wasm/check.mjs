/**
 * What the module may be: no imports, these exports, and small enough. A step of `npm test`.
 *   --toolchain NAME  the module of that one (docs/toolchains.md)
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { at, fail } from "../scripts/lib.mjs";
import { readToolchain, refuseOthers } from "../scripts/toolchains.mjs";

const LIMIT = 524_288; // 512 KiB, gzip -9 (docs/decisions/0002-wasm-size.md)
const EXPORTS = {
  memory: "memory",
  _initialize: "function",
  postern_allocate: "function",
  postern_start: "function",
  postern_resume: "function",
  postern_output: "function",
  postern_output_length: "function",
  postern_out_of_memory: "function",
  postern_manifest: "function",
  postern_manifest_length: "function",
};
/** Emscripten's linker always exports these; they give nothing that `memory` does not. */
const EMSCRIPTEN_EXPORTS = {
  __indirect_function_table: "table",
  _emscripten_stack_restore: "function",
  emscripten_stack_get_current: "function",
};

const toolchain = readToolchain("check", process.argv.slice(2));
refuseOthers("check", toolchain.rest);
const path = at(toolchain.module);
if (!existsSync(path))
  fail(`check: there is no ${toolchain.module}; npm run build -- --toolchain ${toolchain.name} makes it`);
const allowed = toolchain.name === "emscripten" ? { ...EXPORTS, ...EMSCRIPTEN_EXPORTS } : EXPORTS;
const bytes = readFileSync(path);
const module = new WebAssembly.Module(bytes);
const faults = [];

for (const { module: from, name } of WebAssembly.Module.imports(module))
  faults.push(`imports ${from}.${name}: the host gives the core nothing`);

const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
for (const [name, kind] of exported)
  if (allowed[name] !== kind) faults.push(`exports ${kind} ${name}, which docs/abi.md does not have`);
for (const name of Object.keys(EXPORTS)) if (!exported.has(name)) faults.push(`does not export ${name}`);

// gzip(1), not Node's zlib: that one is tuned for speed and packs a hundredth worse.
const packed = spawnSync("gzip", ["-9c", path], { maxBuffer: 1 << 24 }).stdout.length;
if (packed > LIMIT) faults.push(`is ${packed} bytes gzipped, ${packed - LIMIT} over the limit of ${LIMIT}`);

console.log(`${toolchain.module}: ${bytes.length} bytes, ${packed} gzip -9 (limit ${LIMIT})`);
for (const fault of faults) console.error(`${toolchain.module} ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
