/** `npm run watch`: tests what has changed, as often as it changes. */
import { existsSync } from "node:fs";
import { isTest, runAlone } from "./alone.mjs";
import { at, options, say } from "./lib.mjs";
import { NATIVE_BUILD, NATIVE_TESTS, STRUCTURE, TRACES, TYPES, WASM, WASM_CHECKS } from "./step-list.mjs";
import { endWithUs, logFolder, setup, stepEnvironment, tellStep } from "./steps.mjs";
import { watchSources } from "./watching.mjs";

const HELP = `npm run watch: waits for changes of sources, then runs the tests that they concern, until Ctrl-C

  C++, golden traces    the native tests; of wasm/ the golden traces in WebAssembly
  TypeScript            types and structure, and the tests that changed
  FILE…                 instead, at every change: the tests of these files (as npm test -- FILE…)`;

const FOLDERS = ["core", "worker-shim", "wasm", "scripts", "tests"];
const isNative = (path) => /\.(cpp|h|md|cmake|txt)$/.test(path);
const isScript = (path) => /\.(ts|mjs|sql|css|svg)$/.test(path);

const { words } = options("watch", HELP, { watch: { type: "boolean" } }, isTest);

setup();
endWithUs();
const folder = logFolder("watch");
const env = stepEnvironment();

async function passes(steps) {
  for (const step of steps) if ((await tellStep(step, folder, env)) !== true) return;
}

async function concerned(paths) {
  if (words.length > 0) return runAlone(words);
  if (paths.some(isNative)) await passes([NATIVE_BUILD, NATIVE_TESTS]);
  if (paths.some((path) => path.startsWith("wasm/"))) await passes([WASM, ...WASM_CHECKS, TRACES]);
  if (paths.some(isScript)) await passes([WASM, ...TYPES, NATIVE_BUILD, STRUCTURE]);
  const tests = paths.filter((path) => /\.test\.ts$/.test(path) && isTest(path) && existsSync(at(path)));
  if (tests.length > 0) await runAlone(tests);
}

const told = (paths) =>
  paths.length > 3 ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more` : paths.join(", ");

async function changed(paths) {
  say(`\n${told(paths)}`);
  await concerned(paths);
  say("Waiting for changes; Ctrl-C ends.");
}

await watchSources(FOLDERS, changed);
if (words.length > 0) await changed(words);
else say(`Waiting for changes in ${FOLDERS.join(", ")}; Ctrl-C ends.`);
