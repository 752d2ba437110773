/** Tells of changed sources, some at a time: an editor writes in several steps, git many files at once. */
import { root as project } from "./lib.mjs";

const QUIET_MS = 200;
/** Not what editors leave beside a file while they write it; nor, below, what builds generate. */
const SOURCES = /^[^.#][^#~]*\.(cpp|h|txt|cmake|ts|mjs|md|sql|css|svg)$/;

/**
 * Calls back with paths from the root, one call after another: `changed` may take its time. Answers what ends it.
 * chokidar, because `fs.watch` of Node loses sight of a file on Linux once another was renamed over it, as editors and git do.
 */
export async function watchSources(folders, changed, root = project) {
  const paths = new Set();
  let timer;
  let busy = false;
  const flush = async () => {
    if (busy || paths.size === 0) return;
    busy = true;
    const batch = [...paths].sort();
    paths.clear();
    await changed(batch);
    busy = false;
    await flush();
  };
  const { watch } = await import("chokidar"); // not before a first setup has installed it
  const watcher = watch(folders, { cwd: root, ignoreInitial: true });
  watcher.on("all", (_event, path) => {
    if (/(^|\/)generated\//.test(path) || !SOURCES.test(path.split("/").at(-1))) return;
    paths.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), QUIET_MS);
  });
  await new Promise((resolve) => watcher.once("ready", resolve));
  return () => watcher.close();
}
