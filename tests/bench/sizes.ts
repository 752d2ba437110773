/** What is uploaded, as it is and gzipped. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/local-postern.ts";

export interface Size {
  readonly raw: number;
  readonly gzip: number;
}

// gzip(1), as wasm/check.mjs counts: Node's zlib packs a hundredth worse.
const sizeOf = (bytes: Buffer): Size => ({
  raw: bytes.length,
  gzip: spawnSync("gzip", ["-9c"], { input: bytes, maxBuffer: 1 << 24 }).stdout.length,
});

export function wasm(): Size & { imports: number } {
  const bytes = readFileSync(join(root, "dist", "postern.wasm"));
  return { ...sizeOf(bytes), imports: WebAssembly.Module.imports(new WebAssembly.Module(bytes)).length };
}

export function upload(): Size {
  const folder = join(root, "dist", "worker");
  const names = readdirSync(folder).filter((name) => !/\.map$|^README/.test(name));
  const sizes = names.map((name) => sizeOf(readFileSync(join(folder, name))));
  return {
    raw: sizes.reduce((sum, size) => sum + size.raw, 0),
    gzip: sizes.reduce((sum, size) => sum + size.gzip, 0),
  };
}
