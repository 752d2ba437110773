/**
 * `npm test`: brings what is needed, then runs every step in turn and stops at the first that fails.
 *   --only a,b   these steps alone
 *   --list       names the steps
 */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { at, fail, llvmVersion, ownNodeEnv, root, run, say } from "./lib.mjs";

/** name, command for bash, and the path without which the step has nothing to do. `$LLVM` is the compiler's version. */
const STEPS = [
  ["biome", "biome check --error-on-warnings", "biome.json"],
  ["types: node", "tsc -p tsconfig.node.json", "tsconfig.node.json"],
  [
    "clang-format",
    "git ls-files -z '*.cpp' '*.hpp' '*.h' | xargs -0 -r clang-format-$LLVM --dry-run -Werror",
    ".clang-format",
  ],
  ["native build", "cmake --preset native $CMAKE_LLVM && cmake --build --preset native", "CMakePresets.json"],
  ["native tests", "ctest --test-dir build/native --output-on-failure", "CMakePresets.json"],
  [
    "clang-tidy",
    "git ls-files -z 'core/*.cpp' 'wasm/*.cpp' | xargs -0 -r -P 2 -n 4 clang-tidy-$LLVM -p build/native --quiet --warnings-as-errors='*'",
    ".clang-tidy",
  ],
  ["asan build", "cmake --preset asan $CMAKE_LLVM && cmake --build --preset asan", "CMakePresets.json"],
  ["asan tests", "ctest --test-dir build/asan --output-on-failure", "CMakePresets.json"],
  ["fuzz build", "cmake --preset fuzz $CMAKE_LLVM && cmake --build --preset fuzz", "CMakePresets.json"],
  ["fuzz smoke", "tests/fuzz/smoke.sh 6", "tests/fuzz/smoke.sh"],
  ["wasm", "cmake --preset wasi $CMAKE_LLVM && cmake --build --preset wasi", "CMakePresets.json"],
  ["wasm check", "node wasm/check.mjs", "wasm/check.mjs"],
  // After the wasm: its build also generates the types that the Worker imports.
  ["types: worker", "tsc -p worker-shim/tsconfig.json", "worker-shim/tsconfig.json"],
  // After the native tests, whose transcripts it replays.
  ["flows in wasm", "node --test 'tests/flows/*.test.ts'", "tests/flows/wasm.test.ts"],
  ["structure", "node --test 'tests/structure/*.test.ts'", "tests/structure"],
  ["world", "node --test 'tests/world/*.test.ts'", "tests/world"],
  ["worker", "vitest run", "vitest.config.ts"],
  ["e2e", "node --test --test-concurrency=1 'tests/e2e/*.test.ts'", "tests/e2e"],
];

const STEP_MINUTES = 10;
const TAIL_LINES = 120;
const logs = at("build", "test-logs");

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
    child.on("close", (code) => {
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
  for (const [name, command] of STEPS) say(`${name.padEnd(14)} ${command}`);
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
for (const [name, command, needs] of steps) {
  if (!existsSync(at(needs))) {
    say(`  --    ${name} (no ${needs})`);
    continue;
  }
  const start = performance.now();
  const log = `${logs}/${name.replace(/\W+/g, "-")}.log`;
  const code = await runStep(command, log, env);
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  if (code === 0) {
    passed += 1;
    say(`  ok    ${name} (${seconds})`);
    continue;
  }
  failed += 1;
  say(`  FAIL  ${name} (${seconds}, exit ${code}): ${command}\n\n${tail(log)}\n`);
  break;
}
say(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
