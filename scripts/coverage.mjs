/** `npm run coverage`: which lines and branches the tests reach. Judges nothing. */
import { readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { at, root } from "./lib.mjs";
import { WASM } from "./step-list.mjs";
import { runSteps, stepOptions } from "./steps.mjs";

const HELP = `npm run coverage: lines and branches of core/ that the native tests reach, and of worker-shim/ that the worker suite
reaches; a table, and pages in build/coverage/core and build/coverage/worker. "core" or "worker" measures that alone.

  core | worker`;

const CORE = "build/coverage/core";
const WORKER = "build/coverage/worker";
const TESTS =
  "build/coverage/native/tests/core/core_tests -object build/coverage/native/tests/flows/flow_traces";
const COV = `llvm-cov-$LLVM`;

const core = [
  {
    name: "core build",
    command: "cmake --preset coverage $CMAKE_LLVM && cmake --build --preset coverage",
  },
  {
    name: "core tests",
    command: `rm -rf ${CORE} && mkdir -p ${CORE} && LLVM_PROFILE_FILE=$PWD/${CORE}/%p.profraw ctest --test-dir build/coverage/native --output-on-failure -j 2`,
  },
  {
    name: "core pages",
    command:
      `llvm-profdata-$LLVM merge -sparse ${CORE}/*.profraw -o ${CORE}/tests.profdata && rm ${CORE}/*.profraw && ` +
      `${COV} export -summary-only -instr-profile=${CORE}/tests.profdata ${TESTS} $PWD/core > ${CORE}/summary.json && ` +
      `${COV} show -format=html -show-branches=count -output-dir=${CORE} -instr-profile=${CORE}/tests.profdata ${TESTS} $PWD/core`,
  },
];

const worker = [
  WASM,
  {
    name: "worker suite",
    command: `vitest run --coverage.enabled --coverage.provider=istanbul --coverage.include='worker-shim/src/**/*.ts' --coverage.reporter=html --coverage.reporter=json-summary --coverage.reportsDirectory=${WORKER}`,
  },
];

const share = ({ covered, count }) => (count === 0 ? "" : `${((100 * covered) / count).toFixed(1)} %`);
const column = (counts) => `${`${counts.covered}/${counts.count}`.padStart(12)}${share(counts).padStart(8)}`;
const row = (name, { lines, branches }) => `  ${name.padEnd(28)}${column(lines)}${column(branches)}`;
const none = () => ({ lines: { covered: 0, count: 0 }, branches: { covered: 0, count: 0 } });

function add(sum, one) {
  for (const kind of ["lines", "branches"])
    for (const what of ["covered", "count"]) sum[kind][what] += one[kind][what];
  return sum;
}

function table(title, rows) {
  const head = `${title.padEnd(30)}${"lines".padStart(20)}${"branches".padStart(20)}`;
  const all = rows.reduce((sum, [, counts]) => add(sum, counts), none());
  return [head, ...rows.map(([name, counts]) => row(name, counts)), row("all of it", all)].join("\n");
}

/** Of each folder of the core. */
function coreTable() {
  const { data } = JSON.parse(readFileSync(at(CORE, "summary.json"), "utf8"));
  const folders = new Map();
  for (const { filename, summary } of data[0].files) {
    const folder = relative(root, filename).split("/").slice(0, -1).join("/");
    folders.set(folder, add(folders.get(folder) ?? none(), summary));
  }
  const rows = [...folders].sort(([a], [b]) => a.localeCompare(b));
  return `${table("core, by the native tests", rows)}\n${CORE}/index.html has every line`;
}

/** Of each file of the Worker. */
function workerTable() {
  const { total: _, ...files } = JSON.parse(readFileSync(at(WORKER, "coverage-summary.json"), "utf8"));
  const counts = ({ covered, total }) => ({ covered, count: total });
  const rows = Object.entries(files).map(([file, { lines, branches }]) => [
    basename(file),
    { lines: counts(lines), branches: counts(branches) },
  ]);
  return `${table("worker-shim, by the worker suite", rows)}\n${WORKER}/index.html has every line`;
}

const PARTS = { core: { steps: core, table: coreTable }, worker: { steps: worker, table: workerTable } };

const given = stepOptions("coverage", HELP, { coverage: { type: "boolean" } }, Object.keys(PARTS));
const chosen = Object.keys(PARTS).filter((name) => given.words.length === 0 || given.words.includes(name));
const summary = () => (given.only === undefined ? tables() : "");
const tables = () => `\n${chosen.map((name) => PARTS[name].table()).join("\n\n")}\n`;
await runSteps(
  "coverage",
  chosen.flatMap((name) => PARTS[name].steps),
  given,
  summary,
);
