/** The steps that several commands have in common. */

const step = (name, command, beside = undefined) => ({ name, command, beside });

export const STYLE = [
  step("biome", "biome check --error-on-warnings"),
  step(
    "clang-format",
    // New files too, and none that was deleted.
    "git ls-files -zco --exclude-standard '*.cpp' '*.h' | { xargs -0 ls 2>/dev/null || true; } | xargs clang-format-$LLVM --dry-run -Werror",
  ),
];

// Its build also generates the types that the Worker imports, and docs/api.md.
export const WASM = step("wasm", "node scripts/setup.mjs --tests");

export const WASM_CHECKS = [
  step("wasm check", "node wasm/check.mjs"),
  step(
    "generated",
    "git diff --exit-code -- docs/api.md || { echo 'docs/api.md follows the declarations: git add it'; exit 1; }",
  ),
];

export const TYPES = [
  step("types: node", "tsc -p tsconfig.node.json"),
  step("types: worker", "tsc -p worker-shim/tsconfig.json"),
  step("types: worker tests", "tsc -p tests/worker/tsconfig.json"),
  step("types: benchmark", "tsc -p tests/bench/tsconfig.json"),
];

/** The native tests' build without sanitizers. */
export const NATIVE_BUILD = step(
  "native build",
  "cmake --preset native $CMAKE_LLVM && cmake --build --preset native",
);

export const NATIVE_TESTS = step("native tests", "ctest --test-dir build/native --output-on-failure -j 2");

// Plays what the native tests wrote into build/transcripts.
export const TRACES = step("flows in wasm", "node --test 'tests/flows/*.test.ts'");
export const STRUCTURE = step("structure", "node --test 'tests/structure/*.test.ts'");
