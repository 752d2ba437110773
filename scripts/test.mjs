/** `npm test`: brings what is needed, then runs every step. */
import { isTest, runAlone } from "./alone.mjs";
import { fail } from "./lib.mjs";
import { STRUCTURE, STYLE, TRACES, TYPES, WASM_CHECKS } from "./step-list.mjs";
import { endWithUs, runSteps, setup, stepOptions } from "./steps.mjs";

const HELP = `npm test: everything, step by step; stops at the first that fails

  FILE…        the tests of these files alone: tests/**/*.test.ts, tests/core/**/*_test.cpp
  --watch      as npm run watch
  --coverage   as npm run coverage`;

/** What needs nothing but a processor: the steps that wait for servers and clocks leave it one, and go before it. */
const besideWaiting = (name, command) => ({
  name,
  // Each step is a session of its own, between which Linux shares by their autogroups and not by nice (sched(7)).
  command: `{ echo 10 > /proc/self/autogroup; } 2> /dev/null || true; ${command.replaceAll(/(^|&& |xargs -0 -P 2 -n 4 )/g, "$1nice -n 10 ")}`,
  beside: "niced",
});

/** Servers of their own: these wait beside the Worker's tests. */
const beside = (name, command) => ({ name, command, beside: "servers" });

const STEPS = [
  ...STYLE,
  { name: "wasm", command: "node scripts/build.mjs" },
  ...WASM_CHECKS,
  ...TYPES,
  { name: "sanitized build", command: "cmake --preset asan $CMAKE_LLVM && cmake --build --preset asan" },
  { name: "sanitized tests", command: "ctest --test-dir build/asan --output-on-failure" },
  { name: "fuzz smoke", command: "bash tests/fuzz/smoke.sh" },
  // After the native tests, whose transcripts it plays.
  TRACES,
  // Reads the symbols of the libraries that were built.
  STRUCTURE,
  besideWaiting("simulator build", "cmake --preset sim $CMAKE_LLVM && cmake --build --preset sim"),
  // In full: npm run sim -- --seeds 1000000.
  besideWaiting(
    "simulator",
    "build/sim/tests/sim/sim --seeds 20000 --jobs 2 && build/sim/tests/sim/sim --killers",
  ),
  besideWaiting(
    "clang-tidy",
    "git ls-files -z 'core/*.cpp' | xargs -0 -P 2 -n 4 clang-tidy-$LLVM -p build/asan --quiet --checks='-clang-analyzer-*' --warnings-as-errors='*'",
  ),
  beside("world", "node --test 'tests/world/**/*.test.ts'"),
  beside("worker from another one", "node --test 'tests/worker/node/**/*.test.ts'"),
  // With what the step wasm left in dist/worker.
  beside("sdk", "node --test --test-concurrency=2 'tests/sdk/**/*.test.ts'"),
  { name: "worker", command: "vitest run" },
  { name: "e2e", command: "node --test --test-concurrency=1 'tests/e2e/**/*.test.ts'" },
];

const given = stepOptions(
  "test",
  HELP,
  { watch: { type: "boolean" }, coverage: { type: "boolean" } },
  isTest,
);
if (given.words.length > 0 && (given.only !== undefined || given.list || given.coverage))
  fail("test: FILE goes with --watch alone; --only, --list and --coverage are about the steps");
if (given.watch) await import("./watch.mjs");
else if (given.words.length > 0) {
  setup();
  endWithUs();
  process.exitCode = await runAlone(given.words);
} else if (given.coverage) await import("./coverage.mjs");
else await runSteps("test", STEPS, given);
