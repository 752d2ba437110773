/**
 * `npm test`: brings what is needed, then runs every step in turn and stops at the first that fails.
 *   --only a,b   these steps alone
 *   --list       names the steps
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { at, fail, llvmVersion, ownNodeEnv, root, run, say } from "./lib.mjs";

/**
 * name, command for bash; `$LLVM` is the compiler's version. One that is "beside" runs on while the next ones do, behind
 * them in rank: many wait for servers and clocks most of their time.
 */
const STEPS = [
  ["biome", "biome check --error-on-warnings"],
  ["types: node", "tsc -p tsconfig.node.json"],
  ["clang-format", "git ls-files -z '*.cpp' '*.h' | xargs -0 clang-format-$LLVM --dry-run -Werror"],
  ["wasm", "node scripts/build.mjs"],
  ["wasm check", "node wasm/check.mjs"],
  ["generated", "git diff --exit-code -- docs/api.md"],
  // After the wasm: its build also generates the types that the Worker imports.
  ["types: worker", "tsc -p worker-shim/tsconfig.json"],
  ["types: worker tests", "tsc -p tests/worker/tsconfig.json"],
  ["types: benchmark", "tsc -p tests/bench/tsconfig.json"],
  ["native build, sanitized", "cmake --preset asan $CMAKE_LLVM && cmake --build --preset asan"],
  ["native tests, sanitized", "ctest --test-dir build/asan --output-on-failure"],
  [
    "clang-tidy",
    "git ls-files -z 'core/*.cpp' | xargs -0 -P 2 -n 4 nice -n 10 clang-tidy-$LLVM -p build/asan --quiet --warnings-as-errors='*'",
    "beside",
  ],
  ["fuzz smoke", "bash tests/fuzz/smoke.sh"],
  // After the native tests, whose transcripts it replays.
  ["flows in wasm", "node --test 'tests/flows/*.test.ts'"],
  // In full: npm run sim -- --seeds 1000000. A structure test reads the symbols of its library.
  [
    "simulator",
    "cmake --preset sim $CMAKE_LLVM && cmake --build --preset sim && " +
      "build/sim/tests/sim/sim --seeds 20000 --jobs 2 && build/sim/tests/sim/sim --killers",
  ],
  ["structure", "node --test 'tests/structure/*.test.ts'"],
  ["world", "node --test 'tests/world/**/*.test.ts'"],
  ["worker", "vitest run"],
  ["worker, from another one", "node --test 'tests/worker/node/*.test.ts'"],
  ["e2e", "node --test --test-concurrency=1 'tests/e2e/*.test.ts'"],
];

const STEP_MINUTES = 15;
const TAIL_LINES = 120;
const logs = at("build", "test-logs");
/** Each ends a step that runs. */
const running = new Set();
let stopped = false;

/** Runs one step with its output in a file; in a group of its own, so that a timeout or Ctrl-C ends all of it. */
function runStep(command, log, env) {
  return new Promise((resolve) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", command], { cwd: root, env, detached: true });
    const sink = createWriteStream(log);
    child.stdout.pipe(sink, { end: false });
    child.stderr.pipe(sink, { end: false });
    child.stdin.end();
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // it has ended
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end("SIGKILL");
    }, STEP_MINUTES * 60_000);
    const interrupted = () => {
      end("SIGTERM");
      process.exit(130);
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    const stop = () => end("SIGKILL");
    running.add(stop);
    child.on("close", (code) => {
      running.delete(stop);
      clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      end("SIGKILL"); // what a step left running
      if (late) sink.write(`\nstopped after ${STEP_MINUTES} minutes\n`);
      sink.end(() => resolve(late ? 124 : (code ?? 1)));
    });
  });
}

function tail(log) {
  return readFileSync(log, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}

function chosen() {
  const args = process.argv.slice(2);
  if (args.length === 0) return STEPS;
  if (args[0] === "--only" && args[1] !== undefined) {
    const names = args[1].split(",");
    const unknown = names.find((name) => !STEPS.some(([step]) => step === name));
    if (unknown !== undefined) fail(`test: no step is called ${unknown}`);
    return STEPS.filter(([name]) => names.includes(name));
  }
  return fail(`test: unknown option ${args[0]}`);
}

if (process.argv[2] === "--list") {
  for (const [name, command] of STEPS) say(`${name.padEnd(24)} ${command}`);
  process.exit(0);
}

const steps = chosen();
// The build is a step of its own, with its name in the report.
const ready = run(process.execPath, [at("scripts", "setup.mjs"), "--tests", "--no-build"]);
if (ready !== 0) process.exit(ready);
mkdirSync(logs, { recursive: true });
const llvm = llvmVersion();
const env = ownNodeEnv({
  LLVM: llvm,
  CMAKE_LLVM: `-DPOSTERN_LLVM_VERSION=${llvm}`,
  WRANGLER_SEND_METRICS: "false",
  FORCE_COLOR: "0",
});

let passed = 0;
let failed = 0;
const started = performance.now();

/** Runs a step and tells how it ended. */
async function tellStep([name, command]) {
  const start = performance.now();
  const log = `${logs}/${name.replace(/\W+/g, "-")}.log`;
  const code = await runStep(command, log, env);
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  if (stopped) {
    say(`  --    ${name} (${seconds}, not finished)`);
  } else if (code === 0) {
    passed += 1;
    say(`  ok    ${name} (${seconds})`);
  } else {
    failed += 1;
    say(`  FAIL  ${name} (${seconds}, exit ${code}): ${command}\n\n${tail(log)}\n`);
  }
}

const beside = [];
for (const step of steps) {
  if (step[2] === "beside") beside.push(tellStep(step));
  else await tellStep(step);
  if (failed > 0) break;
}
if (failed > 0) {
  stopped = true;
  for (const stop of running) stop();
}
await Promise.all(beside);
say(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
