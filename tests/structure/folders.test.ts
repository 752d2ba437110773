/** Which folders there are, as docs/architecture.md says, and how large one may become. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, read } from "./files.ts";

const MOST_SOURCES = 15;

/** The folders that the tables of docs/architecture.md name. */
const named = [...read("docs/architecture.md").matchAll(/^\| `([\w/-]+)` \|/gm)].map(
  ([, path]) => path ?? "",
);
const everything = files(/./, "core", "wasm", "worker-shim", "tests")
  .map(({ path }) => path)
  .filter((path) => !/^tests\/[^/]+$/.test(path));

/** Of each of these paths so many folders of it; what lies in `core/flow` is told one by one. */
function foldersOf(paths: string[]): string[] {
  const folders = paths.map((path) => {
    const parts = path.split("/").slice(0, -1);
    if (parts[0] === "wasm" || parts[0] === "worker-shim") return parts[0];
    return parts.slice(0, parts[1] === "flow" && parts[0] === "core" ? 3 : 2).join("/");
  });
  return [...new Set(folders)].sort();
}

test("the folders are those that docs/architecture.md names", () => {
  assert.ok(named.length > 20);
  assert.deepEqual(foldersOf(everything), [...named].sort());
});

/** What tests of flows and of the Worker have besides: what they stand on, the shim's own, and those outside workerd. */
const OF_THEIR_OWN = [
  "tests/flows/host",
  "tests/worker/support",
  "tests/worker/shim",
  "tests/worker/node",
  "tests/worker/recorder",
];

test("tests lie in folders of the same names as what they test", () => {
  const core = new Set(everything.filter((path) => path.startsWith("core/")).map(parentOf));
  const wrong = everything
    .filter((path) => /^tests\/(core|flows|worker)\/.*\//.test(path))
    .map(parentOf)
    .filter((folder) => !OF_THEIR_OWN.includes(folder))
    .filter((folder) => {
      const tested = folder.replace(/^tests\/core/, "core").replace(/^tests\/(flows|worker)/, "core/flow");
      return !core.has(tested);
    });
  assert.deepEqual([...new Set(wrong)], []);
});

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

test(`no folder of core/flow has more than ${MOST_SOURCES} sources`, () => {
  const counts = new Map<string, number>();
  for (const path of everything.filter((file) => /^core\/flow\/.*\.cpp$/.test(file)))
    counts.set(parentOf(path), (counts.get(parentOf(path)) ?? 0) + 1);
  assert.ok(counts.size > 10);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > MOST_SOURCES),
    [],
  );
});
