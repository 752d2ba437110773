/** `npm test`: brings what is needed, then runs every step. */
import { isTest, runAlone } from "./alone.mjs";
import { STRUCTURE, STYLE, TRACES, TYPES, WASM_CHECKS } from "./step-list.mjs";
import { endWithUs, runSteps, setup, stepOptions } from "./steps.mjs";

const HELP = `npm test: everything, step by step; stops at the first that fails

  FILE…        the tests of these files alone: tests/**/*.test.ts, tests/core/**/*_test.cpp
  --watch      as npm run watch
  --coverage   as npm run coverage`;

/**
 * Suites that wait for servers and clocks most of their time run beside the compilers, which give way to them (nice).
 * clang-tidy fills what is left.
 */
const STEPS = [
  ...STYLE,
  { name: "wasm", command: "node scripts/build.mjs" },
  ...WASM_CHECKS,
  ...TYPES,
  { name: "world", command: "node --test 'tests/world/**/*.test.ts'", beside: "servers" },
  { name: "worker", command: "vitest run", beside: "servers" },
  {
    name: "worker from another one",
    command: "node --test 'tests/worker/node/**/*.test.ts'",
    beside: "servers",
  },
  { name: "e2e", command: "node --test --test-concurrency=1 'tests/e2e/**/*.test.ts'", beside: "servers" },
  {
    name: "sanitized build",
    command: "cmake --preset asan $CMAKE_LLVM && nice -n 10 cmake --build --preset asan",
  },
  { name: "sanitized tests", command: "nice -n 5 ctest --test-dir build/asan --output-on-failure" },
  {
    name: "clang-tidy",
    command:
      "git ls-files -z 'core/*.cpp' | xargs -0 -P 2 -n 4 nice -n 15 clang-tidy-$LLVM -p build/asan --quiet --warnings-as-errors='*'",
    beside: "clang-tidy",
  },
  // After the native tests, whose transcripts it plays.
  TRACES,
  // In full: npm run sim -- --seeds 1000000.
  {
    name: "simulator build",
    command: "cmake --preset sim $CMAKE_LLVM && nice -n 10 cmake --build --preset sim",
  },
  {
    name: "simulator",
    command: "nice -n 5 build/sim/tests/sim/sim --seeds 20000 --jobs 2 && build/sim/tests/sim/sim --killers",
  },
  // Reads the symbols of the libraries that were built.
  STRUCTURE,
  { name: "fuzz smoke", command: "bash tests/fuzz/smoke.sh" },
];

const given = stepOptions(
  "test",
  HELP,
  { watch: { type: "boolean" }, coverage: { type: "boolean" } },
  isTest,
);
if (given.words.length > 0) {
  setup();
  endWithUs();
  process.exitCode = await runAlone(given.words);
} else if (given.watch) await import("./watch.mjs");
else if (given.coverage) await import("./coverage.mjs");
else await runSteps("test", STEPS, given);
