/** What the module may be: no imports, these exports, and small enough. A step of `npm test`. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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

const path = fileURLToPath(new URL("../dist/postern.wasm", import.meta.url));
const bytes = readFileSync(path);
const module = new WebAssembly.Module(bytes);
const faults = [];

for (const { module: from, name } of WebAssembly.Module.imports(module))
  faults.push(`imports ${from}.${name}: the host gives the core nothing`);

const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
for (const [name, kind] of exported)
  if (EXPORTS[name] !== kind) faults.push(`exports ${kind} ${name}, which docs/abi.md does not have`);
for (const name of Object.keys(EXPORTS)) if (!exported.has(name)) faults.push(`does not export ${name}`);

// gzip(1), not Node's zlib: that one is tuned for speed and packs a hundredth worse.
const packed = spawnSync("gzip", ["-9c", path], { maxBuffer: 1 << 24 }).stdout.length;
if (packed > LIMIT) faults.push(`is ${packed} bytes gzipped, ${packed - LIMIT} over the limit of ${LIMIT}`);

console.log(`postern.wasm: ${bytes.length} bytes, ${packed} gzip -9 (limit ${LIMIT})`);
for (const fault of faults) console.error(`postern.wasm ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
