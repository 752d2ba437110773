/** Postern just as a deployment uploads it, for a Miniflare of one's own. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { root } from "../../scripts/local-postern.ts";

/** The Miniflare and the esbuild that wrangler brings: what `npm start` and a deployment use. */
export const fromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
export const { Miniflare, convertV4MiniflareOptions } = fromWrangler(
  "miniflare",
) as typeof import("miniflare");

/** dist/worker, as `wrangler deploy --dry-run` wrote it; or what it wrote elsewhere. */
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

/** The date and the flags that the deployed Worker runs with. */
export function wranglerSettings() {
  const text = readFileSync(join(root, "wrangler.jsonc"), "utf8");
  const date = /"compatibility_date": "([^"]+)"/.exec(text)?.[1];
  const flags = /"compatibility_flags": (\[[^\]]*\])/.exec(text)?.[1];
  if (date === undefined || flags === undefined) throw new Error("wrangler.jsonc has no date or no flags");
  return { compatibilityDate: date, compatibilityFlags: JSON.parse(flags) as string[] };
}

/** The workerds that this process started; none where the system does not tell. */
export function workerdPids(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter(isOurWorkerd)
    .map(Number);
}

export const workerdPid = (): number | undefined => workerdPids()[0];

function isOurWorkerd(name: string): boolean {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(parent) === process.pid && stat.includes("(workerd)");
  } catch {
    // It ended while we looked.
    return false;
  }
}
