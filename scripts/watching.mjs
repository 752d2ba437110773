/** Tells of changed sources, some at a time: an editor writes in several steps, git many files at once. */
import { watch } from "node:fs";
import { at } from "./lib.mjs";

const QUIET_MS = 200;
/** Not what editors leave beside a file while they write it; nor, below, what builds generate. */
const SOURCES = /^[^.#][^#~]*\.(cpp|h|txt|cmake|ts|mjs|md|sql|css|svg)$/;

/** Calls back with paths from the root, one call after another: `changed` may take its time. */
export function watchSources(folders, changed) {
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
  for (const folder of folders)
    watch(at(folder), { recursive: true }, (_event, name) => {
      if (name === null || /(^|\/)generated\//.test(name) || !SOURCES.test(name.split("/").at(-1))) return;
      paths.add(`${folder}/${name}`);
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), QUIET_MS);
    });
}
